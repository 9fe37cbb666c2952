//! An example as its user starts it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use servers::{Scratch, testing};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::bus::Bus;
use crate::tools;

/// A broker that comes back, an example that waits between two tries, and a busy machine.
const COUNTS_WITHIN: Duration = Duration::from_mins(1);
const ENDS_WITHIN: Duration = Duration::from_secs(15);

/// A program in one language, and the folder of what it keeps.
pub(crate) struct Example {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
    scratch: Scratch,
}

impl Example {
    pub(crate) fn rust() -> Self {
        Self {
            program: env!("CARGO_BIN_EXE_consumer").into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            scratch: testing::scratch(),
        }
    }

    pub(crate) async fn python() -> Self {
        let packages = tools::python_packages().await;
        Self {
            program: "python3".into(),
            arguments: vec![tools::example("python/consumer.py").into()],
            environment: vec![("PYTHONPATH", packages.into())],
            scratch: testing::scratch(),
        }
    }

    pub(crate) async fn typescript() -> Self {
        let scratch = testing::scratch();
        let (node, packages) = tools::node_packages().await;
        // Beside its packages, which do not belong into the checkout.
        let source = scratch.path().join("consumer.ts");
        fs::copy(tools::example("typescript/consumer.ts"), &source).unwrap();
        fs::copy(
            tools::example("typescript/package.json"),
            scratch.path().join("package.json"),
        )
        .unwrap();
        std::os::unix::fs::symlink(packages, scratch.path().join("node_modules")).unwrap();
        Self {
            program: node,
            arguments: vec![source.into()],
            environment: Vec::new(),
            scratch,
        }
    }

    /// Starts it. It dies with the test.
    pub(crate) fn start(&self, bus: &Bus) -> Running {
        let child = self.command(bus).spawn().unwrap();
        let counts = self.counts();
        Running { child, counts }
    }

    /// Starts it where it must not go on; answers what it says of that.
    pub(crate) async fn refuses(&self, bus: &Bus) -> String {
        let mut command = self.command(bus);
        let output = timeout(COUNTS_WITHIN, command.output()).await;
        let output = output.unwrap_or_else(|_| panic!("it goes on")).unwrap();
        assert!(!output.status.success(), "{}", output.status);
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// From now on it cannot keep anything: where it would write stands a folder.
    pub(crate) fn cannot_keep(&self) {
        fs::create_dir(self.new_counts()).unwrap();
    }

    pub(crate) fn can_keep_again(&self) {
        fs::remove_dir(self.new_counts()).unwrap();
    }

    fn command(&self, bus: &Bus) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(&self.program)
            .args(&self.arguments)
            .arg(self.counts())
            .env("NATS_URL", bus.url())
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    fn counts(&self) -> PathBuf {
        self.scratch.path().join("counts.json")
    }

    fn new_counts(&self) -> PathBuf {
        self.scratch.path().join("counts.json.new")
    }
}

/// An example at work.
pub(crate) struct Running {
    child: Child,
    counts: PathBuf,
}

impl Running {
    pub(crate) async fn has_counted(&mut self, wanted: &BTreeMap<String, u64>) {
        let begun = Instant::now();
        loop {
            let found = counted(&self.counts);
            if found == *wanted {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert_eq!(ended, None, "it ended, having counted {found:?}");
            let has_time = begun.elapsed() < COUNTS_WITHIN;
            assert!(has_time, "it counted {found:?}, and not {wanted:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn dies(mut self) {
        self.child.kill().await.unwrap();
    }

    /// It ends by itself, and not well.
    pub(crate) async fn fails(mut self) {
        let status = timeout(COUNTS_WITHIN, self.child.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("it goes on")).unwrap();
        assert!(!status.success(), "{status}");
    }

    /// Asked to, it ends well.
    pub(crate) async fn ends(mut self) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
        let status = timeout(ENDS_WITHIN, self.child.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("it goes on")).unwrap();
        assert!(status.success(), "{status}");
    }
}

fn counted(path: &Path) -> BTreeMap<String, u64> {
    let Ok(text) = fs::read(path) else {
        return BTreeMap::new();
    };
    let state: Value = serde_json::from_slice(&text).unwrap();
    serde_json::from_value(state.get("clicks").unwrap().clone()).unwrap()
}
