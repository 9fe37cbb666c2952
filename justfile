# The commands of everyday work; `just` lists them. CONTRIBUTING.md says when to use which.

[private]
default:
    @just --list --unsorted

# Runs everything on http://localhost:8080, with servers of its own.
run *arguments:
    cargo run -- {{ arguments }}

# Runs all tests, with servers of their own.
test *arguments:
    cargo test --workspace {{ arguments }}

# Formats the code.
format:
    cargo fmt --all

# Checks the form, the lints, and what the code depends on.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo deny --log-level error check licenses bans sources

# Builds the reference of all crates.
docs *arguments:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked {{ arguments }}

# Writes .sqlx/ anew, after a query or a migration was changed.
prepare:
    scripts/with-database.sh cargo sqlx prepare --workspace -- --workspace --all-targets

# Writes the samples of events that have none yet, and the page of who may do what.
bless:
    MILLRACE_BLESS=1 cargo test -p events --test golden
    MILLRACE_BLESS=1 cargo test -p tests --test it tidy::access

# Holds what runs against its OpenAPI documents.
description:
    scripts/schemathesis.sh

# Measures the redirect against one that stores nothing.
bench *arguments="redirect":
    cargo run --release -p bench -- {{ arguments }}

# Everything that CI checks.
ci:
    bash .ci/run
