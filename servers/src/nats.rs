//! A private nats-server with its `JetStream`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    Exited, StartError, Tool, Tools,
    folder::{DataFolder, Settings, at, write_private},
    process::{Child, Launch},
    started,
};

/// What every deployment's broker is configured with.
const CONFIG: &str = include_str!("../../nats/nats-server.conf");
const USER: &str = "millrace";
/// What the configuration includes: the accounts of those who read the bus.
const CONSUMERS: &str = "consumers.conf";
const CONSUMERS_LOCK: &str = "consumers.lock";
const PID: &str = "pid";
/// The account of the streams.
const ACCOUNT: &str = "MILLRACE";
/// The account that they had when there were no others.
const FORMER_ACCOUNT: &str = "$G";
/// How often Go collects what the broker no longer needs: see docs/adr/0023. The compose file says the same.
const COLLECTION: &[(&str, &str)] = &[("GOGC", "400")];
/// How long the broker may take to end of itself; it needs milliseconds.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A running nats-server; killed when dropped.
#[derive(Debug)]
pub struct Nats {
    child: Child,
    launch: Launch,
    settings: Settings,
    folder: DataFolder,
}

impl Nats {
    /// Starts it with its data in `data`, on the port it had before if that is free, and returns when it is ready.
    pub async fn start(tools: &Tools, data: &Path) -> Result<Self, StartError> {
        let folder = DataFolder::hold(data)?;
        let launch = |settings: &_| launch(tools, &folder, settings);
        let started = started::start(&folder, 1, launch).await?;
        Ok(Self {
            child: started.child,
            launch: started.launch,
            settings: started.settings,
            folder,
        })
    }

    /// Where clients connect, with user and password in it.
    pub fn url(&self) -> String {
        url(&self.settings)
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Ends it in order.
    pub async fn stop(&mut self) {
        self.child.end(Signal::TERM, STOP_WITHIN).await;
    }

    /// Kills it at once, as a crash would, and returns when it is gone.
    pub async fn kill(&mut self) {
        self.child.end(Signal::KILL, STOP_WITHIN).await;
    }

    /// Starts it again after [`Nats::stop`] or [`Nats::kill`], on the same port with the same data.
    pub async fn start_again(&mut self) -> Result<(), StartError> {
        self.stop().await;
        self.child = self.launch.start().await?;
        Ok(())
    }

    /// Makes it hang, as an overloaded machine would: connections stay open and nothing answers.
    pub fn pause(&self) {
        self.child.pause();
    }

    /// Lets it go on after [`Nats::pause`].
    pub fn resume(&self) {
        self.child.signal(Signal::CONT);
    }

    /// Learns of its end.
    pub fn exited(&self) -> Exited {
        self.child.exited()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

/// A broker that another process started, as its data folder tells of it.
#[derive(Debug)]
pub struct NeighbourNats {
    folder: PathBuf,
    settings: Settings,
}

impl NeighbourNats {
    /// The one with its data in `data`, if ever one was started there; it may have ended.
    pub fn find(data: &Path) -> Option<Self> {
        let settings = Settings::kept(data)?;
        let folder = data.to_owned();
        Some(Self { folder, settings })
    }

    /// As [`Nats::url`].
    pub fn url(&self) -> String {
        url(&self.settings)
    }

    /// The accounts of those who read the bus, which its configuration includes.
    pub fn consumers(&self) -> Result<String, StartError> {
        let path = self.folder.join(CONSUMERS);
        fs::read_to_string(&path).map_err(at(&path))
    }

    /// Waits until nobody else changes what [`NeighbourNats::consumers`] reads; others wait until it is dropped.
    pub fn lock_consumers(&self) -> Result<fs::File, StartError> {
        let path = self.folder.join(CONSUMERS_LOCK);
        let file = fs::File::create(&path).map_err(at(&path))?;
        file.lock().map_err(at(&path))?;
        Ok(file)
    }

    /// Writes what [`NeighbourNats::consumers`] reads; it holds when the broker is told to [`NeighbourNats::reload`].
    pub fn set_consumers(&self, text: &str) -> Result<(), StartError> {
        write_private(&self.folder.join(CONSUMERS), text.as_bytes())
    }

    /// Tells it to read its configuration again. Only for a broker that answers: its process id is as it wrote it.
    pub fn reload(&self) -> Result<(), StartError> {
        let path = self.folder.join(PID);
        let text = fs::read_to_string(&path).map_err(at(&path))?;
        let pid = text.trim().parse().ok().and_then(Pid::from_raw);
        let pid = pid.ok_or(io::ErrorKind::InvalidData.into());
        let told = pid.and_then(|pid| Ok(kill_process(pid, Signal::HUP)?));
        told.map_err(at(&path))
    }
}

fn url(settings: &Settings) -> String {
    let port = port(settings);
    format!("nats://{USER}:{}@127.0.0.1:{port}", settings.secret)
}

fn port(settings: &Settings) -> u16 {
    settings.ports.first().copied().unwrap_or_default()
}

fn launch(tools: &Tools, folder: &DataFolder, settings: &Settings) -> Result<Launch, StartError> {
    let config = folder.path().join("nats-server.conf");
    // In a file and not in the arguments, which every user of the machine may read.
    let password = format!("NATS_PASSWORD: \"{}\"\n", settings.secret);
    write_private(&config, format!("{password}{CONFIG}").as_bytes())?;
    let consumers = folder.path().join(CONSUMERS);
    if !consumers.exists() {
        write_private(&consumers, b"")?;
    }
    let store = folder.path().join("jetstream");
    take_over(&store.join("jetstream")).map_err(at(&store))?;
    Ok(Launch {
        server: "nats-server",
        program: tools.program(Tool::Nats)?.path.clone(),
        arguments: vec![
            "-c".into(),
            config.into(),
            "-a".into(),
            "127.0.0.1".into(),
            "-p".into(),
            port(settings).to_string().into(),
            "-sd".into(),
            store.into(),
            "-P".into(),
            folder.path().join(PID).into(),
        ],
        privileges: Vec::new(),
        environment: COLLECTION,
        search: tools.search().clone(),
        folder: folder.path().to_owned(),
        log: folder.log(),
        marker: "Server is ready",
        before: |_| (),
    })
}

/// Gives streams that were made before the configuration named an account to that account.
fn take_over(accounts: &Path) -> io::Result<()> {
    let (former, account) = (accounts.join(FORMER_ACCOUNT), accounts.join(ACCOUNT));
    if former.is_dir() && !account.exists() {
        fs::rename(former, account)?;
    }
    Ok(())
}
