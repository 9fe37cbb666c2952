//! What of the trail is asked for.

use events::{StreamName, Timestamp};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::page;
use service::problem::Problem;
use time::OffsetDateTime;
use time::macros::datetime;
use utoipa::IntoParams;
use uuid::Uuid;

use super::body::Row;

/// Nothing is older, nor will anything be newer; Postgres cannot tell every year.
const FROM_MIN: OffsetDateTime = datetime!(2000-01-01 0:00 UTC);
const TO_MAX: OffsetDateTime = datetime!(3000-01-01 0:00 UTC);
const SUBJECT_KINDS: [&str; 7] = [
    "user",
    "session",
    "workspace",
    "api_key",
    "asset",
    "link",
    "domains",
];
const ACTOR_KINDS: [&str; 2] = ["user", "api_key"];
const NAMELESS: [&str; 2] = ["anonymous", "system"];

/// What is asked, as it comes in the query.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// What it happened to: an id, or a kind and an id, such as `link:01234567-89ab-7def-8123-456789abcdef`.
    subject: Option<String>,
    /// Who did it: `user:<id>`, `api_key:<id>`, an id alone, `anonymous` or `system`.
    actor: Option<String>,
    /// The beginning, inclusive, in RFC 3339.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The end, exclusive, in RFC 3339.
    #[param(format = DateTime)]
    to: Option<String>,
    /// 50 unless said.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What is asked, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) subject: Named,
    pub(super) actor: Named,
    pub(super) from: Timestamp,
    pub(super) before: Behind,
    pub(super) limit: u16,
}

/// A thing of a kind, as far as either matters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) kind: Option<&'static str>,
    pub(super) id: Option<Uuid>,
}

/// A place in the trail, behind which older things follow; without a stream, before all of that time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    try_from = "(Timestamp, String, u64)",
    into = "(Timestamp, String, u64)"
)]
pub(super) struct Behind {
    pub(super) time: Timestamp,
    pub(super) stream: Option<StreamName>,
    pub(super) sequence: u64,
}

impl Asked {
    /// Makes sense of it, or says all that is wrong with it.
    pub(super) fn parse(&self) -> Result<Wanted, Problem> {
        let mut faults = Faults::default();
        let named = |text: &Option<String>, parse: fn(&str) -> Result<Named, &'static str>| {
            text.as_deref().map_or(Ok(Named::default()), parse)
        };
        let subject = faults.take("/subject", named(&self.subject, subject));
        let actor = faults.take("/actor", named(&self.actor, actor));
        let from = faults.take("/from", time(self.from.as_deref(), FROM_MIN));
        let to = faults.take("/to", time(self.to.as_deref(), TO_MAX));
        let limit = faults.take("/limit", page::parse_limit(self.limit.as_deref()));
        let (Some(subject), Some(actor), Some(from), Some(to), Some(limit)) =
            (subject, actor, from, to, limit)
        else {
            return Err(faults.into());
        };
        let cursor = self.cursor.as_deref().map(page::decode).transpose()?;
        Ok(Wanted {
            subject,
            actor,
            from,
            before: Behind::first_of(cursor, to),
            limit,
        })
    }
}

impl Behind {
    pub(super) fn of(row: &Row) -> Self {
        Self {
            time: Timestamp::new(row.occurred_at),
            stream: row.stream.parse().ok(),
            sequence: row.sequence.cast_unsigned(),
        }
    }

    /// The earlier of a cursor and the end.
    fn first_of(cursor: Option<Self>, end: Timestamp) -> Self {
        let end = Self {
            time: end,
            stream: None,
            sequence: 0,
        };
        match cursor {
            Some(cursor) if cursor.time < end.time => cursor,
            Some(_) | None => end,
        }
    }
}

impl TryFrom<(Timestamp, String, u64)> for Behind {
    type Error = &'static str;

    fn try_from((at, stream, sequence): (Timestamp, String, u64)) -> Result<Self, Self::Error> {
        let is_sane = (FROM_MIN..=TO_MAX).contains(&at.odt());
        let stream = stream.parse().ok().filter(|_| is_sane);
        Ok(Self {
            time: at,
            stream: Some(stream.ok_or("no place in the trail")?),
            sequence,
        })
    }
}

impl From<Behind> for (Timestamp, String, u64) {
    fn from(behind: Behind) -> Self {
        let stream = behind.stream.map_or("", StreamName::as_str);
        (behind.time, stream.to_owned(), behind.sequence)
    }
}

fn subject(text: &str) -> Result<Named, &'static str> {
    named(text, &SUBJECT_KINDS).ok_or(
        "must be an id, or kind:id with a kind of user, session, workspace, api_key, asset, link or domains",
    )
}

fn actor(text: &str) -> Result<Named, &'static str> {
    let nameless = NAMELESS.into_iter().find(|kind| *kind == text);
    let nameless = nameless.map(|kind| Named {
        kind: Some(kind),
        id: None,
    });
    nameless
        .or_else(|| named(text, &ACTOR_KINDS))
        .ok_or("must be user:id, api_key:id, an id, anonymous or system")
}

fn named(text: &str, kinds: &[&'static str]) -> Option<Named> {
    let (kind, id) = match text.split_once(':') {
        Some((kind, id)) => (Some(kinds.iter().copied().find(|it| *it == kind)?), id),
        None => (None, text),
    };
    let id = Some(id.parse().ok()?);
    Some(Named { kind, id })
}

fn time(text: Option<&str>, otherwise: OffsetDateTime) -> Result<Timestamp, &'static str> {
    let Some(text) = text else {
        return Ok(Timestamp::new(otherwise));
    };
    let time: Timestamp = text
        .parse()
        .map_err(|_| "must be an RFC 3339 time such as 2026-11-21T00:00:00Z (a + in it is %2B)")?;
    if (FROM_MIN..=TO_MAX).contains(&time.odt()) {
        Ok(time)
    } else {
        Err("must be between the years 2000 and 3000")
    }
}
