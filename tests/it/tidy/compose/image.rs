//! The image that all processes are started from.

use anyhow::{Context, bail, ensure};

use super::PROCESSES;
use crate::tidy::tree::file;

/// The image is pinned, made with the Rust that is asked for, runs unprivileged, and starts the binary.
fn check_dockerfile(dockerfile: &str, rust: &str) -> anyhow::Result<()> {
    let stages: Vec<_> = dockerfile.split("\nFROM ").skip(1).collect();
    let last = stages.last().context("no stage")?;
    let [build, run] = stages.as_slice() else {
        bail!("{} stages", stages.len())
    };
    ensure!(
        build.starts_with(&format!("rust:{rust}-")),
        "built with {build:.20}"
    );
    ensure!(build.contains("--locked"), "built with whatever is newest");
    let base = run.lines().next().unwrap_or_default();
    ensure!(
        base.contains(':') && !base.contains("latest"),
        "{base} is not pinned"
    );
    let user = last.lines().find_map(|line| line.strip_prefix("USER "));
    let id: u32 = user
        .and_then(|it| it.split(':').next())
        .context("no USER")?
        .parse()?;
    ensure!(id != 0, "runs as root");
    let owned = format!("--owner={id} --group={id} /data\n");
    ensure!(last.contains(&owned), "may not write where clicks wait");
    ensure!(
        last.contains("ENTRYPOINT [\"millrace\"]"),
        "starts something else"
    );
    for (_, port, _, _) in PROCESSES {
        let exposed = last.lines().find_map(|line| line.strip_prefix("EXPOSE "));
        let mut ports = exposed.unwrap_or_default().split(' ');
        ensure!(
            ports.any(|it| it == port.to_string()),
            "{port} is not exposed"
        );
    }
    Ok(())
}

#[test]
fn the_image_is_pinned_and_runs_unprivileged() -> anyhow::Result<()> {
    let workspace: toml::Table = file("Cargo.toml")?.text.parse()?;
    let rust = workspace.get("workspace").and_then(|it| it.get("package"));
    let rust = rust
        .and_then(|it| it.get("rust-version"))
        .and_then(toml::Value::as_str);
    let rust = rust.context("no rust-version")?;
    let good = file("Dockerfile")?.text;
    check_dockerfile(&good, rust)?;
    for (from, to) in [
        ("USER 65532:65532", "USER 0"),
        ("USER 65532:65532", ""),
        ("--owner=65532", "--owner=0"),
        ("FROM rust:", "FROM rust:0."),
        ("FROM debian:bookworm-slim", "FROM debian"),
        ("EXPOSE 8081", "EXPOSE 8080"),
        ("ENTRYPOINT [\"millrace\"]", ""),
    ] {
        let bad = good.replace(from, to);
        ensure!(
            bad != good && check_dockerfile(&bad, rust).is_err(),
            "{to} passes"
        );
    }
    Ok(())
}
