//! A private S3 server: `SeaweedFS`, all of its parts in one process.

use std::{ffi::OsString, os::unix::net::UnixStream, path::Path, time::Duration};

use rustix::process::Signal;
use serde_json::json;

use crate::{
    Exited, StartError, Tool, Tools,
    folder::{DataFolder, Settings, write_private},
    ports,
    process::{Child, Launch},
    started,
};

const ACCESS_KEY: &str = "millrace";
/// Its orderly end takes 15 seconds, in which its parts wait for one another.
/// What it has acknowledged is in its files long before, so it gets a moment for what is under way, and is killed.
const STOP_WITHIN: Duration = Duration::from_millis(300);
/// A volume is a file that objects are appended to.
const VOLUME_MEGABYTES_MAX: u32 = 256;

/// Read from the working folder, too: a bucket begins with one volume instead of seven.
/// There may be only as many as would fit on the disk if each were full.
const GROWTH: &str = "[master.volume_growth]\ncopy_1 = 1\n";

/// A running S3 server; killed when dropped.
#[derive(Debug)]
pub struct Storage {
    child: Child,
    launch: Launch,
    settings: Settings,
    _folder: DataFolder,
}

impl Storage {
    /// Starts it with its data in `data`, on the ports it had before if they are free, and returns when it is ready.
    pub async fn start(tools: &Tools, data: &Path) -> Result<Self, StartError> {
        let folder = DataFolder::hold(data)?;
        let launch = |settings: &_| launch(tools, &folder, settings);
        let started = started::start(&folder, Ports::COUNT, launch).await?;
        Ok(Self {
            child: started.child,
            launch: started.launch,
            settings: started.settings,
            _folder: folder,
        })
    }

    /// The URL of the S3 API; buckets are parts of the path.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", Ports::of(&self.settings).s3)
    }

    /// The id of the key that may do everything.
    pub fn access_key(&self) -> &str {
        ACCESS_KEY
    }

    /// The key itself; random, and kept in the data folder.
    pub fn secret_key(&self) -> &str {
        &self.settings.secret
    }

    /// The region that requests are signed for.
    pub fn region(&self) -> &'static str {
        "us-east-1"
    }

    /// Ends it; whatever was acknowledged is kept.
    pub async fn stop(&mut self) {
        self.child.end(Signal::TERM, STOP_WITHIN).await;
        remove_sockets(&self.settings);
    }

    /// Kills it at once, as a crash would, and returns when it is gone.
    pub async fn kill(&mut self) {
        self.child.end(Signal::KILL, STOP_WITHIN).await;
    }

    /// Starts it again after [`Storage::stop`] or [`Storage::kill`], on the same ports with the same data.
    pub async fn start_again(&mut self) -> Result<(), StartError> {
        self.stop().await;
        self.child = self.launch.start().await?;
        Ok(())
    }

    /// Makes it hang: connections stay open and nothing answers.
    pub fn pause(&self) {
        self.child.pause();
    }

    /// Lets it go on after [`Storage::pause`].
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

impl Drop for Storage {
    fn drop(&mut self) {
        self.child.end_blocking(Signal::KILL, STOP_WITHIN);
        remove_sockets(&self.settings);
    }
}

/// Clears away what a killed server with its data in `data` left elsewhere.
pub(crate) fn clear(data: &Path) {
    if let Some(settings) = Settings::kept(data) {
        remove_sockets(&settings);
    }
}

/// Removes the sockets that it makes for its parts, which a killed one leaves; their place cannot be chosen.
fn remove_sockets(settings: &Settings) {
    let Ports {
        master,
        volume,
        filer,
        s3,
    } = Ports::of(settings);
    for (part, port) in [
        ("master", master),
        ("volume", volume),
        ("filer", filer),
        ("s3", s3),
    ] {
        let socket = format!("/tmp/seaweedfs-{part}-grpc-{}.sock", ports::companion(port));
        if UnixStream::connect(&socket).is_err() {
            std::fs::remove_file(socket).ok();
        }
    }
}

/// The ports of its parts; each serves gRPC on a port 10,000 above.
#[derive(Debug, Default)]
struct Ports {
    master: u16,
    volume: u16,
    filer: u16,
    s3: u16,
}

impl Ports {
    const COUNT: usize = 4;

    fn of(settings: &Settings) -> Self {
        match *settings.ports.as_slice() {
            [master, volume, filer, s3] => Self {
                master,
                volume,
                filer,
                s3,
            },
            _ => Self::default(),
        }
    }
}

fn launch(tools: &Tools, folder: &DataFolder, settings: &Settings) -> Result<Launch, StartError> {
    let identities = folder.path().join("s3.json");
    write_private(
        &identities,
        identities_of(&settings.secret).to_string().as_bytes(),
    )?;
    // Read from the working folder; it closes the parts behind S3, which trust everyone otherwise.
    write_private(
        &folder.path().join("security.toml"),
        inner_keys().as_bytes(),
    )?;
    write_private(&folder.path().join("master.toml"), GROWTH.as_bytes())?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let ports = Ports::of(settings);
    let arguments = [
        "-logtostderr=true".to_owned(),
        "server".to_owned(),
        format!("-dir={}", folder.path().display()),
        "-ip=127.0.0.1".to_owned(),
        "-ip.bind=127.0.0.1".to_owned(),
        // It would tell its makers about itself.
        "-master.telemetry=false".to_owned(),
        // With the default of 10 seconds it takes up to 20 to find out that it is alone.
        "-master.electionTimeout=300ms".to_owned(),
        "-master.heartbeatInterval=50ms".to_owned(),
        format!("-master.port={}", ports.master),
        format!("-master.volumeSizeLimitMB={VOLUME_MEGABYTES_MAX}"),
        format!("-volume.port={}", ports.volume),
        "-volume.max=0".to_owned(),
        "-volume.preStopSeconds=0".to_owned(),
        "-filer".to_owned(),
        format!("-filer.port={}", ports.filer),
        format!("-filer.localSocket={}", path("filer.sock")),
        "-s3".to_owned(),
        format!("-s3.port={}", ports.s3),
        format!("-s3.localSocket={}", path("s3.sock")),
        format!("-s3.config={}", identities.display()),
        // Catalogues on fixed ports that nobody asked for.
        "-s3.port.iceberg=0".to_owned(),
        "-s3.port.lance=0".to_owned(),
    ];
    Ok(Launch {
        server: "weed (SeaweedFS)",
        program: tools.program(Tool::Storage)?.path.clone(),
        arguments: arguments.into_iter().map(OsString::from).collect(),
        privileges: Vec::new(),
        environment: &[],
        search: tools.search().clone(),
        folder: folder.path().to_owned(),
        log: folder.log(),
        marker: "Start Seaweed S3 API Server",
        before: |_| (),
    })
}

fn identities_of(secret: &str) -> serde_json::Value {
    json!({ "identities": [{
        "name": ACCESS_KEY,
        "credentials": [{ "accessKey": ACCESS_KEY, "secretKey": secret }],
        "actions": ["Admin", "Read", "List", "Tagging", "Write"],
    }] })
}

fn inner_keys() -> String {
    [
        "jwt.signing",
        "jwt.signing.read",
        "jwt.filer_signing",
        "jwt.filer_signing.read",
    ]
    .map(|section| format!("[{section}]\nkey = \"{}\"\n", crate::folder::secret()))
    .concat()
}
