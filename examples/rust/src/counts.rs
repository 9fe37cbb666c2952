//! What was made of the messages, and how far they were read: kept together, so that one never goes without the other.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use async_nats::jetstream::Message;
use serde::{Deserialize, Serialize};

/// What a message says that holds clicks.
const BATCH: &str = "application/cloudevents-batch+json";

/// Counts in a file.
pub(crate) struct Counts {
    path: PathBuf,
    folder: PathBuf,
    state: State,
}

#[derive(Clone, Default, Deserialize, Serialize)]
struct State {
    /// The last message's sequence in the stream.
    position: u64,
    /// The last number of each producer in each workspace.
    last: BTreeMap<String, u64>,
    clicks: BTreeMap<String, u64>,
}

/// As much of an event as is counted.
#[derive(Deserialize)]
struct Click {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    link_id: String,
}

impl Counts {
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let path = std::path::absolute(path)?;
        let folder = path.parent().context("a folder is no file")?.to_owned();
        let state = if path.exists() {
            serde_json::from_slice(&fs::read(&path)?)?
        } else {
            State::default()
        };
        Ok(Self {
            path,
            folder,
            state,
        })
    }

    /// Counts a message. The new state is made aside, and is the state once it is kept: a message that was not counted
    /// must not look as if it had been.
    pub(crate) fn take(&mut self, message: &Message) -> anyhow::Result<()> {
        let info = message
            .info()
            .map_err(|error| anyhow!("no position: {error}"))?;
        // It was given to us before, and the broker never heard that we had it.
        if info.stream_sequence <= self.state.position {
            return Ok(());
        }
        let mut next = self.state.clone();
        next.position = info.stream_sequence;
        next.count(message)?;
        self.keep(&next)?;
        self.state = next;
        Ok(())
    }

    /// Replaces the file in one step.
    fn keep(&self, state: &State) -> anyhow::Result<()> {
        let mut new = self.path.clone().into_os_string();
        new.push(".new");
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec(state)?)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        // That the file has another name now stands in the folder, which a power failure must not take back either.
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }
}

impl State {
    fn count(&mut self, message: &Message) -> anyhow::Result<()> {
        // The other events of the stream say what a workspace does not count: clicks that come are counted here all the same.
        if header(message, "content-type") == Some(BATCH) && self.is_new(message)? {
            for click in serde_json::from_slice::<Vec<Click>>(&message.payload)? {
                *self.clicks.entry(click.data.link_id).or_default() += 1;
            }
        }
        Ok(())
    }

    /// A producer that got no answer sends its message again, under the same number.
    fn is_new(&mut self, message: &Message) -> anyhow::Result<bool> {
        let number = header(message, "millrace-batch");
        let (Some(producer), Some(batch)) = (header(message, "millrace-producer"), number) else {
            return Ok(true);
        };
        let number = batch.parse().context("millrace-batch")?;
        let key = format!("{} {producer}", message.subject);
        let last = self.last.get(&key);
        if last.is_some_and(|last| number <= *last) {
            return Ok(false);
        }
        self.last.insert(key, number);
        Ok(true)
    }
}

fn header<'m>(message: &'m Message, name: &str) -> Option<&'m str> {
    Some(message.headers.as_ref()?.get(name)?.as_str())
}
