//! One running child: signals that cannot hit a stranger, and an end that anyone may wait for.

use std::{
    fmt, io,
    os::unix::process::ExitStatusExt as _,
    process::{self, ExitStatus},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::{sync::watch, time::timeout};

/// How long a killed process may take to be gone; the kernel needs milliseconds.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// How long the threads of a process may take to stop on a busy machine.
const PAUSED_WITHIN: Duration = Duration::from_secs(1);

/// How a server's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(ExitStatus);

impl Exit {
    /// The number of the signal that ended it, if one did.
    pub fn signal(self) -> Option<i32> {
        self.0.signal()
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Learns of a server's end; it borrows nothing from the server, and runs on any runtime.
#[derive(Debug, Clone)]
pub struct Exited(watch::Receiver<Option<Exit>>);

impl Exited {
    /// Waits for the end, however it comes about; at once if it has come.
    pub async fn wait(&mut self) -> Option<Exit> {
        match self.0.wait_for(Option::is_some).await {
            Ok(exit) => *exit,
            Err(_) => None,
        }
    }

    /// How it ended, if it has.
    pub fn now(&self) -> Option<Exit> {
        *self.0.borrow()
    }
}

/// A running child, killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Child {
    pid: Pid,
    /// `None` once the child has been reaped: from then on its number may belong to another process.
    process: Arc<Mutex<Option<process::Child>>>,
    exited: Exited,
}

impl Child {
    /// Takes charge of a child that was just started.
    pub(super) fn watch(mut child: process::Child) -> io::Result<Self> {
        let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
            child.kill()?;
            return Err(io::Error::other("the child has no process id"));
        };
        let (ended, exited) = watch::channel(None);
        let process = Arc::new(Mutex::new(Some(child)));
        let watched = Arc::clone(&process);
        let started = thread::Builder::new()
            .name("servers-watcher".to_owned())
            .spawn(move || reap(pid, &watched, &ended));
        let this = Self {
            pid,
            process,
            exited: Exited(exited),
        };
        started.map(|_| this)
    }

    pub(crate) fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    pub(crate) fn exited(&self) -> Exited {
        self.exited.clone()
    }

    /// Sends a signal; nothing happens if the child has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if process.is_some() {
            // It may have ended an instant ago; then there is nobody to tell.
            kill_process(self.pid, signal).ok();
        }
    }

    /// Stops the child where it is, and returns when all of its threads have stopped.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        let began = Instant::now();
        while matches!(waitid(WaitId::Pid(self.pid), options), Ok(None))
            && began.elapsed() < PAUSED_WITHIN
        {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Asks the child to end with `signal`, waits for `patience`, then kills it.
    pub(crate) async fn end(&self, signal: Signal, patience: Duration) -> Option<Exit> {
        self.signal(signal);
        // A child that was paused would not hear the signal before it goes on.
        self.signal(Signal::CONT);
        let mut exited = self.exited();
        if let Ok(exit) = timeout(patience, exited.wait()).await {
            return exit;
        }
        self.signal(Signal::KILL);
        timeout(KILLED_WITHIN, exited.wait()).await.ok().flatten()
    }

    /// As [`Child::end`], for where nothing can be awaited.
    pub(crate) fn end_blocking(&self, signal: Signal, patience: Duration) {
        self.signal(signal);
        self.signal(Signal::CONT);
        if !self.is_gone_within(patience) {
            self.signal(Signal::KILL);
            self.is_gone_within(KILLED_WITHIN);
        }
    }

    fn is_gone_within(&self, patience: Duration) -> bool {
        let began = Instant::now();
        while self.exited.now().is_none() {
            if began.elapsed() > patience {
                return false;
            }
            thread::sleep(Duration::from_millis(2));
        }
        true
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end_blocking(Signal::KILL, KILLED_WITHIN);
    }
}

/// Waits for the child's end, then takes its status while nobody can signal it.
fn reap(pid: Pid, process: &Mutex<Option<process::Child>>, ended: &watch::Sender<Option<Exit>>) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(
        waitid(WaitId::Pid(pid), options),
        Err(rustix::io::Errno::INTR)
    ) {}
    let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(mut child) = process.take() {
        let status = child.wait().unwrap_or_default();
        ended.send_replace(Some(Exit(status)));
    }
}
