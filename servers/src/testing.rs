//! Servers for tests: one Postgres and one S3 server shared by a test process, a broker for each who asks.
//!
//! The shared ones live as long as the process and die with it; their folders are swept by the next test process.

use std::{
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
};

use tokio::sync::OnceCell;

use crate::{Durability, Nats, Postgres, Scratch, Storage, Tool, Tools};

/// Where tools are installed for the whole workspace.
pub fn tools_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools")
}

/// A folder of the test's own, removed when dropped.
pub fn scratch() -> Scratch {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/scratch");
    must(Scratch::below(&root))
}

/// All tools, found or installed once.
pub async fn tools() -> &'static Tools {
    static TOOLS: OnceCell<Tools> = OnceCell::const_new();
    let wanted = [Tool::Nats, Tool::Postgres, Tool::Storage];
    let provide = async || must(Tools::provide(&tools_folder(), &wanted, |_| ()).await);
    TOOLS.get_or_init(provide).await
}

/// Node, found or installed once, for tests of programs that it runs.
pub async fn node() -> Tools {
    must(Tools::provide(&tools_folder(), &[Tool::Node], |_| ()).await)
}

/// The Postgres that this process's tests share; take a [`fresh_database`] of it.
pub async fn postgres() -> &'static Postgres {
    static SHARED: OnceCell<(Postgres, Scratch)> = OnceCell::const_new();
    let start = async || {
        let scratch = scratch();
        let data = scratch.path().join("postgres");
        (
            must(Postgres::start(tools().await, &data, Durability::Relaxed).await),
            scratch,
        )
    };
    &SHARED.get_or_init(start).await.0
}

/// The URL of a new, empty database in the shared Postgres.
pub async fn fresh_database() -> String {
    let name = format!("test_{:016x}", rand::random::<u64>());
    let postgres = postgres().await;
    must(postgres.create_database(&name).await);
    postgres.url(&name)
}

/// The S3 server that this process's tests share; make a bucket of your own in it.
pub async fn storage() -> &'static Storage {
    static SHARED: OnceCell<(Storage, Scratch)> = OnceCell::const_new();
    let start = async || {
        let scratch = scratch();
        let data = scratch.path().join("storage");
        (must(Storage::start(tools().await, &data).await), scratch)
    };
    &SHARED.get_or_init(start).await.0
}

/// A broker of the test's own.
pub async fn nats() -> TestNats {
    let scratch = scratch();
    let nats = must(Nats::start(tools().await, &scratch.path().join("nats")).await);
    TestNats {
        nats,
        _scratch: scratch,
    }
}

/// A Postgres of the test's own, for tests that stop it.
pub async fn own_postgres() -> TestPostgres {
    let scratch = scratch();
    let data = scratch.path().join("postgres");
    let postgres = must(Postgres::start(tools().await, &data, Durability::Relaxed).await);
    TestPostgres {
        postgres,
        _scratch: scratch,
    }
}

/// A broker whose data is removed when it is dropped.
#[derive(Debug)]
pub struct TestNats {
    nats: Nats,
    _scratch: Scratch,
}

impl Deref for TestNats {
    type Target = Nats;

    fn deref(&self) -> &Nats {
        &self.nats
    }
}

impl DerefMut for TestNats {
    fn deref_mut(&mut self) -> &mut Nats {
        &mut self.nats
    }
}

/// A Postgres whose data is removed when it is dropped.
#[derive(Debug)]
pub struct TestPostgres {
    postgres: Postgres,
    _scratch: Scratch,
}

impl Deref for TestPostgres {
    type Target = Postgres;

    fn deref(&self) -> &Postgres {
        &self.postgres
    }
}

impl DerefMut for TestPostgres {
    fn deref_mut(&mut self) -> &mut Postgres {
        &mut self.postgres
    }
}

#[expect(
    clippy::panic,
    reason = "a test without its servers cannot go on, and should say why"
)]
fn must<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
