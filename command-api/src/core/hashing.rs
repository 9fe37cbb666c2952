//! Hashing passwords: away from the threads that answer redirects, and never more than a few at once.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use super::password::Password;

/// Hashes under way at once; each takes a core for some 20 ms and 19 MiB (OWASP's argon2id parameters).
const AT_ONCE_MAX: usize = 2;
/// Hashes that wait for their turn; beyond, callers are told to come again.
const WAITING_MAX: usize = 64;

/// The bounded room where passwords are hashed.
#[derive(Clone)]
pub(crate) struct Hashing {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    /// The hash of a password that nobody knows, so that an unknown address costs the time of a known one.
    nobodys: Arc<str>,
}

/// Why there is no hash, or no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashingError {
    /// Too many wait already.
    #[error("{WAITING_MAX} passwords wait to be hashed")]
    Busy,
    /// argon2 failed.
    #[error("argon2 failed")]
    Argon2(#[source] argon2::password_hash::Error),
    /// The hash on the log is no PHC string.
    #[error("the stored hash is no PHC string")]
    Phc(#[source] argon2::password_hash::phc::Error),
    /// The thread that hashed fell over.
    #[error("the hashing thread fell over")]
    Thread(#[from] tokio::task::JoinError),
}

impl Hashing {
    pub(crate) fn new() -> Result<Self, HashingError> {
        let nobodys = hash(
            uuid::Uuid::from_bytes(rand::random())
                .to_string()
                .as_bytes(),
        )?;
        Ok(Self {
            places: Arc::new(Semaphore::new(AT_ONCE_MAX + WAITING_MAX)),
            turns: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            nobodys: nobodys.into(),
        })
    }

    /// The argon2id hash of a password, as a PHC string with a salt of its own.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, HashingError> {
        self.in_turn(move || hash(password.as_bytes())).await
    }

    /// Whether this is the password of the hash; `None` is nobody's hash: never right, after the same time.
    pub(crate) async fn is_right(
        &self,
        password: Password,
        phc: Option<String>,
    ) -> Result<bool, HashingError> {
        let is_somebody = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.nobodys.as_ref().to_owned());
        let verify = move || {
            let stored = PasswordHash::new(&phc).map_err(HashingError::Phc)?;
            Ok(Argon2::default()
                .verify_password(password.as_bytes(), &stored)
                .is_ok())
        };
        Ok(self.in_turn(verify).await? && is_somebody)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let _place = self.places.try_acquire().map_err(|_| HashingError::Busy)?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| HashingError::Busy)?;
        // The turn ends with the work, not with the request: a caller who hangs up frees no core.
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        })
        .await?
    }
}

fn hash(password: &[u8]) -> Result<String, HashingError> {
    let phc = Argon2::default()
        .hash_password(password)
        .map_err(HashingError::Argon2)?;
    Ok(phc.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Hashing, HashingError, WAITING_MAX};
    use crate::core::password::Password;

    fn password(text: &str) -> Password {
        Password::parse(text.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn only_the_password_itself_is_right() {
        let hashing = Hashing::new().unwrap();
        let phc = hashing
            .hash(password("correct horse battery"))
            .await
            .unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(
            hashing
                .is_right(password("correct horse battery"), Some(phc.clone()))
                .await
                .unwrap()
        );
        assert!(
            !hashing
                .is_right(password("correct horse batterz"), Some(phc))
                .await
                .unwrap()
        );
        assert!(
            !hashing
                .is_right(password("correct horse battery"), None)
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn a_storm_is_turned_away_not_queued_without_end() {
        let hashing = Hashing::new().unwrap();
        let storm = (0..WAITING_MAX * 2).map(|_| hashing.hash(password("correct horse battery")));
        let results = futures::future::join_all(storm).await;
        let busy = results
            .iter()
            .filter(|it| matches!(it, Err(HashingError::Busy)))
            .count();
        assert_eq!(busy, WAITING_MAX * 2 - super::AT_ONCE_MAX - WAITING_MAX);
    }
}
