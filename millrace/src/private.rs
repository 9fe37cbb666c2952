//! Private servers: one for each that the settings don't name, kept running as long as the system.

use std::path::Path;
use std::time::Duration;

use command_api::StorageSettings;
use servers::{Durability, Exited, Nats, Postgres, StartError, Storage, Tool, Tools};
use service::config::{Config, Secret};

/// Where tools are installed: they are the checkout's, so that another data folder finds them too.
const TOOLS: &str = ".tools";
/// The database and the bucket.
const DATABASE: &str = "millrace";
const BUCKET: &str = "millrace";
/// How long a server that can't be started again is left alone.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// The servers that this process started, and must end.
#[derive(Debug, Default)]
pub(crate) struct Private {
    nats: Option<Nats>,
    postgres: Option<Postgres>,
    storage: Option<Storage>,
}

/// What the servers have in common.
trait Server: Send {
    const NAME: &str;
    fn exited(&self) -> Exited;
    fn start_again(&mut self) -> impl Future<Output = Result<(), StartError>> + Send;
    fn stop(&mut self) -> impl Future<Output = ()> + Send;
}

macro_rules! server {
    ($kind:ty, $name:literal) => {
        impl Server for $kind {
            const NAME: &str = $name;

            fn exited(&self) -> Exited {
                <$kind>::exited(self)
            }

            fn start_again(&mut self) -> impl Future<Output = Result<(), StartError>> + Send {
                <$kind>::start_again(self)
            }

            fn stop(&mut self) -> impl Future<Output = ()> + Send {
                <$kind>::stop(self)
            }
        }
    };
}

server!(Nats, "NATS");
server!(Postgres, "Postgres");
server!(Storage, "S3");

impl Private {
    /// Starts what the settings don't name, all at once; `report` is told what takes long.
    pub(crate) async fn start(
        config: &Config,
        data: &Path,
        report: impl Fn(&str) + Send + Sync,
    ) -> anyhow::Result<Self> {
        let wanted = wanted(config);
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let tools = Tools::provide(Path::new(TOOLS), &wanted, report).await?;
        let is_wanted = |tool| wanted.contains(&tool);
        let (nats_data, storage_data) = (data.join("nats"), data.join("storage"));
        let (nats, postgres, storage) = tokio::try_join!(
            when(is_wanted(Tool::Nats), Nats::start(&tools, &nats_data)),
            when(is_wanted(Tool::Postgres), start_postgres(&tools, data)),
            when(
                is_wanted(Tool::Storage),
                Storage::start(&tools, &storage_data)
            ),
        )?;
        Ok(Self {
            nats,
            postgres,
            storage,
        })
    }

    /// The private broker's address.
    pub(crate) fn nats_url(&self) -> Option<Secret> {
        self.nats.as_ref().map(|nats| Secret::new(nats.url()))
    }

    /// The private database's address.
    pub(crate) fn database_url(&self) -> Option<Secret> {
        self.postgres
            .as_ref()
            .map(|postgres| Secret::new(postgres.url(DATABASE)))
    }

    /// The private bucket.
    pub(crate) fn storage(&self) -> Option<StorageSettings> {
        let storage = self.storage.as_ref()?;
        Some(StorageSettings {
            endpoint: storage.endpoint(),
            region: storage.region().to_owned(),
            bucket: BUCKET.to_owned(),
            access_key_id: storage.access_key().to_owned(),
            secret_access_key: Secret::new(storage.secret_key()),
        })
    }

    /// Starts a server that ended by itself again, for ever: the system goes on without it meanwhile.
    pub(crate) async fn keep_running(&mut self) {
        tokio::join!(
            keep_running(self.nats.as_mut()),
            keep_running(self.postgres.as_mut()),
            keep_running(self.storage.as_mut()),
        );
    }

    /// Ends them all.
    pub(crate) async fn stop(&mut self) {
        tokio::join!(
            stop(self.nats.as_mut()),
            stop(self.postgres.as_mut()),
            stop(self.storage.as_mut()),
        );
    }
}

fn wanted(config: &Config) -> Vec<Tool> {
    [
        (Tool::Nats, config.nats_url.is_none()),
        (Tool::Postgres, config.database_url.is_none()),
        (Tool::Storage, config.s3.is_none()),
    ]
    .into_iter()
    .filter_map(|(tool, is_wanted)| is_wanted.then_some(tool))
    .collect()
}

async fn when<S: Send>(
    is_wanted: bool,
    start: impl Future<Output = Result<S, StartError>> + Send,
) -> Result<Option<S>, StartError> {
    if is_wanted {
        start.await.map(Some)
    } else {
        Ok(None)
    }
}

async fn start_postgres(tools: &Tools, data: &Path) -> Result<Postgres, StartError> {
    let postgres = Postgres::start(tools, &data.join("postgres"), Durability::Full).await?;
    postgres.create_database(DATABASE).await?;
    Ok(postgres)
}

#[expect(clippy::infinite_loop, reason = "runs until it is dropped")]
async fn keep_running<S: Server>(server: Option<&mut S>) {
    let Some(server) = server else {
        return std::future::pending().await;
    };
    loop {
        let exit = server.exited().wait().await;
        let exit = exit.map(|exit| exit.to_string());
        tracing::error!(
            server = S::NAME,
            exit,
            "a private server ended; starting it again"
        );
        while let Err(error) = server.start_again().await {
            tracing::error!(server = S::NAME, %error, "a private server can't be started again");
            tokio::time::sleep(RESTART_PAUSE).await;
        }
    }
}

async fn stop<S: Server>(server: Option<&mut S>) {
    if let Some(server) = server {
        server.stop().await;
    }
}
