//! The streams: defined by `streams/*.json`, made or brought up to date at start.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::stream::{Config, Info};
use serde_json::{Value, json};

use crate::state::INCARNATION_KEY;
use crate::{Broker, RequestError};

const SALTS: &str = include_str!("../streams/salts.json");
const LIMITS: &str = include_str!("../streams/limits.json");
const DEFINITIONS: [&str; 8] = [
    include_str!("../streams/core.json"),
    include_str!("../streams/media.json"),
    include_str!("../streams/links.json"),
    include_str!("../streams/clicks.json"),
    include_str!("../streams/user_keys.json"),
    include_str!("../streams/visits.json"),
    SALTS,
    LIMITS,
];

/// What became of a stream's definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedStream {
    /// The stream's name in the broker.
    pub name: String,
    /// What had to be done.
    pub change: StreamChange,
}

/// What had to be done to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamChange {
    /// There was none: it was made.
    Created,
    /// It was defined otherwise: it was updated.
    Updated,
    /// It was as it should be.
    Unchanged,
}

/// The streams are not as they should be.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// JetStream does not allow the stream, or the change.
    #[error("the stream {stream} cannot be applied; it differs in {fields}")]
    Refused {
        /// The stream's name.
        stream: String,
        /// The fields that differ, each as `name: found -> wanted`.
        fields: String,
        /// The broker's reason.
        #[source]
        reason: RequestError,
    },
    /// The broker could not be asked.
    #[error("the stream {stream} could not be applied")]
    Unavailable {
        /// The stream's name.
        stream: String,
        /// What went wrong.
        #[source]
        source: RequestError,
    },
    /// A definition isn't a stream's configuration.
    #[error("a stream's definition is wrong")]
    Definition(#[from] serde_json::Error),
}

impl Broker {
    /// Makes the streams that are missing and updates those that differ, and answers what was done.
    ///
    /// Replicas, placement and metadata are the operator's and stay as they are.
    pub async fn apply_streams(&self) -> Result<Vec<AppliedStream>, StreamError> {
        let mut applied = Vec::with_capacity(DEFINITIONS.len());
        for definition in DEFINITIONS {
            let wanted = parse(definition)?;
            let name = wanted.name.clone();
            let change = self.apply(wanted).await?;
            tracing::info!(stream = name, ?change, "applied a stream's definition");
            applied.push(AppliedStream { name, change });
        }
        Ok(applied)
    }

    /// Makes the stream of counters if it is missing: a lone broker keeps nothing of it over a restart.
    pub(crate) async fn apply_limits(&self) -> Result<(), StreamError> {
        self.apply(parse(LIMITS)?).await.map(drop)
    }

    /// As [`Broker::apply_limits`], for the stream of salts.
    pub(crate) async fn apply_salts(&self) -> Result<(), StreamError> {
        self.apply(parse(SALTS)?).await.map(drop)
    }

    async fn apply(&self, wanted: Config) -> Result<StreamChange, StreamError> {
        let unavailable = |source| StreamError::Unavailable {
            stream: wanted.name.clone(),
            source,
        };
        match self.info(&wanted.name).await {
            Ok(info) => return self.update(wanted, &info.config).await,
            Err(error) if error.is(ErrorCode::STREAM_NOT_FOUND) => {}
            Err(error) => return Err(unavailable(error)),
        }
        match self.create(&wanted).await {
            Ok(()) => Ok(StreamChange::Created),
            // Another process was faster: the incarnation that it wrote is the stream's.
            Err(error) if error.is(ErrorCode::STREAM_NAME_EXIST) => {
                let info = self.info(&wanted.name).await.map_err(unavailable)?;
                self.update(wanted, &info.config).await
            }
            Err(reason @ RequestError::Refused { .. }) => {
                Err(refused(&Config::default(), &wanted, reason))
            }
            Err(error @ RequestError::NoAnswer(_)) => Err(unavailable(error)),
        }
    }

    async fn create(&self, wanted: &Config) -> Result<(), RequestError> {
        let mut config = wanted.clone();
        let incarnation = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        config
            .metadata
            .insert(INCARNATION_KEY.to_owned(), incarnation.to_string());
        let _made: Info = self
            .api(&format!("STREAM.CREATE.{}", wanted.name), &config)
            .await?;
        Ok(())
    }

    async fn update(&self, wanted: Config, found: &Config) -> Result<StreamChange, StreamError> {
        let wanted = Config {
            num_replicas: found.num_replicas,
            placement: found.placement.clone(),
            metadata: found.metadata.clone(),
            ..wanted
        };
        if wanted == *found {
            return Ok(StreamChange::Unchanged);
        }
        let operation = format!("STREAM.UPDATE.{}", wanted.name);
        match self.api::<Info>(&operation, &wanted).await {
            Ok(_) => Ok(StreamChange::Updated),
            Err(reason @ RequestError::Refused { .. }) => Err(refused(found, &wanted, reason)),
            Err(source @ RequestError::NoAnswer(_)) => Err(StreamError::Unavailable {
                stream: wanted.name,
                source,
            }),
        }
    }
}

fn parse(definition: &str) -> Result<Config, serde_json::Error> {
    let mut definition: Value = serde_json::from_str(definition)?;
    if let Some(fields) = definition.as_object_mut() {
        // The operator's choice, so it isn't in the file; but async-nats wants one.
        fields.insert("num_replicas".to_owned(), json!(1));
    }
    serde_json::from_value(definition)
}

fn refused(found: &Config, wanted: &Config, reason: RequestError) -> StreamError {
    StreamError::Refused {
        stream: wanted.name.clone(),
        fields: differences(found, wanted),
        reason,
    }
}

fn differences(found: &Config, wanted: &Config) -> String {
    let (found, wanted) = (json!(found), json!(wanted));
    let keys = [&found, &wanted]
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(|it| it.keys());
    let names: std::collections::BTreeSet<&String> = keys.collect();
    let differing: Vec<String> = names
        .into_iter()
        .map(|name| (name, found.get(name), wanted.get(name)))
        .filter(|(_, found, wanted)| found != wanted)
        .map(|(name, found, wanted)| format!("{name}: {} -> {}", shown(found), shown(wanted)))
        .collect();
    differing.join(", ")
}

fn shown(value: Option<&Value>) -> String {
    value.map_or("unset".to_owned(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use super::{DEFINITIONS, differences, parse};
    use async_nats::jetstream::stream::{Config, StorageType};
    use events::StreamName;

    #[test]
    fn every_stream_has_a_definition() {
        let names = DEFINITIONS.map(|it| parse(it).unwrap().name);
        for stream in StreamName::ALL {
            assert!(names.iter().any(|name| name == stream.as_str()), "{stream}");
        }
    }

    #[test]
    fn a_difference_is_told_with_both_values() {
        let found = parse(DEFINITIONS[0]).unwrap();
        let wanted = Config {
            storage: StorageType::Memory,
            ..found.clone()
        };
        assert_eq!(
            differences(&found, &wanted),
            r#"storage: "file" -> "memory""#
        );
    }
}
