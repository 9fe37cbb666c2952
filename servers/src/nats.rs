//! A private nats-server with its `JetStream`.

use std::{path::Path, time::Duration};

use rustix::process::Signal;

use crate::{
    Exited, StartError, Tool, Tools,
    folder::{DataFolder, Settings, write_private},
    process::{Child, Launch},
};

/// What every deployment's broker is configured with.
const CONFIG: &str = include_str!("../../nats/nats-server.conf");
const USER: &str = "millrace";
/// How long the broker may take to end of itself; it needs milliseconds.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A running nats-server; killed when dropped.
#[derive(Debug)]
pub struct Nats {
    child: Child,
    launch: Launch,
    settings: Settings,
    _folder: DataFolder,
}

impl Nats {
    /// Starts it with its data in `data`, on the port it had before if that is free, and returns when it is ready.
    pub async fn start(tools: &Tools, data: &Path) -> Result<Self, StartError> {
        let folder = DataFolder::hold(data)?;
        let settings = folder.settings(1)?;
        let launch = launch(tools, &folder, &settings)?;
        let child = launch.start().await?;
        Ok(Self {
            child,
            launch,
            settings,
            _folder: folder,
        })
    }

    /// Where clients connect, with user and password in it.
    pub fn url(&self) -> String {
        let port = port(&self.settings);
        format!("nats://{USER}:{}@127.0.0.1:{port}", self.settings.secret)
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

fn port(settings: &Settings) -> u16 {
    settings.ports.first().copied().unwrap_or_default()
}

fn launch(tools: &Tools, folder: &DataFolder, settings: &Settings) -> Result<Launch, StartError> {
    let config = folder.path().join("nats-server.conf");
    // In a file and not in the arguments, which every user of the machine may read.
    let login = format!(
        "\nauthorization {{\n    user: {USER}\n    password: \"{}\"\n}}\n",
        settings.secret
    );
    write_private(&config, format!("{CONFIG}{login}").as_bytes())?;
    let store = folder.path().join("jetstream");
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
        ],
        privileges: Vec::new(),
        search: tools.search().clone(),
        folder: folder.path().to_owned(),
        log: folder.log(),
        marker: "Server is ready",
        before: |_| (),
    })
}
