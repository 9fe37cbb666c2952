//! Where a wish comes from: who has it, in which request, and whether it may be the same wish again.

use events::ClaimKind;
use events::{Actor, Context, EventId, Metadata, StreamName, Subject, Timestamp};
use serde::Serialize;
use service::caller::Caller;
use service::headers::IdempotencyKey;
use service::keys::Keyring;
use service::problem::Problem;
use service::request_id;
use service::{telemetry, world};

use crate::app::App;
use crate::problem::internal;

/// Who wishes something.
#[derive(Clone, Copy)]
pub(crate) enum Wisher<'a> {
    Caller(&'a Caller),
    /// Somebody who is not known, told from other strangers by what they say they are.
    Stranger(&'a str),
}

/// Who wishes something, and in which request.
pub(crate) struct Origin {
    /// When it was wished: everything that comes of it happened then.
    pub(crate) time: Timestamp,
    actor: Actor,
    correlation: Option<String>,
    traceparent: Option<String>,
    /// Set when the request has an `Idempotency-Key`.
    pub(crate) once: Option<Once>,
}

/// A wish that must come true once, however often it is sent.
pub(crate) struct Once {
    /// Names the caller and the key, in clear: never stored.
    name: String,
    /// The same, blinded: the key of the record's claim.
    key: String,
    /// Stands for the request's route and body.
    ///
    /// They are hashed together with the key that the caller sent: who has what is stored, and our keys, lacks that one,
    /// and can try out no password that the body may have.
    pub(crate) fingerprint: String,
}

impl Once {
    /// A secret of `label` that follows from the key that the caller sent, and is the same for the same wish.
    pub(crate) fn secret(&self, keyring: &Keyring, label: &str) -> [u8; 32] {
        keyring.derive(label, self.name.as_bytes())
    }

    /// Lets the fingerprint stand for something more.
    fn stand_for(
        &mut self,
        keyring: &Keyring,
        hidden: &impl Serialize,
    ) -> Result<(), serde_json::Error> {
        let hidden = serde_json::to_string(hidden)?;
        let all = format!("{}\n{}\n{hidden}", self.name, self.fingerprint);
        self.fingerprint = keyring.blind_index("idempotency-hidden", &all);
        Ok(())
    }

    /// The subject of the wish's record: on the stream of what is stored with it.
    pub(crate) fn subject(&self, stream: StreamName) -> Subject {
        let context = match stream {
            StreamName::Core => Context::Core,
            StreamName::Media => Context::Media,
            StreamName::Links => Context::Links,
            StreamName::Clicks => return Subject::ReportClaim(self.key.clone()),
        };
        Subject::Claim(context, ClaimKind::Idempotency, self.key.clone())
    }
}

impl Origin {
    /// A request of somebody who is known, or of nobody who is.
    ///
    /// `route` names what is asked for, with the ids in its path; `body` is the request as it was understood, so two spellings of the same JSON are the same wish.
    pub(crate) fn new(
        wisher: Wisher<'_>,
        key: Option<&IdempotencyKey>,
        keyring: &Keyring,
        route: &str,
        body: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        let (actor, scope) = match wisher {
            Wisher::Caller(caller) => (caller.actor(), caller.workspace.to_string()),
            Wisher::Stranger(claimed) => (Actor::Anonymous, claimed.to_lowercase()),
        };
        let once = key
            .map(|key| -> Result<Once, serde_json::Error> {
                let name = format!("{actor}\n{scope}\n{}", key.as_str());
                let wish = format!("{name}\n{route}\n{}", serde_json::to_string(body)?);
                Ok(Once {
                    key: keyring.blind_index("idempotency-key", &name),
                    name,
                    fingerprint: keyring.blind_index("idempotency-fingerprint", &wish),
                })
            })
            .transpose()?;
        Ok(Self {
            once,
            ..Self::of(actor)
        })
    }

    /// A request of somebody who is known.
    pub(crate) fn by(
        app: &App,
        caller: &Caller,
        key: Option<&IdempotencyKey>,
        route: &str,
        body: &impl Serialize,
    ) -> Result<Self, Problem> {
        Self::new(Wisher::Caller(caller), key, &app.keyring, route, body).map_err(internal)
    }

    /// The same, of a request that also has something that is serialised nowhere: another such thing is another wish.
    ///
    /// Most requests have no key, and need not be asked for it.
    pub(crate) fn hiding<T: Serialize>(
        mut self,
        keyring: &Keyring,
        hidden: impl FnOnce() -> T,
    ) -> Result<Self, Problem> {
        if let Some(once) = &mut self.once {
            once.stand_for(keyring, &hidden()).map_err(internal)?;
        }
        Ok(self)
    }

    /// A wish that may be made again without harm, and of which no record is kept.
    pub(crate) fn of(actor: Actor) -> Self {
        Self {
            time: world::now(),
            actor,
            correlation: request_id::current().map(|id| id.to_string()),
            traceparent: telemetry::current_traceparent(),
            once: None,
        }
    }

    /// The same request, as it goes on at a later time.
    pub(crate) fn at(&self, time: Timestamp) -> Self {
        Self {
            time,
            actor: self.actor,
            correlation: self.correlation.clone(),
            traceparent: self.traceparent.clone(),
            once: None,
        }
    }

    /// The metadata of one more event that comes of this wish.
    pub(crate) fn metadata(&self) -> Metadata {
        Metadata {
            id: EventId::new(world::new_id()),
            time: self.time,
            actor: self.actor,
            correlation: self.correlation.clone(),
            causation: None,
            traceparent: self.traceparent.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::OptionalFromRequestParts;
    use axum::http::Request;
    use service::headers::IdempotencyKey;
    use service::keys::Keyring;

    use super::{Origin, Wisher};

    async fn origin(keyring: &Keyring, key: &str, body: &str) -> Origin {
        let request = Request::builder().header("idempotency-key", key);
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let key = IdempotencyKey::from_request_parts(&mut parts, &()).await;
        let key = key.unwrap().unwrap();
        let wisher = Wisher::Stranger("somebody");
        Origin::new(wisher, Some(&key), keyring, "POST /", &body).unwrap()
    }

    /// What is stored of a wish that has `body` in it.
    async fn fingerprint(keyring: &Keyring, key: &str, body: &str) -> String {
        let origin = origin(keyring, key, body).await;
        origin.once.unwrap().fingerprint
    }

    /// What is stored of a wish that has `hidden` in it.
    async fn hiding(keyring: &Keyring, key: &str, hidden: &str) -> String {
        let origin = origin(keyring, key, "body").await;
        let origin = origin.hiding(keyring, || hidden).unwrap();
        origin.once.unwrap().fingerprint
    }

    #[tokio::test]
    async fn a_password_cannot_be_tried_out_without_the_callers_key() {
        let keyring = Keyring::random().unwrap();
        let stored = fingerprint(&keyring, "key", "a password").await;
        assert_eq!(fingerprint(&keyring, "key", "a password").await, stored);
        assert_ne!(fingerprint(&keyring, "key", "another").await, stored);
        assert_ne!(fingerprint(&keyring, "guess", "a password").await, stored);
    }

    #[tokio::test]
    async fn what_is_hidden_cannot_be_tried_out_without_the_callers_key() {
        let keyring = Keyring::random().unwrap();
        let stored = hiding(&keyring, "key", "192.0.2.1").await;
        assert_eq!(hiding(&keyring, "key", "192.0.2.1").await, stored);
        assert_ne!(hiding(&keyring, "key", "192.0.2.2").await, stored);
        assert_ne!(hiding(&keyring, "guess", "192.0.2.1").await, stored);
    }
}
