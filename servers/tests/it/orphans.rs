//! No server outlives its parent, however the parent ends.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use servers::testing;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// The `hold` example, which cargo builds beside the tests.
fn example() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let profile = test
        .parent()
        .and_then(Path::parent)
        .context("no target folder")?;
    Ok(profile.join("examples/hold"))
}

/// Starts a process that holds three servers; returns it with the ids of theirs.
async fn hold(folder: &Path) -> anyhow::Result<(Child, Vec<u32>)> {
    testing::tools().await;
    let mut holder = Command::new(example()?)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(holder.stdout.take().context("stdout")?).lines();
    let mut pids = Vec::new();
    while let Some(line) = lines.next_line().await? {
        if line.starts_with("ready") {
            break;
        }
        pids.push(line.split_once(' ').context("no pid")?.0.parse()?);
    }
    ensure!(pids.len() == 3, "{pids:?}");
    Ok((holder, pids))
}

/// Waits until none of the processes is left; fails with those that are.
async fn are_gone(pids: &[u32]) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let left: Vec<_> = pids.iter().filter(|pid| is_running(**pid)).collect();
        if left.is_empty() {
            return Ok(());
        }
        ensure!(
            began.elapsed() < Duration::from_secs(10),
            "still running: {left:?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether a process runs; one that has ended and whom nobody has asked about doesn't.
fn is_running(pid: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat"));
    state.is_ok_and(|text| !text.contains(") Z "))
}

/// The processes whose working folder lies below `folder`: the servers' own children too.
fn processes_in(folder: &Path) -> anyhow::Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Ok(pid) = entry.file_name().to_string_lossy().parse() else {
            continue;
        };
        if fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder)) {
            found.push(pid);
        }
    }
    Ok(found)
}

#[tokio::test]
async fn killing_the_parent_ends_its_servers_and_their_children_and_frees_the_data()
-> anyhow::Result<()> {
    let scratch = testing::scratch();
    let (mut holder, pids) = hold(scratch.path()).await?;
    let all = processes_in(scratch.path())?;
    ensure!(
        pids.iter().all(|pid| all.contains(pid)) && all.len() > pids.len(),
        "{all:?}"
    );
    holder.kill().await?;
    are_gone(&all).await?;
    let (second, again) = hold(scratch.path()).await?;
    end(second).await?;
    are_gone(&again).await
}

/// Ends the holder as its user would.
async fn end(mut holder: Child) -> anyhow::Result<()> {
    drop(holder.stdin.take());
    let status = tokio::time::timeout(Duration::from_secs(15), holder.wait()).await??;
    ensure!(status.success(), "{status}");
    Ok(())
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept_by_the_next() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    let root = scratch.path().join("root");
    let kept = servers::Scratch::below(&root)?;
    fs::create_dir(root.join("1-dead"))?;
    fs::write(root.join("1-dead.lock"), "")?;
    let next = servers::Scratch::below(&root)?;
    ensure!(kept.path().is_dir() && next.path().is_dir() && !root.join("1-dead").exists());
    let gone = kept.path().to_owned();
    drop(kept);
    ensure!(!gone.exists());
    Ok(())
}
