//! What systems meet in: a broker, a database, a bucket, and the secrets that they share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use command_api::{PasswordCost, SpoolSettings, StorageSettings};
use events::Timestamp;
use ipnet::IpNet;
use millrace::system::{Blueprint, Processes};
use query_api::DatabaseSettings;
use servers::testing::{TestNats, TestPostgres};
use service::caller::{Grant, LEEWAY_SECONDS, Tokens};
use service::config::{Secret, Targets};
use service::keys::DataKey;
use service::limits::Limits;
use service::world;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use url::Url;

/// What everybody here logs in with.
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// How long an access token is good.
const TOKEN_LIFETIME: Duration = Duration::from_mins(10);
/// Signs the tokens.
const JWT_SECRET: &str = "a secret of more than thirty-two characters";

/// Where a stack's read models are.
pub(crate) enum Database {
    /// In the Postgres of all tests.
    Shared(String),
    /// In a Postgres that may be stopped.
    Own(Box<TestPostgres>),
}

impl Database {
    pub(crate) async fn shared() -> Self {
        Self::Shared(servers::testing::fresh_database().await)
    }

    pub(crate) async fn own() -> Self {
        let postgres = servers::testing::own_postgres().await;
        postgres.create_database("millrace").await.unwrap();
        Self::Own(Box::new(postgres))
    }

    fn url(&self) -> String {
        match self {
            Self::Shared(url) => url.clone(),
            Self::Own(postgres) => postgres.url("millrace"),
        }
    }
}

pub(crate) struct World {
    pub(crate) broker: TestNats,
    pub(crate) database: Database,
    /// Looks into the read models from outside.
    pub(crate) tables: PgPool,
    pub(crate) data_key: DataKey,
    /// Where people reach the first system: all of them make short links of it.
    pub(crate) public_url: Option<Url>,
    /// Who is asked for records of domains.
    pub(crate) dns_resolver: Option<SocketAddr>,
    /// Where links may lead.
    pub(crate) targets: Targets,
    storage: StorageSettings,
    tokens: Tokens,
    rate_limits: Limits,
    trusted_proxies: Vec<IpNet>,
    geoip_database: Option<PathBuf>,
}

impl World {
    pub(crate) async fn new(database: Database) -> Self {
        let (broker, storage) = tokio::join!(servers::testing::nats(), bucket());
        let tables = PgPoolOptions::new()
            .max_connections(2)
            .connect_lazy(&database.url())
            .unwrap();
        Self {
            broker,
            database,
            tables,
            data_key: DataKey::random().unwrap(),
            public_url: None,
            dns_resolver: None,
            targets: Targets::default(),
            storage,
            tokens: Tokens::new(&Secret::new(JWT_SECRET), TOKEN_LIFETIME),
            rate_limits: Limits::off(),
            trusted_proxies: Vec::new(),
            geoip_database: None,
        }
    }

    /// The same, where people may do only so much: what `limits` leaves out is as it is by default.
    pub(crate) fn limited_to(self, limits: &str) -> Self {
        Self {
            rate_limits: Limits::parse(limits).unwrap(),
            ..self
        }
    }

    /// The same, where visitors come through a proxy of this machine, and a file tells where they are.
    pub(crate) fn behind_a_proxy(self) -> Self {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../command-api/testdata/GeoIP2-City-Test.mmdb"
        );
        Self {
            trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
            geoip_database: Some(file.into()),
            ..self
        }
    }

    /// The Postgres of the stack's own.
    pub(crate) fn postgres(&mut self) -> &mut TestPostgres {
        match &mut self.database {
            Database::Own(postgres) => postgres,
            Database::Shared(_) => panic!("the Postgres of all tests is not to be touched"),
        }
    }

    pub(crate) fn blueprint(
        &self,
        processes: Processes,
        public_url: &Url,
        spool: SpoolSettings,
    ) -> Blueprint {
        Blueprint {
            processes,
            public_url: public_url.clone(),
            nats_url: Secret::new(self.broker.url()),
            database: Some(DatabaseSettings {
                url: Secret::new(self.database.url()),
                pool_size: 5,
                timeout: Duration::from_secs(30),
            }),
            storage: Some(self.storage.clone()),
            spool: Some(spool),
            data_key: Some(self.data_key.clone()),
            tokens: Some(self.tokens.clone()),
            trusted_proxies: self.trusted_proxies.clone(),
            geoip_database: self.geoip_database.clone(),
            rate_limits: self.rate_limits.clone(),
            link_cache_max: 100_000,
            click_retention: None,
            targets: self.targets.clone(),
            dns_resolver: self.dns_resolver,
            password_cost: PasswordCost::Owasp,
        }
    }

    /// A token of somebody's that is good for `left` more, leeway included; none left when it is negative.
    pub(crate) fn token(&self, grant: &Grant<'_>, left: time::Duration) -> String {
        let leeway = time::Duration::seconds(LEEWAY_SECONDS);
        let issued = world::now().odt() + left - leeway - TOKEN_LIFETIME;
        self.tokens
            .issue(grant, Timestamp::new(issued), world::new_id())
            .unwrap()
    }
}

/// A bucket that no other test uses, in the storage of all tests.
async fn bucket() -> StorageSettings {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let storage = servers::testing::storage().await;
    StorageSettings {
        endpoint: storage.endpoint(),
        region: storage.region().to_owned(),
        bucket: format!("test-{}", MADE.fetch_add(1, Ordering::Relaxed)),
        access_key_id: storage.access_key().to_owned(),
        secret_access_key: Secret::new(storage.secret_key()),
    }
}
