//! The children of a process and theirs, as `/proc` tells.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

/// A process, told apart from a later one of the same number by the moment of its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    parent: u32,
    started: u64,
    pub(crate) name: String,
}

/// All processes below `root`.
pub(crate) fn of(root: u32) -> anyhow::Result<Vec<Process>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        if let Ok(pid) = entry?.file_name().to_string_lossy().parse() {
            // It may end while we look.
            all.extend(running(pid));
        }
    }
    let mut family = BTreeSet::from([root]);
    let mut found = Vec::new();
    while let Some(at) = all.iter().position(|it| family.contains(&it.parent)) {
        let process = all.swap_remove(at);
        family.insert(process.pid);
        found.push(process);
    }
    Ok(found)
}

/// What runs under this number; a process that has ended and whom nobody has asked about doesn't.
fn running(pid: u32) -> Option<Process> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything, brackets too.
    let (before, after) = text.rsplit_once(')')?;
    let mut fields = after.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    // proc_pid_stat(5): the start is the 22nd field; the state was the third.
    let started = fields.nth(17)?.parse().ok()?;
    let name = before.split_once('(')?.1.to_owned();
    (state != "Z").then_some(Process {
        pid,
        parent,
        started,
        name,
    })
}

/// Waits until none of them is left; fails with those that are.
pub(crate) async fn are_gone(them: &[Process], patience: Duration) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let is_left = |it: &&Process| running(it.pid).is_some_and(|now| now.started == it.started);
        let left: Vec<_> = them.iter().filter(is_left).collect();
        if left.is_empty() {
            return Ok(());
        }
        ensure!(
            began.elapsed() < patience,
            "still running after {patience:?}: {left:?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The servers of a whole system, which has one of each.
pub(crate) fn servers_of(root: u32) -> anyhow::Result<Vec<Process>> {
    let all = of(root)?;
    for name in ["nats-server", "postgres", "weed"] {
        all.iter()
            .find(|it| it.name == name)
            .with_context(|| format!("no {name} among {all:?}"))?;
    }
    Ok(all)
}
