//! The one thread that starts children.
//! A child asks the kernel to be killed when its parent ends, and to the kernel the parent is the *thread* that
//! started it, so that thread must live as long as the process.

use std::{
    io,
    process::{Child, Command},
    sync::{OnceLock, mpsc},
    thread,
};

use tokio::sync::oneshot;

struct Job {
    command: Command,
    answer: oneshot::Sender<io::Result<Child>>,
}

static SPAWNER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();

/// Starts `command` from the thread that lives as long as the process.
pub(super) async fn spawn(command: Command) -> io::Result<Child> {
    let (answer, started) = oneshot::channel();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        // If the thread cannot start, `jobs` is dropped with it and every later send says so.
        thread::Builder::new()
            .name("servers-spawner".to_owned())
            .spawn(move || work(&jobs))
            .ok();
        sender
    });
    let gone = || io::Error::other("the thread that starts servers could not be started");
    spawner.send(Job { command, answer }).map_err(|_| gone())?;
    started.await.map_err(|_| gone())?
}

fn work(jobs: &mpsc::Receiver<Job>) {
    for mut job in jobs {
        // Whoever asked may have gone meanwhile: then nobody else would ever end this child.
        if let Err(Ok(mut child)) = job.answer.send(job.command.spawn()) {
            child.kill().and_then(|()| child.wait()).ok();
        }
    }
}
