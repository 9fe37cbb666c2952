//! Builds again when a migration is added, which `sqlx::migrate!` cannot see by itself.

fn main() {
    println!("cargo::rerun-if-changed=../migrations");
}
