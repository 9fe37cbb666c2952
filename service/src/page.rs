//! Lists a page at a time: `?limit=&cursor=`, and the cursor that leads on.

use std::error::Error;

use axum::extract::{FromRequestParts, Query};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{Fault, Problem};

/// How many items a page has when the client doesn't say.
pub const LIMIT_DEFAULT: u16 = 50;
/// How many items a page can have.
pub const LIMIT_MAX: u16 = 200;
/// A longer cursor is none of ours.
pub const CURSOR_BYTES_MAX: usize = 1024;

/// Which page is asked for. Other query parameters are left to the handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging<C> {
    /// At most so many items, 1 to [`LIMIT_MAX`].
    pub limit: u16,
    /// Behind this item; from the start without.
    pub cursor: Option<C>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; `null` when this is the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Cuts `rows`, of which one more than `limit` was asked for, so that it tells what follows.
    pub fn cut<C: Serialize>(
        mut rows: Vec<T>,
        limit: u16,
        cursor_of: impl FnOnce(&T) -> C,
    ) -> Self {
        let has_more = rows.len() > usize::from(limit);
        rows.truncate(limit.into());
        let next_cursor = rows
            .last()
            .filter(|_| has_more)
            .map(|row| encode(&cursor_of(row)));
        Self {
            items: rows,
            next_cursor,
        }
    }

    /// The same page of other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next_cursor: self.next_cursor,
        }
    }
}

/// A cursor as clients see it: opaque.
pub fn encode<C: Serialize>(cursor: &C) -> String {
    // A cursor is a small struct of plain fields, which always serialises.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor).unwrap_or_default())
}

/// The cursor that a client sent back; one that we didn't make is a 400.
pub fn decode<C: DeserializeOwned>(text: &str) -> Result<C, Problem> {
    (text.len() <= CURSOR_BYTES_MAX)
        .then(|| URL_SAFE_NO_PAD.decode(text).ok())
        .flatten()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| {
            Problem::bad_request("invalid_cursor", "Cursor not valid")
                .detail("send next_cursor as an earlier page had it, or none")
        })
}

#[derive(Deserialize)]
struct Raw {
    limit: Option<String>,
    cursor: Option<String>,
}

impl<C: DeserializeOwned, S: Sync> FromRequestParts<S> for Paging<C> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Query(raw) =
            Query::<Raw>::try_from_uri(&parts.uri).map_err(|rejection| unreadable(&rejection))?;
        let limit = parse_limit(raw.limit.as_deref())
            .map_err(|error| Problem::validation(vec![Fault::new("/limit", error.to_string())]))?;
        let cursor = raw.cursor.as_deref().map(decode).transpose()?;
        Ok(Self { limit, cursor })
    }
}

/// Both parameters are texts, so what can't be read is one that is given twice; the rejection's source names it.
fn unreadable(rejection: &dyn Error) -> Problem {
    let message = rejection.source().unwrap_or(rejection).to_string();
    Problem::bad_request("invalid_query", "Query cannot be read").detail(message)
}

/// The text is no `limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number, 1 to {LIMIT_MAX}")]
pub struct LimitError;

/// How many items are asked for, for routes that tell of all faults of their query at once.
pub fn parse_limit(text: Option<&str>) -> Result<u16, LimitError> {
    let Some(text) = text else {
        return Ok(LIMIT_DEFAULT);
    };
    let limit = text.parse().ok();
    limit
        .filter(|limit| (1..=LIMIT_MAX).contains(limit))
        .ok_or(LimitError)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    async fn ask(uri: &str) -> Result<Paging<(u32, String)>, Problem> {
        let request = Request::get(uri).body(()).unwrap();
        Paging::from_request_parts(&mut request.into_parts().0, &()).await
    }

    #[tokio::test]
    async fn a_page_has_a_default_a_limit_and_a_cursor() {
        let paging = ask("/?state=open").await.unwrap();
        assert_eq!(
            paging,
            Paging {
                limit: LIMIT_DEFAULT,
                cursor: None
            }
        );
        let cursor = (7, "é/+?".to_owned());
        let paging = ask(&format!("/?limit=200&cursor={}", encode(&cursor)))
            .await
            .unwrap();
        assert_eq!(
            paging,
            Paging {
                limit: LIMIT_MAX,
                cursor: Some(cursor)
            }
        );
    }

    #[tokio::test]
    async fn a_limit_out_of_bounds_is_a_fault() {
        for limit in ["0", "201", "-1", "99999999", "many", ""] {
            let problem = ask(&format!("/?limit={limit}")).await.unwrap_err();
            assert_eq!(
                (problem.status().as_u16(), problem.error()),
                (422, "validation")
            );
        }
    }

    #[tokio::test]
    async fn a_parameter_that_is_given_twice_is_named() {
        for (query, name) in [
            ("limit=1&limit=2", "limit"),
            ("cursor=a&cursor=b", "cursor"),
        ] {
            let problem = ask(&format!("/?{query}")).await.unwrap_err();
            assert_eq!(
                (problem.status().as_u16(), problem.error()),
                (400, "invalid_query")
            );
            let told = format!("{problem:?}");
            assert!(told.contains(&format!("`{name}`")), "{told}");
        }
    }

    #[tokio::test]
    async fn a_garbled_cursor_is_refused() {
        let overlong = encode(&"x".repeat(CURSOR_BYTES_MAX));
        for cursor in ["", "x", "%ff", "e30", "bm90IGpzb24", overlong.as_str()] {
            let problem = ask(&format!("/?cursor={cursor}")).await.unwrap_err();
            assert_eq!(problem.status().as_u16(), 400, "{cursor}");
        }
    }

    #[test]
    fn the_last_page_leads_nowhere() {
        let page = Page::cut(vec![1, 2, 3], 2, |last| *last);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(decode::<i32>(&page.next_cursor.unwrap()).unwrap(), 2);
        assert_eq!(Page::cut(vec![1, 2], 2, |last| *last).next_cursor, None);
        assert_eq!(
            Page::cut(Vec::<i32>::new(), 2, |last| *last).next_cursor,
            None
        );
    }
}
