//! Versions of a resource: `ETag`, `If-Match`, `If-None-Match` (RFC 9110 §8.8.3, §13.1).

use std::convert::Infallible;
use std::fmt;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponseParts, ResponseParts};
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;

use crate::problem::Problem;

/// A strong entity tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(String);

impl ETag {
    /// The tag of an aggregate's version.
    pub fn version(version: u64) -> Self {
        Self(version.to_string())
    }

    /// The tag of an answer that also tells of something beside the aggregate, which moves without its version.
    ///
    /// For a write it is the version all the same: `"17.23"` and `"17"` match.
    #[must_use]
    pub fn beside(self, beside: &impl fmt::Display) -> Self {
        Self::opaque(&format!("{}.{beside}", self.0))
    }

    /// A tag of visible ASCII without quotes, such as a hash; other characters are left out.
    pub fn opaque(text: &str) -> Self {
        Self(
            text.chars()
                .filter(|c| c.is_ascii_graphic() && *c != '"')
                .collect(),
        )
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

impl IntoResponseParts for ETag {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        // Always a header value, since the constructors let nothing else in.
        if let Ok(value) = HeaderValue::try_from(self.to_string()) {
            parts.headers_mut().insert(header::ETAG, value);
        }
        Ok(parts)
    }
}

#[derive(Debug, Clone)]
enum Condition {
    Absent,
    Any,
    Tags(Vec<Tag>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag {
    text: String,
    is_weak: bool,
}

/// `If-Match`: the write is meant for these versions only.
#[derive(Debug, Clone)]
pub struct IfMatch(Condition);

/// `If-None-Match`: the client has these versions already.
#[derive(Debug, Clone)]
pub struct IfNoneMatch(Condition);

impl IfMatch {
    /// Refuses with 412 unless `current` is meant; without the header, every version is.
    pub fn check(&self, current: &ETag) -> Result<(), Problem> {
        let is_meant = match &self.0 {
            Condition::Absent | Condition::Any => true,
            Condition::Tags(tags) => tags
                .iter()
                .any(|tag| !tag.is_weak && version(&tag.text) == version(&current.0)),
        };
        if is_meant {
            Ok(())
        } else {
            Err(Problem::precondition_failed())
        }
    }
}

/// What a tag says of the aggregate.
fn version(tag: &str) -> &str {
    tag.split_once('.').map_or(tag, |(version, _)| version)
}

impl IfNoneMatch {
    /// Whether the client has `current`: then a GET answers 304.
    pub fn matches(&self, current: &ETag) -> bool {
        match &self.0 {
            Condition::Absent => false,
            Condition::Any => true,
            Condition::Tags(tags) => tags.iter().any(|tag| tag.text == current.0),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        condition(parts, &header::IF_MATCH)
            .map(Self)
            .ok_or_else(|| {
                Problem::bad_request("invalid_if_match", "If-Match cannot be read")
                    .detail("give * or entity tags in quotes, as ETag had them")
            })
    }
}

/// A header that cannot be read saves nothing, and harms nothing.
impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(
            condition(parts, &header::IF_NONE_MATCH).unwrap_or(Condition::Absent),
        ))
    }
}

/// All lines of the header together; `None` if one isn't a list of entity tags.
fn condition(parts: &Parts, name: &HeaderName) -> Option<Condition> {
    let mut tags = Vec::new();
    let mut lines = parts.headers.get_all(name).iter().peekable();
    if lines.peek().is_none() {
        return Some(Condition::Absent);
    }
    for line in lines {
        let line = line.to_str().ok()?.trim();
        if line == "*" {
            return Some(Condition::Any);
        }
        tags.append(&mut entity_tags(line)?);
    }
    Some(Condition::Tags(tags))
}

fn entity_tags(mut rest: &str) -> Option<Vec<Tag>> {
    let mut tags = Vec::new();
    loop {
        let is_weak = rest.starts_with("W/");
        let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (text, after) = quoted.split_once('"')?;
        tags.push(Tag {
            text: text.to_owned(),
            is_weak,
        });
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(tags);
        }
        rest = rest.strip_prefix(',')?.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(name: &HeaderName, lines: &[&str]) -> Parts {
        let mut request = Request::new(());
        for line in lines {
            request.headers_mut().append(name, line.parse().unwrap());
        }
        request.into_parts().0
    }

    async fn if_match(lines: &[&str]) -> Result<(), Problem> {
        let mut parts = parts(&header::IF_MATCH, lines);
        IfMatch::from_request_parts(&mut parts, &())
            .await?
            .check(&ETag::version(7))
    }

    async fn if_none_match(lines: &[&str]) -> bool {
        let mut parts = parts(&header::IF_NONE_MATCH, lines);
        let condition = IfNoneMatch::from_request_parts(&mut parts, &())
            .await
            .unwrap();
        condition.matches(&ETag::version(7))
    }

    #[tokio::test]
    async fn a_write_goes_ahead_when_its_version_is_current() {
        for lines in [
            &[][..],
            &["*"],
            &[r#""7""#],
            &[r#""6", "7""#],
            &[r#""6""#, r#""7""#],
        ] {
            assert!(if_match(lines).await.is_ok(), "{lines:?}");
        }
    }

    #[tokio::test]
    async fn a_stale_or_weak_version_is_refused() {
        for lines in [[r#""6""#], [r#"W/"7""#], [r#""6,7""#]] {
            assert_eq!(
                if_match(&lines).await.unwrap_err().status().as_u16(),
                412,
                "{lines:?}"
            );
        }
    }

    #[tokio::test]
    async fn what_stands_beside_the_version_is_nothing_to_a_write_and_all_to_a_reader() {
        let shown = ETag::version(7).beside(&23);
        assert_eq!(shown.to_string(), r#""7.23""#);
        assert!(if_match(&[r#""7.23""#]).await.is_ok());
        assert!(if_match(&[r#""6.23""#]).await.is_err());
        assert!(!if_none_match(&[r#""7.23""#]).await);
    }

    #[tokio::test]
    async fn a_version_without_quotes_is_explained() {
        for lines in [["7"], [r#""7"#], [r#""7" "8""#], [""]] {
            assert_eq!(
                if_match(&lines).await.unwrap_err().error(),
                "invalid_if_match"
            );
        }
    }

    #[tokio::test]
    async fn a_reader_who_has_the_version_is_told_so() {
        assert!(if_none_match(&[r#""6", W/"7""#]).await);
        assert!(if_none_match(&["*"]).await);
        assert!(!if_none_match(&[r#""6""#]).await);
        assert!(!if_none_match(&["nonsense"]).await);
        assert!(!if_none_match(&[]).await);
    }

    #[test]
    fn a_tag_is_always_a_header_value() {
        assert_eq!(ETag::opaque("a\"b\r\nc\u{202e}").to_string(), "\"abc\"");
    }
}
