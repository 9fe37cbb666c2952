//! A reading side for tests, over a database of its own.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use events::core::Role;
use events::{SessionId, Timestamp, UserId, WorkspaceId};
use http::{Request, StatusCode};
use serde_json::Value;
use service::caller::{Caller, Credential, Gate, Grant, Seen, Tokens};
use service::config::Secret;
use service::world;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};
use tower::ServiceExt;
use uuid::Uuid;

use crate::app::App;
use crate::database::{DatabaseSettings, Databases};
use crate::live::Live;
use crate::progress::Progress;

/// Long enough for a slow machine, short enough to be waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// As the projectors make them; another test may make them at this moment.
const ROLES: &str = "do $$ begin
        begin create role millrace_projectors nologin;
        exception when duplicate_object or unique_violation then null; end;
        begin create role millrace_query nologin;
        exception when duplicate_object or unique_violation then null; end;
    end $$";

static CORE: Migrator = sqlx::migrate!("../migrations/core");
static MEDIA: Migrator = sqlx::migrate!("../migrations/media");
static LINKS: Migrator = sqlx::migrate!("../migrations/links");

pub(crate) struct Stage {
    pub(crate) app: App,
    /// May write; names tables with their schema.
    pub(crate) admin: PgPool,
    pub(crate) settings: DatabaseSettings,
}

impl Stage {
    /// Without a broker.
    pub(crate) async fn new() -> Self {
        let url = servers::testing::fresh_database().await;
        let admin = PgPool::connect(&url).await.unwrap();
        sqlx::raw_sql(ROLES).execute(&admin).await.unwrap();
        for (schema, migrator) in [("core", &CORE), ("media", &MEDIA), ("links", &LINKS)] {
            let create = AssertSqlSafe(format!(
                "create schema {schema} authorization millrace_projectors; \
                 grant usage on schema {schema} to millrace_query"
            ));
            sqlx::raw_sql(create).execute(&admin).await.unwrap();
            let options: PgConnectOptions = url.parse().unwrap();
            let options =
                options.options([("search_path", schema), ("role", "millrace_projectors")]);
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .connect_lazy_with(options);
            migrator.run(&pool).await.unwrap();
            pool.close().await;
        }
        let settings = database(&url);
        Self {
            app: app(&settings),
            admin,
            settings,
        }
    }

    /// Writes as a projector would.
    pub(crate) async fn write(&self, sql: String) {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&self.admin)
            .await
            .unwrap();
    }

    pub(crate) async fn get(&self, caller: &Caller, path: &str) -> (StatusCode, Value) {
        body(self.ask(caller, path, &[]).await).await
    }

    pub(crate) async fn ask(
        &self,
        caller: &Caller,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Response {
        let token = token(caller, world::now());
        let mut request = Request::get(path).header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        router(self.app.clone()).oneshot(request).await.unwrap()
    }
}

pub(crate) fn database(url: &str) -> DatabaseSettings {
    DatabaseSettings {
        url: Secret::new(url),
        pool_size: 5,
        timeout: Duration::from_secs(5),
    }
}

pub(crate) fn app(settings: &DatabaseSettings) -> App {
    let databases = Databases::open(settings).unwrap();
    App {
        progress: Progress::new(databases.clone(), PATIENCE),
        databases,
        live: Live::idle(),
        gate: Gate::deaf(tokens()),
        public_url: Arc::new("https://go.example.com".parse().unwrap()),
    }
}

pub(crate) fn tokens() -> Tokens {
    Tokens::new(
        &Secret::new("a secret of thirty-two characters"),
        Duration::from_mins(1),
    )
}

/// What the caller shows who logged in at `issued`.
pub(crate) fn token(caller: &Caller, issued: Timestamp) -> String {
    let grant = Grant {
        user: caller.user,
        email: "ada@example.com",
        workspace: caller.workspace,
        role: caller.role,
        session: caller.session().unwrap(),
        seen: caller.seen,
    };
    tokens().issue(&grant, issued, world::new_id()).unwrap()
}

pub(crate) fn router(app: App) -> Router {
    let routes = crate::routes(app);
    routes.core.merge(routes.media).merge(routes.links).into()
}

/// What a list tells of each of its items in one field.
pub(crate) fn each(page: &Value, field: &str) -> Vec<Value> {
    let items = page["items"].as_array().expect("a page");
    items.iter().map(|item| item[field].clone()).collect()
}

pub(crate) async fn body(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// Somebody of a workspace, the same for the same number.
pub(crate) fn member_of(workspace: u128) -> Caller {
    Caller {
        user: UserId::new(Uuid::from_u128(workspace + 1)),
        workspace: WorkspaceId::new(Uuid::from_u128(workspace)),
        role: Role::Admin,
        credential: Credential::Session(SessionId::new(Uuid::from_u128(workspace + 2))),
        issued_at: world::now(),
        expires_at: None,
        seen: Seen::default(),
    }
}
