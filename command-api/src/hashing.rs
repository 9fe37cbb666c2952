//! Hashing passwords: on threads of its own that give way to those who answer redirects, a few at a time.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Hashes that wait for their turn; beyond, callers are told to come again.
/// At some 20 ms each on two cores, the last waits for two thirds of a second.
const WAITING_MAX: usize = 64;
/// Of them the passwords of links, which anybody may set: the rest is for those who log in.
const OF_LINKS_MAX: usize = WAITING_MAX / 2;
/// The niceness of the threads: with nothing else to do they get whole cores, else a tenth of one.
const NICENESS: i32 = 10;

/// What one hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCost {
    /// OWASP's argon2id parameters: 19 MiB, two passes, one lane; some 20 ms of a core.
    Owasp,
    /// Next to nothing, so that a benchmark can measure everything else. Never for people.
    Nothing,
}

/// The bounded room where passwords are hashed.
#[derive(Clone)]
pub(crate) struct Hashing {
    queue: SyncSender<Job>,
    /// The places that may be taken here, if not all.
    places: Option<Arc<Semaphore>>,
    cost: PasswordCost,
    /// The hash of a password that nobody knows, so that an unknown address costs the time of a known one.
    nobodys: Arc<str>,
}

type Job = Box<dyn FnOnce() + Send>;

/// What can be handed over to be hashed.
pub(crate) trait Secret: AsRef<[u8]> + Send + 'static {}

impl<T: AsRef<[u8]> + Send + 'static> Secret for T {}

/// Why there is no hash, or no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashingError {
    /// Too many wait already.
    #[error("{WAITING_MAX} passwords wait to be hashed")]
    Busy,
    /// argon2 failed.
    #[error("argon2 failed")]
    Argon2(#[source] argon2::password_hash::Error),
    /// argon2 doesn't take the parameters.
    #[error("argon2 does not take the parameters")]
    Params(#[source] argon2::Error),
    /// The hash on the log is no PHC string.
    #[error("the stored hash is no PHC string")]
    Phc(#[source] argon2::password_hash::phc::Error),
    /// No thread could be started.
    #[error("no thread for hashing could be started")]
    Thread(#[source] std::io::Error),
    /// The thread that hashed fell over.
    #[error("the hashing thread fell over")]
    Lost,
}

impl PasswordCost {
    fn argon2(self) -> Result<Argon2<'static>, HashingError> {
        match self {
            Self::Owasp => Ok(Argon2::default()),
            Self::Nothing => {
                let params = Params::new(Params::MIN_M_COST, 1, 1, None);
                let params = params.map_err(HashingError::Params)?;
                Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
            }
        }
    }

    fn hash(self, password: &[u8]) -> Result<String, HashingError> {
        let phc = self
            .argon2()?
            .hash_password(password)
            .map_err(HashingError::Argon2)?;
        Ok(phc.to_string())
    }
}

impl Hashing {
    /// Starts a thread for each core; they end when the last clone is dropped.
    pub(crate) fn new(cost: PasswordCost) -> Result<Self, HashingError> {
        let nobody = uuid::Uuid::from_bytes(rand::random()).to_string();
        let (queue, jobs) = sync_channel(WAITING_MAX);
        let jobs = Arc::new(Mutex::new(jobs));
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores {
            let jobs = Arc::clone(&jobs);
            let hasher = thread::Builder::new().name("hashing".to_owned());
            hasher
                .spawn(move || work(&jobs))
                .map_err(HashingError::Thread)?;
        }
        Ok(Self {
            queue,
            places: None,
            cost,
            nobodys: cost.hash(nobody.as_bytes())?.into(),
        })
    }

    /// The same room for the passwords of links, which never fill it.
    pub(crate) fn of_links(&self) -> Self {
        Self {
            places: Some(Arc::new(Semaphore::new(OF_LINKS_MAX))),
            ..self.clone()
        }
    }

    /// The argon2id hash of a password, as a PHC string with a salt of its own.
    pub(crate) async fn hash(&self, password: impl Secret) -> Result<String, HashingError> {
        let cost = self.cost;
        self.in_turn(move || cost.hash(password.as_ref())).await
    }

    /// Whether this is the password of the hash; `None` is nobody's hash: never right, after the same time.
    pub(crate) async fn is_right(
        &self,
        password: impl Secret,
        phc: Option<String>,
    ) -> Result<bool, HashingError> {
        let is_somebody = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.nobodys.as_ref().to_owned());
        let verify = move || {
            let stored = PasswordHash::new(&phc).map_err(HashingError::Phc)?;
            // The parameters are the stored hash's own.
            let verified = Argon2::default().verify_password(password.as_ref(), &stored);
            Ok(verified.is_ok())
        };
        Ok(self.in_turn(verify).await? && is_somebody)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let (answer, answered) = oneshot::channel();
        let place = self.place()?;
        let job: Job = Box::new(move || {
            // Who has hung up while waiting costs nothing.
            if !answer.is_closed() {
                drop(answer.send(work()));
            }
            drop(place);
        });
        self.queue.try_send(job).map_err(|_| HashingError::Busy)?;
        answered.await.map_err(|_| HashingError::Lost)?
    }

    /// A place, which is held until its job is done, if they are counted.
    fn place(&self) -> Result<Option<OwnedSemaphorePermit>, HashingError> {
        let place = self.places.clone().map(Semaphore::try_acquire_owned);
        place.transpose().map_err(|_| HashingError::Busy)
    }
}

/// Does one job after the other until there is nobody left to give any.
fn work(jobs: &Mutex<Receiver<Job>>) {
    // Where it isn't allowed, hashing competes with redirects as an equal.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the hashing threads keep their priority");
    }
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        job();
    }
}

#[cfg(test)]
mod tests {
    use super::{Hashing, HashingError, OF_LINKS_MAX, PasswordCost, WAITING_MAX};

    #[tokio::test]
    async fn only_the_password_itself_is_right() {
        let hashing = Hashing::new(PasswordCost::Owasp).unwrap();
        let good = || "correct horse battery";
        let phc = hashing.hash(good()).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        let is_right = async |it, phc| hashing.is_right(it, phc).await.unwrap();
        assert!(is_right(good(), Some(phc.clone())).await);
        assert!(!is_right("correct horse batterz", Some(phc)).await);
        assert!(!is_right(good(), None).await);
    }

    #[tokio::test]
    async fn a_storm_is_turned_away_not_queued_without_end() {
        let hashing = Hashing::new(PasswordCost::Owasp).unwrap();
        let storm = (0..WAITING_MAX * 4).map(|_| hashing.hash("correct horse battery"));
        let results = futures::future::join_all(storm).await;
        let is_busy = |it: &&Result<_, _>| matches!(it, Err(HashingError::Busy));
        let busy = results.iter().filter(is_busy).count();
        let hashed = results.iter().filter(|it| it.is_ok()).count();
        assert_eq!(busy + hashed, WAITING_MAX * 4);
        assert!(
            busy >= WAITING_MAX && hashed >= WAITING_MAX,
            "{busy} {hashed}"
        );
    }

    #[tokio::test]
    async fn whoever_logs_in_finds_a_place_however_many_links_get_passwords() {
        let hashing = Hashing::new(PasswordCost::Owasp).unwrap();
        let of_links = hashing.of_links();
        let storm = (0..WAITING_MAX * 4).map(|_| of_links.hash("sesame"));
        // Polled in this order: the storm has taken its places when somebody logs in.
        let (stormed, login) = futures::future::join(
            futures::future::join_all(storm),
            hashing.hash("correct horse battery"),
        )
        .await;
        assert!(login.is_ok(), "{login:?}");
        let hashed = stormed.iter().filter(|it| it.is_ok()).count();
        assert!((OF_LINKS_MAX..WAITING_MAX).contains(&hashed), "{hashed}");
        // The places are free again.
        of_links.hash("sesame").await.unwrap();
    }
}
