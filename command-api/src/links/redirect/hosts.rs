//! Hosts: which domains are a workspace's own, kept in memory and kept true by the log's tail.

use std::net::Ipv4Addr;
use std::sync::Arc;

use events::links::OwnDomainEvent;
use events::{ClaimKind, Context, Subject, WorkspaceId};
use nats::{Broker, ReadError};
use quick_cache::sync::Cache;

use super::heard::Heard;
use crate::claim::holder;
use crate::decider::Aggregate;
use crate::links::domain::{DomainName, OwnDomains, Space, claim_on, claimed_domain};

/// Names that are kept, whether they are anybody's or not; some 400 bytes each.
const HOSTS_MAX: usize = 10_000;
/// Workspaces whose domains are kept; 20 domains of 400 bytes at most.
const WORKSPACES_MAX: usize = 10_000;

/// Of what the tail tells.
const COUNTS: usize = 256;

/// Domains of workspaces.
pub(super) struct Hosts {
    spaces: Cache<Box<str>, Host>,
    brought: Cache<WorkspaceId, Known>,
    heard: Heard,
}

/// Whose slugs are opened at a host.
#[derive(Clone)]
pub(crate) enum Host {
    /// The installation's: no workspace ever had the name.
    Installation,
    Own(Arc<Space>),
    /// Nobody's: a workspace had it, and whoever's links were opened there, other people's must not be.
    Nobody,
}

/// What a workspace brought, as its last event left it.
#[derive(Clone)]
struct Known {
    brought: Arc<OwnDomains>,
    /// The sequence of that event; 0 if there is none.
    version: u64,
}

impl Hosts {
    pub(super) fn new() -> Self {
        Self {
            spaces: Cache::new(HOSTS_MAX),
            brought: Cache::new(WORKSPACES_MAX),
            heard: Heard::with_counts(COUNTS),
        }
    }

    /// Whose slugs are opened at a host.
    ///
    /// A host that isn't in memory costs a read of the log, and one more if it is somebody's.
    pub(super) async fn space(&self, broker: &Broker, host: &str) -> Result<Host, ReadError> {
        let name = without_port(host);
        // This machine and bare addresses are nobody's, and asked often.
        if !name.contains('.') || name.parse::<Ipv4Addr>().is_ok() {
            return Ok(Host::Installation);
        }
        if let Some(known) = self.spaces.get(name) {
            return Ok(known);
        }
        let Ok(name) = DomainName::parse(name) else {
            return Ok(Host::Installation);
        };
        let name = name.as_str();
        if let Some(known) = self.spaces.get(name) {
            return Ok(known);
        }
        let mark = self.heard.mark(&name);
        let space = Box::pin(read_space(broker, name)).await?;
        self.heard.keep(mark, || {
            self.spaces.insert(name.into(), space.clone());
        });
        Ok(space)
    }

    /// What a workspace brought, as it was some milliseconds ago at the most.
    pub(super) async fn of(
        &self,
        broker: &Broker,
        workspace: WorkspaceId,
    ) -> Result<Arc<OwnDomains>, ReadError> {
        match self.brought.get(&workspace) {
            Some(known) => Ok(known.brought),
            None => self.anew(broker, workspace).await,
        }
    }

    /// The same, as it is; what is in memory costs one read of the leader.
    pub(super) async fn now(
        &self,
        broker: &Broker,
        workspace: WorkspaceId,
    ) -> Result<Arc<OwnDomains>, ReadError> {
        let last = broker
            .last_from_leader(&Subject::OwnDomains(workspace))
            .await?;
        let version = last.map_or(0, |it| it.position.sequence);
        match self.brought.get(&workspace) {
            Some(known) if known.version >= version => Ok(known.brought),
            Some(_) | None => self.anew(broker, workspace).await,
        }
    }

    async fn anew(
        &self,
        broker: &Broker,
        workspace: WorkspaceId,
    ) -> Result<Arc<OwnDomains>, ReadError> {
        let mark = self.heard.mark(&workspace);
        let known = read(broker, workspace).await?;
        self.heard.keep(mark, || {
            self.brought.insert(workspace, known.clone());
        });
        Ok(known.brought)
    }

    /// Something happened to what the subject names.
    pub(super) fn tell(&self, subject: &Subject) {
        if let Subject::OwnDomains(workspace) = subject {
            let forget = || self.brought.remove(workspace);
            self.heard.tell(workspace, forget);
        } else if let Subject::Claim(Context::Links, ClaimKind::Domain, key) = subject
            && let Some(name) = claimed_domain(key)
        {
            let name = name.as_str();
            self.heard.tell(&name, || self.spaces.remove(name));
        }
    }

    /// Anything may have happened.
    pub(super) fn forget(&self) {
        self.heard.tell_all(|| {
            self.spaces.clear();
            self.brought.clear();
        });
    }
}

/// Claim and history are read of the leader, in this order: both were written in one step.
async fn read_space(broker: &Broker, name: &str) -> Result<Host, ReadError> {
    let Some(last) = broker.last_from_leader(&claim_on(name)).await? else {
        return Ok(Host::Installation);
    };
    let Some(Subject::OwnDomains(workspace)) = holder(&last) else {
        return Ok(Host::Nobody);
    };
    let known = read(broker, workspace).await?;
    let verified = known.brought.verified_as(name);
    Ok(verified.map_or(Host::Nobody, |it| Host::Own(it.space(workspace).into())))
}

async fn read(broker: &Broker, workspace: WorkspaceId) -> Result<Known, ReadError> {
    let subject = Subject::OwnDomains(workspace);
    let history = broker
        .history_from_leader::<OwnDomainEvent>(&subject)
        .await?;
    let events = history.iter().map(|it| &it.event);
    Ok(Known {
        brought: Arc::new(events.fold(OwnDomains::default(), OwnDomains::evolve)),
        version: history.last().map_or(0, |it| it.position.sequence),
    })
}

/// The name of a `Host` header (RFC 9110, section 7.2).
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::without_port;

    #[test]
    fn a_port_is_no_part_of_the_name() {
        for (host, name) in [
            ("go.example", "go.example"),
            ("go.example:8443", "go.example"),
            ("go.example:", "go.example"),
            ("[::1]:80", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(without_port(host), name);
        }
    }
}
