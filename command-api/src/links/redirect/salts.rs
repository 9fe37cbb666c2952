//! The salts of visitor hashes: each is known for its day alone, and fetched before that begins.

use std::hash::Hasher;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use events::Timestamp;
use nats::{Broker, RequestError, SALT_BYTES};
use service::world;
use siphasher::sip::SipHasher24;

const DAY_S: i64 = 86_400;
/// How long before a day begins its salt is fetched: nobody waits for it at midnight.
const AHEAD_S: i64 = 600;
/// How long a day's salt is kept after it, for clicks on their way.
const BEHIND_S: i64 = 10;
/// Between two looks at the clock, or two tries to get a salt.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The salts of this day and, around midnight, of its neighbour.
#[derive(Default)]
pub(crate) struct Salts(RwLock<Vec<Salt>>);

struct Salt {
    day: i64,
    bytes: [u8; SALT_BYTES],
    /// Keyed with the first half of it, and nothing hashed yet.
    hasher: SipHasher24,
}

impl Salts {
    /// `SipHash-2-4` of the parts with the salt of that time's day, if it is known.
    ///
    /// Only the last part may have any length, so that nothing runs together. Readers never wait for one another.
    pub(super) fn sign(&self, at: Timestamp, parts: [&[u8]; 4]) -> Option<u64> {
        let day = day(seconds(at));
        let mut hasher = self.read().iter().find(|it| it.day == day)?.hasher;
        for part in parts {
            hasher.write(part);
        }
        Some(hasher.finish())
    }

    /// Forgets what is past, whether or not the broker answers, and fetches what is missing around that time.
    ///
    /// A salt that outlived its day must not be told to the broker again.
    async fn turn(&self, broker: &Broker, at: Timestamp, is_new: bool) -> Result<(), RequestError> {
        self.forget(at);
        if is_new {
            self.tell_again(broker).await?;
        }
        self.renew(broker, at).await
    }

    /// Fetches what is missing around that time.
    pub(crate) async fn renew(&self, broker: &Broker, at: Timestamp) -> Result<(), RequestError> {
        let second = seconds(at);
        let (today, soon) = (day(second), day(second + AHEAD_S));
        for day in today..=soon {
            if !self.knows(day) {
                let salt = broker.settle_salt(day, rand::random()).await?;
                self.keep(day, salt);
            }
        }
        Ok(())
    }

    /// Tells the broker what it may have forgotten, so that processes that start find the day's salt.
    async fn tell_again(&self, broker: &Broker) -> Result<(), RequestError> {
        let known: Vec<_> = self.read().iter().map(|it| (it.day, it.bytes)).collect();
        for (day, salt) in known {
            broker.settle_salt(day, salt).await?;
        }
        Ok(())
    }

    fn knows(&self, day: i64) -> bool {
        self.read().iter().any(|it| it.day == day)
    }

    fn keep(&self, day: i64, salt: [u8; SALT_BYTES]) {
        // A salt is longer than a key.
        let Some(key) = salt.first_chunk() else {
            return;
        };
        let hasher = SipHasher24::new_with_key(key);
        let mut salts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        salts.push(Salt {
            day,
            bytes: salt,
            hasher,
        });
    }

    /// Forgets what is past at that time.
    fn forget(&self, at: Timestamp) {
        let first = day(seconds(at) - BEHIND_S);
        if self.read().iter().any(|it| it.day < first) {
            let mut salts = self.0.write().unwrap_or_else(PoisonError::into_inner);
            salts.retain(|it| it.day >= first);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Salt>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps them for as long as it is polled; clicks of a day without a salt have no visitor.
#[expect(clippy::infinite_loop, reason = "runs until it is dropped")]
pub(crate) async fn renew_always(salts: Arc<Salts>, broker: Broker) {
    let (mut is_told, mut connections) = (false, 0);
    loop {
        let count = broker.connection().borrow().count;
        let renewed = salts.turn(&broker, world::now(), count != connections);
        let renewed = renewed.await;
        if renewed.is_ok() {
            connections = count;
        }
        match renewed {
            Ok(()) => is_told = false,
            Err(error) if !is_told => {
                tracing::warn!(%error, "no salt for visitor hashes yet; trying again");
                is_told = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn seconds(at: Timestamp) -> i64 {
    at.odt().unix_timestamp()
}

/// Days of UTC since 1970.
const fn day(second: i64) -> i64 {
    second.div_euclid(DAY_S)
}

#[cfg(test)]
pub(super) mod tests {
    use events::Timestamp;
    use nats::Broker;

    use super::{SALT_BYTES, Salts, day, seconds};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// What one salt makes of a text.
    fn signed(salts: &Salts, time: &str) -> Option<u64> {
        salts.sign(at(time), [b"", b"", b"", b"somebody"])
    }

    /// Salts that know one day.
    pub(in super::super) fn of_day(time: &str, salt: [u8; SALT_BYTES]) -> Salts {
        let salts = Salts::default();
        salts.keep(day(seconds(at(time))), salt);
        salts
    }

    #[test]
    fn a_salt_is_good_for_its_day_of_utc_alone() {
        let salts = of_day("2026-11-21T10:00:00Z", [1; SALT_BYTES]);
        let noon = signed(&salts, "2026-11-21T12:00:00Z");
        assert!(noon.is_some());
        for (time, is_known) in [
            ("2026-11-21T00:00:00Z", true),
            ("2026-11-21T23:59:59.999999Z", true),
            ("2026-11-20T23:59:59.999999Z", false),
            ("2026-11-22T00:00:00Z", false),
        ] {
            let expected = noon.filter(|_| is_known);
            assert_eq!(signed(&salts, time), expected, "{time}");
        }
    }

    #[tokio::test]
    async fn replicas_agree_on_each_day_fetch_the_next_ahead_and_forget_the_last() {
        let nats = servers::testing::nats().await;
        let (one, other) = (Salts::default(), Salts::default());
        let mut brokers = Vec::new();
        for _ in 0..2 {
            let broker = Broker::connect(&nats.url(), "test").await.unwrap();
            broker.apply_streams().await.unwrap();
            brokers.push(broker);
        }
        let renew = async |time: &str| {
            one.turn(&brokers[0], at(time), false).await.unwrap();
            other.turn(&brokers[1], at(time), false).await.unwrap();
        };
        let (today, tomorrow) = ("2026-11-21T12:00:00Z", "2026-11-22T12:00:00Z");
        renew("2026-11-21T23:49:00Z").await;
        let of_today = signed(&one, today).unwrap();
        assert_eq!(signed(&other, today), Some(of_today));
        assert_eq!(signed(&one, tomorrow), None);
        renew("2026-11-21T23:50:00Z").await;
        let of_tomorrow = signed(&one, tomorrow).unwrap();
        assert_eq!(signed(&other, tomorrow).as_ref(), Some(&of_tomorrow));
        assert_ne!(of_tomorrow, of_today);
        renew("2026-11-22T00:00:09Z").await;
        assert_eq!(signed(&one, today), Some(of_today));
        renew("2026-11-22T00:00:10Z").await;
        assert_eq!(signed(&one, today), None);
        assert_eq!(signed(&other, tomorrow), Some(of_tomorrow));
    }

    #[tokio::test]
    async fn a_day_that_is_past_is_forgotten_though_the_broker_is_away() {
        let mut nats = servers::testing::nats().await;
        let broker = Broker::connect(&nats.url(), "test").await.unwrap();
        let (today, tomorrow) = ("2026-11-21T12:00:00Z", "2026-11-22T12:00:00Z");
        let salts = of_day(today, [1; SALT_BYTES]);
        nats.kill().await;
        let turn = salts.turn(&broker, at(tomorrow), true);
        turn.await.unwrap_err();
        assert_eq!(signed(&salts, today), None);
    }
}
