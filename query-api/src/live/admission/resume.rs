//! Where a subscriber wants to begin, as it comes in the query or in a header.

use http::header::{HeaderMap, HeaderName};
use serde::Deserialize;
use service::body::Faults;
use service::problem::Problem;

use crate::live::feed::Resume;

/// What clients of event streams send when they come back.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const START: &str = "start";

#[derive(Default, Deserialize)]
pub(super) struct AskedResume {
    cursor: Option<String>,
    from: Option<String>,
    /// Taken from the header alone.
    #[serde(skip)]
    last_event: Option<String>,
}

impl AskedResume {
    /// The last event that came counts more than the address, which stays the same however much has come.
    pub(super) fn or_last_event(self, headers: &HeaderMap) -> Self {
        let last = headers.get(LAST_EVENT_ID).filter(|it| !it.is_empty());
        // What is no text is no cursor either, and is refused as one.
        let last = last.map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        match last {
            Some(last) => Self {
                last_event: Some(last),
                ..Self::default()
            },
            None => self,
        }
    }

    pub(super) fn parse(&self) -> Result<Resume, Problem> {
        let mut faults = Faults::default();
        if self.cursor.is_some() && self.from.is_some() {
            faults.add("/from", "goes without a cursor");
        }
        if self.from.as_deref().is_some_and(|from| from != START) {
            faults.add("/from", "must be start");
        }
        let cursor = match (&self.last_event, &self.cursor) {
            (Some(text), _) => Some(("/Last-Event-ID", text)),
            (None, Some(text)) => Some(("/cursor", text)),
            (None, None) => None,
        };
        let after = cursor.and_then(|(pointer, text)| faults.take(pointer, text.parse()));
        faults.finish()?;
        Ok(match (after, &self.from) {
            (Some(cursor), _) => Resume::After(cursor),
            (None, Some(_)) => Resume::Start,
            (None, None) => Resume::Now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(cursor: Option<&str>, from: Option<&str>) -> AskedResume {
        AskedResume {
            cursor: cursor.map(str::to_owned),
            from: from.map(str::to_owned),
            last_event: None,
        }
    }

    fn after(text: &str) -> Resume {
        Resume::After(text.parse().unwrap())
    }

    #[test]
    fn a_subscription_begins_now_unless_it_says() {
        for (asked, resume) in [
            (asked(None, None), Resume::Now),
            (asked(None, Some("start")), Resume::Start),
            (asked(Some("7.1-0000000a"), None), after("7.1-0000000a")),
        ] {
            assert_eq!(asked.parse().unwrap(), resume);
        }
    }

    #[test]
    fn the_last_event_counts_more_than_the_address() {
        let mut headers = HeaderMap::new();
        let again = asked(None, Some("start")).or_last_event(&headers);
        assert_eq!(again.parse().unwrap(), Resume::Start);
        headers.insert(LAST_EVENT_ID, "7.1-0000000a".parse().unwrap());
        let again = asked(None, Some("start")).or_last_event(&headers);
        assert_eq!(again.parse().unwrap(), after("7.1-0000000a"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for asked in [
            asked(Some("7"), None),
            asked(Some(""), None),
            asked(None, Some("end")),
            asked(Some("7.1-0000000a"), Some("start")),
        ] {
            assert_eq!(asked.parse().unwrap_err().status(), 422);
        }
    }
}
