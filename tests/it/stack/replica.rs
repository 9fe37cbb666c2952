//! One running system, on threads of its own, so that it can end in order or in mid-step.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use command_api::SpoolSettings;
use millrace::system::{Processes, System};
use servers::Scratch;
use service::health::Readiness;
use service::listen::Listener;
use tokio::runtime::Runtime;

use super::{Client, Guest, World};
use crate::eventually::eventually;

/// More than any story makes wait.
const SPOOL_BYTES_MAX: u64 = 1 << 30;

/// A system that can be stopped, crashed and started again.
pub(crate) struct Replica {
    processes: Processes,
    door: Door,
    /// Where its clicks wait for the broker.
    spool: Scratch,
    /// What they may take.
    pub(crate) spool_bytes_max: u64,
    running: Option<Running>,
}

/// Where a replica listens at the moment.
#[derive(Clone)]
pub(crate) struct Door(Arc<Mutex<SocketAddr>>);

impl Door {
    pub(crate) fn address(&self) -> SocketAddr {
        *self.0.lock().unwrap()
    }
}

struct Running {
    system: System,
    runtime: Runtime,
}

impl Replica {
    /// The first of a world says where people reach it.
    pub(crate) async fn start(world: &mut World, processes: Processes) -> Self {
        let spool = servers::testing::scratch();
        let settings = spool_settings(&spool, SPOOL_BYTES_MAX);
        let running = Running::start(world, processes, settings).await;
        Self {
            processes,
            door: Door(Arc::new(Mutex::new(running.system.address()))),
            spool,
            spool_bytes_max: SPOOL_BYTES_MAX,
            running: Some(running),
        }
    }

    pub(crate) fn door(&self) -> Door {
        self.door.clone()
    }

    pub(crate) fn readiness(&self) -> &Readiness {
        self.running.as_ref().expect("it runs").system.readiness()
    }

    /// Waits until it lacks nothing.
    pub(crate) async fn is_ready(&self) {
        eventually("the system is ready", async || {
            match self.readiness().missing() {
                missing if missing.is_empty() => Ok(()),
                missing => Err(missing),
            }
        })
        .await;
    }

    /// Waits until no click waits in its spool; what it answered is in the log then.
    pub(crate) async fn has_drained(&self) {
        if !self.processes.command_api || self.running.is_none() {
            return;
        }
        let guest = Guest::new(Client::new(self.door()));
        eventually("the spool is drained", async || {
            match guest.reads_the_figure("click_spool_messages").await {
                0 => Ok(()),
                waiting => Err(waiting),
            }
        })
        .await;
    }

    /// Ends it in order.
    pub(crate) async fn stop(&mut self) {
        let Some(Running { system, runtime }) = self.running.take() else {
            return;
        };
        system.stop().await.expect("every task ends in time");
        runtime.shutdown_background();
    }

    /// Ends it as a crash would: every task is cut off where it stands.
    pub(crate) fn crash(&mut self) {
        if let Some(Running { runtime, .. }) = self.running.take() {
            runtime.shutdown_background();
        }
    }

    /// Starts it anew, on another port, which the clients of its [`Door`] find.
    pub(crate) async fn start_again(&mut self, world: &mut World) {
        assert!(self.running.is_none(), "it runs already");
        let settings = spool_settings(&self.spool, self.spool_bytes_max);
        let running = Running::start(world, self.processes, settings).await;
        *self.door.0.lock().unwrap() = running.system.address();
        self.running = Some(running);
        self.is_ready().await;
    }
}

impl Running {
    async fn start(world: &mut World, processes: Processes, spool: SpoolSettings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("system")
            .enable_all()
            .build()
            .unwrap();
        let listening = runtime.spawn(Listener::bind((Ipv4Addr::LOCALHOST, 0).into()));
        let listener = listening.await.unwrap().unwrap();
        let own_url = || format!("http://{}", listener.local_addr()).parse().unwrap();
        let public_url = world.public_url.get_or_insert_with(own_url).clone();
        let blueprint = world.blueprint(processes, &public_url, spool);
        let starting = runtime.spawn(System::start(blueprint, listener));
        let system = starting.await.unwrap().unwrap();
        Self { system, runtime }
    }
}

fn spool_settings(folder: &Scratch, bytes_max: u64) -> SpoolSettings {
    SpoolSettings {
        folder: folder.path().to_owned(),
        bytes_max,
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.crash();
    }
}
