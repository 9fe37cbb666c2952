//! The whole system on servers of a test's own, spoken to in the words of those who use it.

mod answer;
mod audit;
mod client;
mod crowd;
mod dns;
mod guest;
mod link;
mod listener;
mod log;
mod person;
mod producer;
mod replica;
mod tests;
mod visitor;
mod watch;
mod world;

use std::net::SocketAddr;
use std::thread;

use millrace::system::Processes;

pub(crate) use self::answer::Answer;
pub(crate) use self::client::Client;
pub(crate) use self::crowd::{Crowd, Tallies};
pub(crate) use self::dns::Dns;
pub(crate) use self::guest::Guest;
pub(crate) use self::link::Link;
pub(crate) use self::listener::{Heard, Listener, Lot, Way};
pub(crate) use self::log::Log;
pub(crate) use self::person::Person;
pub(crate) use self::producer::Producer;
pub(crate) use self::replica::Replica;
pub(crate) use self::visitor::Visitor;
pub(crate) use self::watch::{End, Watch, place, protocols};
pub(crate) use self::world::{Database, PASSWORD, World};

/// All but the projectors.
pub(crate) const APIS: Processes = Processes {
    projectors: false,
    ..Processes::ALL
};
/// The command API alone.
pub(crate) const COMMAND_API: Processes = Processes {
    query_api: false,
    ..APIS
};
/// The query API alone.
pub(crate) const QUERY_API: Processes = Processes {
    command_api: false,
    ..APIS
};
/// The projectors alone.
pub(crate) const PROJECTORS: Processes = Processes {
    command_api: false,
    projectors: true,
    query_api: false,
};

/// Systems on one broker and one database, which must be [`finished`](Stack::finish).
pub(crate) struct Stack {
    pub(crate) world: World,
    /// People and visitors speak to the first, unless they say otherwise.
    pub(crate) replicas: Vec<Replica>,
    is_finished: bool,
}

impl Stack {
    /// Everything in one process.
    pub(crate) async fn start() -> Self {
        Self::of(&[Processes::ALL]).await
    }

    /// A process for each, on one broker and one database.
    pub(crate) async fn of(processes: &[Processes]) -> Self {
        Self::over(Database::shared().await, processes).await
    }

    /// As [`Stack::of`], with a database that may be taken away.
    pub(crate) async fn over(database: Database, processes: &[Processes]) -> Self {
        Self::within(World::new(database).await, processes).await
    }

    /// As [`Stack::of`], with rate limits, which are off elsewhere.
    pub(crate) async fn limited_to(limits: &str, processes: &[Processes]) -> Self {
        let world = World::new(Database::shared().await).await;
        Self::within(world.limited_to(limits), processes).await
    }

    /// Everything in a process for each, which asks this resolver for records of domains.
    pub(crate) async fn resolving_at(resolver: SocketAddr, processes: &[Processes]) -> Self {
        let mut world = World::new(Database::shared().await).await;
        world.dns_resolver = Some(resolver);
        Self::within(world, processes).await
    }

    /// As [`Stack::of`], behind a proxy that is trusted, with a file that tells where visitors are.
    pub(crate) async fn behind_a_proxy(processes: &[Processes]) -> Self {
        let world = World::new(Database::shared().await).await;
        Self::within(world.behind_a_proxy(), processes).await
    }

    async fn within(world: World, processes: &[Processes]) -> Self {
        let mut stack = Self {
            world,
            replicas: Vec::new(),
            is_finished: false,
        };
        for &processes in processes {
            let replica = Replica::start(&mut stack.world, processes).await;
            stack.replicas.push(replica);
        }
        for replica in &stack.replicas {
            replica.is_ready().await;
        }
        stack
    }

    /// Somebody without an account.
    pub(crate) fn guest(&self) -> Guest {
        Guest::new(self.client())
    }

    /// Somebody with an account, logged in.
    pub(crate) async fn person(&self, name: &str) -> Person {
        Person::register(self.client(), name).await
    }

    /// Somebody who opens links with a browser.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::new(self.client())
    }

    /// What the log holds, every click that was answered among it.
    pub(crate) async fn log(&self) -> Log {
        for replica in &self.replicas {
            replica.has_drained().await;
        }
        Log::open(&self.world).await
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.replicas[0].door())
    }

    /// Waits until everything on the log is in the read models.
    pub(crate) async fn catches_up(&self) {
        audit::has_caught_up(&self.world, &self.log().await).await;
    }

    /// Ends it, and asserts what must be true at the end of every story: everything on the log is in the
    /// read models, exactly once, with nothing set aside, and every task ends in time.
    pub(crate) async fn finish(mut self) {
        self.is_finished = true;
        audit::pass(&self.world, &self.log().await).await;
        for replica in &mut self.replicas {
            replica.stop().await;
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        assert!(
            self.is_finished || thread::panicking(),
            "the story ends without `stack.finish().await`"
        );
    }
}
