//! The directory: which slug leads where, kept in memory and kept true by the log's tail.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use events::links::LinkEvent;
use events::{StreamName, Subject};
use moka::Equivalent;
use moka::sync::Cache;
use nats::{Broker, ReadError, Start, Tail};

use super::Destination;
use crate::claim::holder;
use crate::links::domain::claim;
use crate::links::slug::Slug;

/// Links that are kept; some 400 bytes each.
const LINKS_MAX: u64 = 100_000;
/// Slugs that lead nowhere and are remembered as such, so that guessing costs the broker little.
const UNKNOWN_MAX: u64 = 10_000;
/// How long such a slug is remembered.
const UNKNOWN_FOR: Duration = Duration::from_secs(5);
/// How long a tail that broke is left alone.
const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// Messages and bytes of the tail that are looked at together.
const TAIL_MESSAGES_MAX: usize = 1_000;
const TAIL_BYTES_MAX: usize = 4 << 20;

/// Slugs and their destinations; a clone is a pointer.
#[derive(Clone)]
pub(crate) struct Directory {
    known: Cache<Address, Arc<Destination>>,
    unknown: Cache<Address, ()>,
    /// How often the tail told of links; what was read before it spoke may be old.
    told: Arc<AtomicU64>,
}

/// A domain and a slug.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    domain: Box<str>,
    slug: Box<str>,
}

/// The same, borrowed: looking up allocates nothing.
#[derive(Hash)]
struct AddressRef<'a> {
    domain: &'a str,
    slug: &'a str,
}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        AddressRef {
            domain: &self.domain,
            slug: &self.slug,
        }
        .hash(state);
    }
}

impl Equivalent<Address> for AddressRef<'_> {
    fn equivalent(&self, key: &Address) -> bool {
        *key.slug == *self.slug && *key.domain == *self.domain
    }
}

impl Directory {
    pub(crate) fn new() -> Self {
        Self {
            known: Cache::new(LINKS_MAX),
            unknown: Cache::builder()
                .max_capacity(UNKNOWN_MAX)
                .time_to_live(UNKNOWN_FOR)
                .build(),
            told: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Where a slug leads; a slug that isn't in memory costs two reads of the log.
    pub(crate) async fn find(
        &self,
        broker: &Broker,
        domain: &str,
        slug: &str,
    ) -> Result<Option<Arc<Destination>>, ReadError> {
        let address = AddressRef { domain, slug };
        if let Some(destination) = self.known.get(&address) {
            return Ok(Some(destination));
        }
        // What can be no slug is no link's, and might be too long to ask the broker for: it would hang up on us.
        if Slug::parse(slug).is_err() || self.unknown.contains_key(&address) {
            return Ok(None);
        }
        self.read(broker, domain, slug).await
    }

    async fn read(
        &self,
        broker: &Broker,
        domain: &str,
        slug: &str,
    ) -> Result<Option<Arc<Destination>>, ReadError> {
        let told = self.told.load(Ordering::Acquire);
        let destination = read(broker, domain, slug).await?.map(Arc::new);
        // What the tail told of meanwhile may be this very link: then the answer is given, but not kept.
        if told == self.told.load(Ordering::Acquire) {
            let address = Address {
                domain: domain.into(),
                slug: slug.into(),
            };
            match &destination {
                Some(destination) => self.known.insert(address, Arc::clone(destination)),
                None => self.unknown.insert(address, ()),
            }
        }
        Ok(destination)
    }

    fn forget(&self) {
        self.told.fetch_add(1, Ordering::AcqRel);
        self.known.invalidate_all();
        self.unknown.invalidate_all();
    }

    fn tell(&self, subject: &Subject, event: &LinkEvent) {
        match event {
            LinkEvent::Shortened { domain, slug, .. } => {
                self.told.fetch_add(1, Ordering::AcqRel);
                self.unknown.invalidate(&AddressRef { domain, slug });
                if let Some(destination) = Destination::of(subject, [event]) {
                    let address = Address {
                        domain: domain.as_str().into(),
                        slug: slug.as_str().into(),
                    };
                    self.known.insert(address, Arc::new(destination));
                }
            }
        }
    }
}

/// The claim on the slug names the link; the link's history says where it leads.
async fn read(broker: &Broker, domain: &str, slug: &str) -> Result<Option<Destination>, ReadError> {
    let Some(claim) = broker.last(&claim(domain, slug)).await? else {
        return Ok(None);
    };
    let Some(subject) = holder(&claim) else {
        return Ok(None);
    };
    let history = broker.history::<LinkEvent>(&subject).await?;
    Ok(Destination::of(
        &subject,
        history.iter().map(|it| &it.event),
    ))
}

/// Keeps the directory true for as long as it is polled: what happens to links is in it within milliseconds.
#[expect(clippy::infinite_loop, reason = "runs until it is dropped")]
pub(crate) async fn follow(directory: Directory, broker: Broker, mut tail: Tail) {
    loop {
        let error = listen(&directory, &mut tail).await;
        tracing::warn!(%error, "the tail of LINKS broke; reading it anew");
        tail = reopen(&broker).await;
        // What happened in between was not heard.
        directory.forget();
    }
}

async fn listen(directory: &Directory, tail: &mut Tail) -> ReadError {
    loop {
        let batch = match tail.next_batch(TAIL_MESSAGES_MAX, TAIL_BYTES_MAX).await {
            Ok(batch) => batch,
            Err(error) => return error,
        };
        for message in batch
            .iter()
            .filter(|it| matches!(it.subject, Some(Subject::Link(..))))
        {
            match message.decode::<LinkEvent>() {
                Ok(recorded) => directory.tell(&recorded.subject, &recorded.event),
                Err(error) => {
                    tracing::error!(%error, position = %message.position, "an event of LINKS is unreadable");
                }
            }
        }
    }
}

async fn reopen(broker: &Broker) -> Tail {
    loop {
        match broker.tail(StreamName::Links, Start::New).await {
            Ok(tail) => return tail,
            Err(error) => tracing::warn!(%error, "the tail of LINKS could not be opened"),
        }
        tokio::time::sleep(REOPEN_AFTER).await;
    }
}
