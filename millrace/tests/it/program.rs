//! The real binary as a child of the test: what it is told, what it says, how it ends.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long a start may take: three servers that share a busy machine with other tests.
const STARTS_WITHIN: Duration = Duration::from_mins(1);

/// What the binary is started with; nothing else of this process's environment reaches it.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    arguments: Vec<String>,
    settings: BTreeMap<&'static str, String>,
}

impl Run {
    /// `millrace` and these arguments.
    pub(crate) fn of(arguments: &[&str]) -> Self {
        Self {
            arguments: arguments.iter().map(|&it| it.to_owned()).collect(),
            settings: BTreeMap::new(),
        }
    }

    /// `millrace` alone, with its data in `data`, on a free port.
    pub(crate) fn up(data: &Path) -> anyhow::Result<Self> {
        let run = Self::of(&[]).setting("MILLRACE_DATA", data.display());
        Ok(run.setting("APP_PORT", free_port()?))
    }

    /// With a setting more, or another value of it.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "so that numbers and texts are given alike"
    )]
    pub(crate) fn setting(mut self, name: &'static str, value: impl ToString) -> Self {
        self.settings.insert(name, value.to_string());
        self
    }

    /// Runs it to its end, which comes soon.
    pub(crate) async fn output(&self) -> anyhow::Result<Output> {
        let output = timeout(STARTS_WITHIN, self.command().output()).await??;
        Ok(Output {
            is_success: output.status.success(),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// Starts it. It dies with the test that started it, whatever becomes of that.
    pub(crate) fn start(&self) -> anyhow::Result<Program> {
        let mut child = self.command().spawn()?;
        let (sender, said) = watch::channel(String::new());
        let mut readers = JoinSet::new();
        readers.spawn(read(child.stdout.take().context("stdout")?, sender.clone()));
        readers.spawn(read(child.stderr.take().context("stderr")?, sender));
        let port = self.settings.get("APP_PORT");
        Ok(Program {
            child,
            said,
            readers,
            port: port.and_then(|text| text.parse().ok()).unwrap_or_default(),
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(env!("CARGO_BIN_EXE_millrace"))
            .args(&self.arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(&self.settings)
            // Where `.tools` is.
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Starts it, and waits until it leads through the first tour and everything in it is ready.
    pub(crate) async fn serve(&self) -> anyhow::Result<Program> {
        let mut program = self.start()?;
        program.says("Ctrl-C stops it").await?;
        program.is_ready().await?;
        Ok(program)
    }

    /// Starts it and expects that it ends by itself, soon, without success; answers what it said.
    pub(crate) async fn refusal(&self) -> anyhow::Result<String> {
        let mut program = self.start()?;
        let status = program.ends_within(STARTS_WITHIN).await?;
        let said = program.everything().await;
        ensure!(!status.success(), "it ended with {status}, saying:\n{said}");
        Ok(said)
    }
}

/// What a program that has ended well or not has said.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) is_success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A port that nobody listens on, and that no other test is given, whichever process it runs in.
///
/// Below those that the system gives to outgoing connections, and those that private servers choose from.
/// Until this process ends it holds the same port of UDP, which nobody else uses: that is how others see it is given.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    static GIVEN: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());
    for port in 10_000..12_000 {
        let Ok(given) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)) else {
            continue;
        };
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            GIVEN
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(given);
            return Ok(port);
        }
    }
    bail!("no port between 10,000 and 12,000 is free")
}

async fn read(mut pipe: impl AsyncRead + Unpin, said: watch::Sender<String>) {
    let mut bytes = vec![0; 8192];
    while let Ok(length @ 1..) = pipe.read(&mut bytes).await {
        let text = String::from_utf8_lossy(bytes.get(..length).unwrap_or_default()).into_owned();
        said.send_modify(|all| all.push_str(&text));
    }
}

/// A running binary, killed when dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    said: watch::Receiver<String>,
    readers: JoinSet<()>,
    port: u16,
}

impl Program {
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().context("it has ended")
    }

    /// Waits until it has said `text`.
    pub(crate) async fn says(&mut self, text: &str) -> anyhow::Result<()> {
        let heard = self.said.wait_for(|said| said.contains(text));
        let is_heard = matches!(timeout(STARTS_WITHIN, heard).await, Ok(Ok(_)));
        ensure!(
            is_heard,
            "it never said {text:?}, but:\n{}",
            self.said.borrow().as_str()
        );
        Ok(())
    }

    /// Waits until `GET /health/ready` answers 200.
    pub(crate) async fn is_ready(&mut self) -> anyhow::Result<()> {
        let url = format!("{}/health/ready", self.url());
        let mut last = String::from("nothing yet");
        let ready = async {
            loop {
                match reqwest::get(&url).await {
                    Ok(answer) if answer.status() == 200 => return,
                    Ok(answer) => last = answer.text().await.unwrap_or_default(),
                    Err(error) => last = error.to_string(),
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let is_ready = timeout(STARTS_WITHIN, ready).await.is_ok();
        let said = self.said.borrow();
        ensure!(
            is_ready,
            "not ready; last answer: {last}; it said:\n{}",
            said.as_str()
        );
        Ok(())
    }

    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = i32::try_from(self.pid()?)?;
        kill_process(Pid::from_raw(pid).context("no process")?, signal)?;
        Ok(())
    }

    /// Waits for its end.
    pub(crate) async fn ends_within(&mut self, patience: Duration) -> anyhow::Result<ExitStatus> {
        match timeout(patience, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => bail!(
                "it still runs after {patience:?}, and said:\n{}",
                self.said.borrow().as_str()
            ),
        }
    }

    /// What it has said up to now.
    pub(crate) fn said_so_far(&self) -> String {
        self.said.borrow().clone()
    }

    /// All that it said, once it has ended.
    pub(crate) async fn everything(mut self) -> String {
        while self.readers.join_next().await.is_some() {}
        self.said.borrow().clone()
    }
}

/// Whether a folder has nothing in it.
pub(crate) fn is_empty(folder: impl AsRef<OsStr>) -> anyhow::Result<bool> {
    Ok(Path::new(&folder).read_dir()?.next().is_none())
}
