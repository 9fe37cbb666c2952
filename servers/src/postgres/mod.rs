//! A private Postgres.

mod cluster;
mod memory;
mod user;

use std::{
    ffi::OsString,
    path::Path,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    Exited, StartError, Tool, Tools,
    folder::{DataFolder, Settings},
    process::{Child, Launch, run},
    started,
};
pub(crate) use memory::{clear, is_held};

/// The role that owns the cluster: a superuser.
const USER: &str = "millrace";
const CONNECTIONS_MAX: u32 = 200;
/// How long a fast shutdown may take: it writes what is in memory to the disk.
const STOP_WITHIN: Duration = Duration::from_secs(10);
/// How long an immediate shutdown may take: it only gives back shared memory.
const DROP_WITHIN: Duration = Duration::from_millis(500);

/// Between two looks at whether the children of a killed server are gone.
const CHILDREN_PAUSE: Duration = Duration::from_millis(5);

/// What a power cut may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Nothing that was committed.
    #[default]
    Full,
    /// Everything: for tests, which throw it away in any case. Crashes of the server alone still cost nothing.
    Relaxed,
}

/// A running Postgres; ended at once when dropped.
#[derive(Debug)]
pub struct Postgres {
    child: Child,
    launch: Launch,
    settings: Settings,
    psql: std::path::PathBuf,
    folder: DataFolder,
}

impl Postgres {
    /// Starts it with its data in `data`, on the port it had before if that is free, and returns when it is ready.
    pub async fn start(
        tools: &Tools,
        data: &Path,
        durability: Durability,
    ) -> Result<Self, StartError> {
        let program = tools.program(Tool::Postgres)?;
        let folder = DataFolder::hold(data)?;
        let settings = folder.settings(1)?;
        let place = cluster::prepare(tools, &folder, &settings, durability).await?;
        let launch = |settings: &_| {
            Ok(Launch {
                server: "postgres",
                program: program.path.clone(),
                arguments: arguments(&place.cluster, port(settings), durability),
                privileges: place.user.privileges(),
                environment: &[],
                search: tools.search().clone(),
                folder: folder.path().to_owned(),
                log: folder.log(),
                marker: "ready to accept connections",
                before: clear,
            })
        };
        let started = started::start(&folder, 1, launch).await?;
        let psql = program.path.with_file_name("psql");
        Ok(Self {
            child: started.child,
            launch: started.launch,
            settings: started.settings,
            psql,
            folder,
        })
    }

    /// Where clients connect to a database as its superuser, with the password in it.
    pub fn url(&self, database: &str) -> String {
        let port = port(&self.settings);
        format!(
            "postgres://{USER}:{}@127.0.0.1:{port}/{database}",
            self.settings.secret
        )
    }

    /// Creates a database unless it is there.
    /// Its name may have lower-case letters, digits and underscores, and up to 63 characters.
    pub async fn create_database(&self, name: &str) -> Result<(), StartError> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || name.len() > 63 || !name.bytes().all(is_plain) {
            return Err(StartError::DatabaseName(name.to_owned()));
        }
        let create = format!("create database \"{name}\"");
        match self.tell(&create).await {
            // Duplicate, found at once or because another creates it at this moment.
            Err(StartError::Failed { said, .. })
                if said.contains("42P04") || said.contains("23505") =>
            {
                Ok(())
            }
            done => done.map(|_| ()),
        }
    }

    async fn tell(&self, sql: &str) -> Result<String, StartError> {
        let port = port(&self.settings).to_string();
        let arguments: Vec<OsString> = [
            "--no-psqlrc",
            "--quiet",
            "--host=127.0.0.1",
            "--dbname=postgres",
            "--set=VERBOSITY=sqlstate",
            "--username",
            USER,
            "--port",
            &port,
            "--command",
            sql,
        ]
        .map(OsString::from)
        .into();
        let password = [("PGPASSWORD", self.settings.secret.as_str())];
        let search = &self.launch.search;
        run(
            &self.psql,
            &arguments,
            &password,
            search,
            self.folder.path(),
        )
        .await
    }

    /// Ends it in order: open transactions are rolled back, everything else is kept.
    pub async fn stop(&mut self) {
        self.child.end(Signal::INT, STOP_WITHIN).await;
    }

    /// Kills it at once, as a crash would, and returns when it is gone.
    pub async fn kill(&mut self) {
        self.child.end(Signal::KILL, STOP_WITHIN).await;
        // Its children notice by themselves, a few milliseconds later.
        let began = Instant::now();
        while is_held(self.folder.path()) && began.elapsed() < STOP_WITHIN {
            tokio::time::sleep(CHILDREN_PAUSE).await;
        }
    }

    /// Starts it again after [`Postgres::stop`] or [`Postgres::kill`], on the same port with the same data.
    pub async fn start_again(&mut self) -> Result<(), StartError> {
        self.stop().await;
        self.child = self.launch.start().await?;
        Ok(())
    }

    /// Makes it accept connections and answer none; sessions that are already open go on.
    pub fn pause(&self) {
        self.child.pause();
    }

    /// Lets it go on after [`Postgres::pause`].
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

impl Drop for Postgres {
    fn drop(&mut self) {
        // Killed outright it would leave its shared memory to the machine until the next start.
        self.child.end_blocking(Signal::QUIT, DROP_WITHIN);
        clear(self.folder.path());
    }
}

fn port(settings: &Settings) -> u16 {
    settings.ports.first().copied().unwrap_or_default()
}

fn arguments(cluster: &Path, port: u16, durability: Durability) -> Vec<OsString> {
    let connections = format!("max_connections={CONNECTIONS_MAX}");
    let port = format!("port={port}");
    let mut settings = vec![
        "listen_addresses=127.0.0.1",
        &port,
        "unix_socket_directories=",
        // In the data folder, so that a killed server leaves nothing elsewhere.
        "dynamic_shared_memory_type=mmap",
        "log_destination=stderr",
        "logging_collector=off",
        "timezone=UTC",
        &connections,
    ];
    if durability == Durability::Relaxed {
        // Not `synchronous_commit=off`: a server that is killed would lose its last commits.
        settings.extend(["fsync=off", "full_page_writes=off"]);
    }
    let settings = settings
        .into_iter()
        .flat_map(|setting| ["-c".into(), setting.into()]);
    ["-D".into(), cluster.into()]
        .into_iter()
        .chain(settings)
        .collect()
}
