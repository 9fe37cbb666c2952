//! The directory: which slug leads where, kept in memory and kept true by the log's tail.
//!
//! A slug's claim names its link, and the link's history says where it leads; each is kept by itself.
//! The tail tells of both by their subjects alone: what it tells of is dropped, and read again when it is asked for.
//! Beside its link a slug keeps the destination, which holds as long as the tail tells of nothing: one look-up is enough.

use std::fmt::{self, Debug, Formatter};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use events::links::LinkEvent;
use events::{ClaimKind, Context, LinkId, Subject, WorkspaceId};
use nats::{Broker, ReadError};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use service::metrics::Metrics;

use super::Destination;
use super::heard::{Heard, Mark};
use super::hosts::{Host, Hosts};
use crate::claim::holder;
use crate::links::domain::{OwnDomains, Space, claimed};
use crate::links::slug::Slug;
use crate::links::target::Blocklist;

/// Slugs that lead nowhere and are remembered as such, so that guessing costs the broker little.
const UNKNOWN_MAX: u64 = 10_000;
/// How long such a slug is remembered.
const UNKNOWN_FOR: Duration = Duration::from_secs(5);
/// Counts of what the tail tells of slugs: a slug that shares one is read once more at most.
const SLUG_COUNTS: usize = 1_024;
/// The same of links. Many, half a megabyte: each new link makes those that share its count be looked up again.
const LINK_COUNTS: usize = 1 << 16;

/// Slugs and their destinations; a clone is a pointer.
#[derive(Clone)]
pub(crate) struct Directory(Arc<Kept>);

struct Kept {
    holders: Cache<Address, Held, Weight>,
    /// Few ask for them, and they are forgotten after a while.
    unknown: moka::sync::Cache<Address, ()>,
    links: Cache<LinkId, Arc<Destination>, Weight>,
    hosts: Hosts,
    /// What the tail told of, of slugs and of links.
    slugs_heard: Heard,
    links_heard: Heard,
    blocklist: Arc<Blocklist>,
}

/// Adds how many links are kept, which is read when it is asked for.
pub(crate) fn register(metrics: &Metrics, directory: &Directory) {
    let size = Size(directory.clone());
    metrics.register(|registry| registry.register_collector(Box::new(size)));
}

struct Size(Directory);

impl Debug for Size {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.links().fmt(f)
    }
}

impl Collector for Size {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let size = ConstGauge::new(self.0.links());
        let (name, help) = ("link_cache_links", "Links that are kept in memory");
        let kind = size.metric_type();
        size.encode(encoder.encode_descriptor(name, help, None, kind)?)
    }
}

/// How many plain links one takes the room of.
#[derive(Clone)]
struct Weight;

impl Weighter<LinkId, Arc<Destination>> for Weight {
    fn weight(&self, _: &LinkId, destination: &Arc<Destination>) -> u64 {
        destination.weight()
    }
}

/// The link that holds a slug.
#[derive(Clone, Copy)]
struct Holder {
    workspace: WorkspaceId,
    link: LinkId,
}

/// What is kept of a slug.
#[derive(Clone)]
struct Held {
    holder: Holder,
    /// Where the link led when it was last asked for.
    led: Option<Led>,
}

/// Where a link leads, unless the tail told of it since.
#[derive(Clone)]
struct Led {
    destination: Arc<Destination>,
    mark: Mark,
}

/// A slug that leads takes the room of its destination: it may keep it longer than the links do.
impl Weighter<Address, Held> for Weight {
    fn weight(&self, _: &Address, held: &Held) -> u64 {
        held.led.as_ref().map_or(1, |it| it.destination.weight())
    }
}

/// A space and a slug, in the form in which it is unique there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    space: Arc<str>,
    slug: Box<str>,
}

/// The same, borrowed: looking up allocates nothing.
#[derive(Clone, Copy, Hash)]
struct AddressRef<'a> {
    space: &'a str,
    slug: &'a str,
}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        AddressRef {
            space: &self.space,
            slug: &self.slug,
        }
        .hash(state);
    }
}

impl Equivalent<Address> for AddressRef<'_> {
    fn equivalent(&self, key: &Address) -> bool {
        *key.slug == *self.slug && *key.space == *self.space
    }
}

impl Address {
    fn new(space: &Space, slug: &str) -> Self {
        Self {
            space: Arc::clone(space.name()),
            slug: slug.into(),
        }
    }
}

impl Directory {
    /// Keeps so many slugs, and as many links; some 500 bytes for both, and up to twice that if they are of different links.
    pub(crate) fn new(links_max: u64, blocklist: Arc<Blocklist>) -> Self {
        let items_max = usize::try_from(links_max).unwrap_or(usize::MAX);
        Self(Arc::new(Kept {
            holders: Cache::with_weighter(items_max, links_max, Weight),
            unknown: moka::sync::Cache::builder()
                .max_capacity(UNKNOWN_MAX)
                .time_to_live(UNKNOWN_FOR)
                .build(),
            links: Cache::with_weighter(items_max, links_max, Weight),
            hosts: Hosts::new(),
            slugs_heard: Heard::with_counts(SLUG_COUNTS),
            links_heard: Heard::with_counts(LINK_COUNTS),
            blocklist,
        }))
    }

    /// How many links are kept.
    fn links(&self) -> u64 {
        self.0.links.len() as u64
    }

    /// Where a slug leads; what isn't in memory is read of the leader, which knows all that was told.
    pub(crate) async fn find(
        &self,
        broker: &Broker,
        space: &Space,
        slug: &str,
    ) -> Result<Option<Arc<Destination>>, ReadError> {
        // Most are asked for as they are kept.
        let asked = AddressRef {
            space: space.name(),
            slug,
        };
        let held = self.0.holders.get(&asked);
        let is_kept = held.is_some();
        if let Some(destination) = self.current(held) {
            return Ok(Some(destination));
        }
        // In a box: reading takes much room, which who finds it here need not bring.
        if is_kept {
            Box::pin(self.look(broker, space, asked)).await
        } else {
            Box::pin(self.look_in_any_spelling(broker, space, slug)).await
        }
    }

    /// Where a slug leads by what is kept, if the tail told of nothing since.
    fn current(&self, held: Option<Held>) -> Option<Arc<Destination>> {
        let led = held?.led?;
        let is_true = self.0.links_heard.is_current(led.mark);
        is_true.then_some(led.destination)
    }

    async fn look_in_any_spelling(
        &self,
        broker: &Broker,
        space: &Space,
        slug: &str,
    ) -> Result<Option<Arc<Destination>>, ReadError> {
        // What can be no slug is no link's, and might be too long to ask the broker for: it would hang up on us.
        let Ok(slug) = Slug::parse(slug) else {
            return Ok(None);
        };
        let slug = space.key(slug.as_str());
        let address = AddressRef {
            space: space.name(),
            slug: &slug,
        };
        match self.current(self.0.holders.get(&address)) {
            Some(destination) => Ok(Some(destination)),
            None => self.look(broker, space, address).await,
        }
    }

    /// Looks for the link, and where it leads, and keeps both beside the slug.
    async fn look(
        &self,
        broker: &Broker,
        space: &Space,
        address: AddressRef<'_>,
    ) -> Result<Option<Arc<Destination>>, ReadError> {
        let kept = &*self.0;
        let mark = kept.slugs_heard.mark(&address);
        let Some(holder) = self.holder(broker, space, address, mark).await? else {
            return Ok(None);
        };
        let led = self.led(broker, holder).await;
        // Who holds the slug is known even if where the link leads cannot be read now.
        let held = Held {
            holder,
            led: led.as_ref().ok().cloned().flatten(),
        };
        kept.slugs_heard.keep(mark, || {
            let address = Address::new(space, address.slug);
            kept.holders.insert(address, held);
        });
        Ok(led?.map(|it| it.destination))
    }

    /// A workspace's link, whatever its slug.
    pub(crate) async fn link(
        &self,
        broker: &Broker,
        workspace: WorkspaceId,
        link: LinkId,
    ) -> Result<Option<Arc<Destination>>, ReadError> {
        let led = self.led(broker, Holder { workspace, link }).await?;
        let destination = led.map(|it| it.destination);
        Ok(destination.filter(|it| it.workspace == workspace))
    }

    /// Who holds a slug; that nobody does is kept, unless the tail told of it since the mark.
    async fn holder(
        &self,
        broker: &Broker,
        space: &Space,
        address: AddressRef<'_>,
        mark: Mark,
    ) -> Result<Option<Holder>, ReadError> {
        let kept = &*self.0;
        if let Some(held) = kept.holders.get(&address) {
            return Ok(Some(held.holder));
        }
        if kept.unknown.contains_key(&address) {
            return Ok(None);
        }
        let last = broker.last_from_leader(&space.claim(address.slug)).await?;
        if let Some(Subject::Link(workspace, link)) = last.as_ref().and_then(holder) {
            return Ok(Some(Holder { workspace, link }));
        }
        kept.slugs_heard.keep(mark, || {
            kept.unknown.insert(Address::new(space, address.slug), ());
        });
        Ok(None)
    }

    /// Where a link leads, with the mark since which it does; `None` if its history isn't one that leads anywhere.
    async fn led(&self, broker: &Broker, holder: Holder) -> Result<Option<Led>, ReadError> {
        let kept = &*self.0;
        let mark = kept.links_heard.mark(&holder.link);
        let led = |destination| Led { destination, mark };
        if let Some(destination) = kept.links.get(&holder.link) {
            return Ok(Some(led(destination)));
        }
        let subject = Subject::Link(holder.workspace, holder.link);
        let history = broker
            .short_history_from_leader::<LinkEvent>(&subject)
            .await?;
        let events = history.iter().map(|it| &it.event);
        let destination = Destination::of(&subject, events, &kept.blocklist).map(Arc::new);
        if let Some(destination) = &destination {
            kept.links_heard.keep(mark, || {
                kept.links.insert(holder.link, Arc::clone(destination));
            });
        }
        Ok(destination.map(led))
    }

    /// Whose slugs are opened at a host.
    pub(crate) async fn host(&self, broker: &Broker, host: &str) -> Result<Host, ReadError> {
        self.0.hosts.space(broker, host).await
    }

    /// The domains that a workspace brought, as they were some milliseconds ago at the most.
    pub(crate) async fn own_domains(
        &self,
        broker: &Broker,
        workspace: WorkspaceId,
    ) -> Result<Arc<OwnDomains>, ReadError> {
        self.0.hosts.of(broker, workspace).await
    }

    /// The same, as they are: for whoever has just verified one, or made one the default.
    pub(crate) async fn own_domains_now(
        &self,
        broker: &Broker,
        workspace: WorkspaceId,
    ) -> Result<Arc<OwnDomains>, ReadError> {
        self.0.hosts.now(broker, workspace).await
    }

    /// Something happened to what the subject names.
    pub(super) fn tell(&self, subject: &Subject) {
        let kept = &*self.0;
        kept.hosts.tell(subject);
        if let Subject::Link(_, link) = subject {
            kept.links_heard.tell(link, || kept.links.remove(link));
        } else if let Subject::Claim(Context::Links, ClaimKind::Slug, key) = subject
            && let Some(address) = claimed(key)
        {
            let (space, slug) = (&*address.0, &*address.1);
            let address = AddressRef { space, slug };
            kept.slugs_heard.tell(&address, || {
                kept.holders.remove(&address);
                kept.unknown.invalidate(&address);
            });
        }
    }

    /// Anything may have happened.
    pub(super) fn forget(&self) {
        let kept = &*self.0;
        kept.hosts.forget();
        kept.slugs_heard.tell_all(|| {
            kept.links_heard.tell_all(|| {
                kept.holders.clear();
                kept.unknown.invalidate_all();
                kept.links.clear();
            });
        });
    }
}
