//! Files of links, as the products write them that links come from.

mod bitly;
mod dub;
mod kutt;
mod millrace;
mod shlink;
mod yourls;

use events::Timestamp;
use service::body::Faults;

use super::From;
use super::record::{Record, plain};
use crate::links::shorten::ShortenBody;

/// A moment, as it is written; other ways of writing than RFC 3339 are a fault.
fn moment(text: Option<String>, pointer: &str, faults: &mut Faults) -> Option<Timestamp> {
    text.and_then(|text| faults.take(pointer, text.parse()))
}

/// A link, as a file tells it.
#[derive(Clone, Default)]
pub(super) struct Brought {
    pub(super) body: ShortenBody,
    /// Further slugs that led to it.
    pub(super) former_slugs: Vec<String>,
    pub(super) is_archived: bool,
    /// The domain that it was on; of other products' links it isn't asked.
    pub(super) domain: Option<String>,
    /// Whether visitors were asked for a password, which no file tells.
    pub(super) has_password: bool,
}

impl From {
    /// The columns without which a CSV is none of these: any one of each.
    pub(super) const fn needed(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Millrace => millrace::NEEDED,
            Self::Dub => dub::NEEDED,
            Self::Shlink => shlink::NEEDED,
            Self::Kutt => kutt::NEEDED,
            Self::Yourls => yourls::NEEDED,
            Self::Bitly => bitly::NEEDED,
        }
    }

    /// A column's or field's name, as it is looked for: of other products, without what changes from version to version.
    pub(super) fn name(self, written: &str) -> String {
        match self {
            Self::Millrace => written.trim().to_owned(),
            Self::Dub | Self::Shlink | Self::Kutt | Self::Yourls | Self::Bitly => plain(written),
        }
    }

    /// What a line tells of its link.
    pub(super) fn read(self, record: Record, is_csv: bool, faults: &mut Faults) -> Brought {
        match self {
            Self::Millrace => millrace::read(record, is_csv, faults),
            Self::Dub => dub::read(&record, faults),
            Self::Shlink => shlink::read(&record),
            Self::Kutt => kutt::read(&record, faults),
            Self::Yourls => yourls::read(&record),
            Self::Bitly => bitly::read(&record),
        }
    }
}

/// The slug of a short URL, with or without a scheme: what follows its host.
fn slug_of(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (_, path) = rest.split_once('/')?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let slug = percent_encoding::percent_decode_str(path.trim_matches('/'));
    let slug = slug.decode_utf8().ok()?;
    (!slug.is_empty()).then(|| slug.into_owned())
}

#[cfg(test)]
mod tests;
