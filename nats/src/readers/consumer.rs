//! The durable consumers of those who read the bus: made, told and removed by the system, never by the readers.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::ErrorCode;
use bytes::Bytes;
use events::{StreamName, Timestamp, WorkspaceId, filters};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};

use super::ReaderName;
use crate::request::read as read_answer;
use crate::{Broker, RequestError};

/// Where a consumer's metadata says what it may read.
const REACH_KEY: &str = "millrace-reach";
/// What stands there for every workspace.
const EVERYTHING: &str = "everything";
/// How long a message waits for its acknowledgement before it comes again.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How many messages may wait for theirs at once, if a reader wants it so.
pub const READER_IN_FLIGHT_MAX: u16 = 1_000;
/// How many requests may wait for messages at once.
const WAITING_MAX: u32 = 64;
/// How many messages one request may ask for.
const BATCH_MAX: u32 = 1_000;
/// How long one may wait: the broker forgets after two minutes where to an answer goes that none was given to.
const EXPIRES_MAX: Duration = Duration::from_mins(1);

/// What a reader may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Events of every workspace, and of users and sessions.
    Everything,
    /// Events of one workspace.
    Workspace(WorkspaceId),
}

/// Where a reader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderStart {
    /// With the first event that is kept.
    First,
    /// With what happens from now on.
    New,
    /// With what was stored at this time or later.
    Since(Timestamp),
}

/// How a reader reads a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What of it.
    pub reach: Reach,
    /// From where on.
    pub start: ReaderStart,
    /// How many messages it may have that it hasn't acknowledged: with one they come in order, always; with more, one
    /// that comes again may come after later ones.
    pub in_flight: u16,
}

/// A reader's consumer on one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderConsumer {
    /// Whose it is.
    pub reader: ReaderName,
    /// The stream that it reads.
    pub stream: StreamName,
    /// What of it.
    pub reach: Reach,
    /// How many messages it was not yet given.
    pub pending: u64,
    /// How many it was given and has not acknowledged.
    pub unacknowledged: u64,
    /// The sequence up to which it has acknowledged everything.
    pub acknowledged: u64,
}

/// A reader's consumer could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// The stream has nothing for it.
    #[error("{0} has nothing of a single workspace")]
    Nothing(StreamName),
    /// There is one of that name that reads otherwise.
    #[error(
        "{stream} has a consumer {reader} that reads otherwise; remove it first, or take another name"
    )]
    Taken {
        /// The stream.
        stream: StreamName,
        /// The name.
        reader: ReaderName,
    },
    /// The broker did not make it.
    #[error("the consumer on {stream} could not be made")]
    Request {
        /// The stream.
        stream: StreamName,
        /// What went wrong.
        #[source]
        source: RequestError,
    },
}

#[derive(Deserialize)]
struct Page {
    total: usize,
    consumers: Option<Vec<Info>>,
}

#[derive(Deserialize)]
struct Info {
    name: String,
    config: InfoConfig,
    ack_floor: Floor,
    num_ack_pending: u64,
    num_pending: u64,
}

#[derive(Deserialize)]
struct InfoConfig {
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Floor {
    stream_seq: u64,
}

#[derive(Deserialize)]
struct UserInfo {
    data: UserData,
}

#[derive(Deserialize)]
struct UserData {
    account: String,
}

impl Broker {
    /// Makes a reader's consumer on a stream; one that is there and reads the same stays as it is.
    pub async fn make_reader(
        &self,
        reader: &ReaderName,
        stream: StreamName,
        reading: Reading,
    ) -> Result<(), ReaderError> {
        let filters = filters(stream, reading.reach.workspace());
        if filters.is_empty() {
            return Err(ReaderError::Nothing(stream));
        }
        let question = json!({
            "stream_name": stream.as_str(),
            "action": "create",
            "config": config(reader, &filters, reading),
        });
        let operation = format!("CONSUMER.CREATE.{stream}.{reader}");
        match self.api::<IgnoredAny>(&operation, &question).await {
            Ok(_) => Ok(()),
            Err(error) if error.is(ErrorCode::CONSUMER_ALREADY_EXISTS) => Err(ReaderError::Taken {
                stream,
                reader: reader.clone(),
            }),
            Err(source) => Err(ReaderError::Request { stream, source }),
        }
    }

    /// Every reader's consumers, by stream and name.
    pub async fn readers(&self) -> Result<Vec<ReaderConsumer>, RequestError> {
        let mut readers = Vec::new();
        for stream in StreamName::ALL {
            let mut seen = 0;
            loop {
                let question = json!({ "offset": seen });
                let page: Page = self
                    .api(&format!("CONSUMER.LIST.{stream}"), &question)
                    .await?;
                let infos = page.consumers.unwrap_or_default();
                seen += infos.len();
                let is_last = infos.is_empty() || seen >= page.total;
                readers.extend(infos.iter().filter_map(|it| read(stream, it)));
                if is_last {
                    break;
                }
            }
        }
        Ok(readers)
    }

    /// Removes a reader's consumer, and where it stood with it; answers whether there was one.
    pub async fn remove_reader(
        &self,
        reader: &ReaderName,
        stream: StreamName,
    ) -> Result<bool, RequestError> {
        let subject = format!("$JS.API.CONSUMER.DELETE.{stream}.{reader}");
        match self.ask::<IgnoredAny>(subject).await {
            Ok(_) => Ok(true),
            Err(error) if error.is(ErrorCode::CONSUMER_NOT_FOUND) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The broker's account that holds the streams: the one that this connection is in.
    pub async fn account(&self) -> Result<String, RequestError> {
        let info: UserInfo = self.ask("$SYS.REQ.USER.INFO".to_owned()).await?;
        Ok(info.data.account)
    }

    /// Some questions may have no body at all.
    async fn ask<T: DeserializeOwned>(&self, subject: String) -> Result<T, RequestError> {
        let answer = self
            .request(subject, HeaderMap::new(), Bytes::new())
            .await?;
        read_answer(&answer.payload)
    }
}

impl Reach {
    /// The one workspace.
    #[must_use]
    pub const fn workspace(self) -> Option<WorkspaceId> {
        match self {
            Self::Everything => None,
            Self::Workspace(workspace) => Some(workspace),
        }
    }

    fn name(self) -> String {
        self.workspace()
            .map_or(EVERYTHING.to_owned(), |it| it.to_string())
    }

    fn named(name: &str) -> Option<Self> {
        if name == EVERYTHING {
            return Some(Self::Everything);
        }
        name.parse().ok().map(Self::Workspace)
    }
}

fn config(reader: &ReaderName, filters: &[String], reading: Reading) -> Value {
    let (policy, since) = match reading.start {
        ReaderStart::First => ("all", None),
        ReaderStart::New => ("new", None),
        ReaderStart::Since(time) => ("by_start_time", Some(time)),
    };
    let mut config = json!({
        "name": reader.as_str(),
        "durable_name": reader.as_str(),
        "filter_subjects": filters,
        "deliver_policy": policy,
        "ack_policy": "explicit",
        "ack_wait": nanoseconds(ACK_WAIT),
        "replay_policy": "instant",
        "max_ack_pending": reading.in_flight,
        "max_waiting": WAITING_MAX,
        "max_batch": BATCH_MAX,
        "max_expires": nanoseconds(EXPIRES_MAX),
        "metadata": { REACH_KEY: reading.reach.name() },
    });
    if let (Some(fields), Some(time)) = (config.as_object_mut(), since) {
        fields.insert("opt_start_time".to_owned(), json!(time));
    }
    config
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The consumers of Millrace itself, and those that the operator made, are no readers'.
fn read(stream: StreamName, info: &Info) -> Option<ReaderConsumer> {
    let reach = info.config.metadata.get(REACH_KEY)?;
    Some(ReaderConsumer {
        reader: info.name.parse().ok()?,
        stream,
        reach: Reach::named(reach)?,
        pending: info.num_pending,
        unacknowledged: info.num_ack_pending,
        acknowledged: info.ack_floor.stream_seq,
    })
}
