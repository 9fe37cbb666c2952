//! Reading one's own writes: `Position` on writes, `Min-Position` on reads.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponseParts, ResponseParts};
use events::{Position, StreamName};
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;

use crate::problem::{Fault, Problem};

const POSITION: HeaderName = HeaderName::from_static("position");
const MIN_POSITION: HeaderName = HeaderName::from_static("min-position");
/// How a fault names the header.
const POINTER: &str = "/Min-Position";
/// A reader may wait for so many positions at once: some for each stream.
pub const MIN_POSITIONS_MAX: usize = 16;

/// Where a write stands on the log, as `Position: LINKS:17`.
#[derive(Debug, Clone, Copy)]
pub struct PositionHeader(pub Position);

impl IntoResponseParts for PositionHeader {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Ok(value) = HeaderValue::try_from(self.0.to_string()) {
            parts.headers_mut().insert(POSITION, value);
        }
        Ok(parts)
    }
}

/// How far the read side must have come before it answers; empty without the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinPosition(pub Vec<Position>);

impl MinPosition {
    /// The furthest position asked for in `stream`.
    pub fn of(&self, stream: StreamName) -> Option<Position> {
        let positions = self.0.iter().filter(|position| position.stream == stream);
        positions.max_by_key(|position| position.sequence).copied()
    }

    /// Adds the positions of one text, such as `LINKS:17, CORE:3`.
    /// `pointer` names the text to who wrote it, should it be none.
    pub fn add(&mut self, pointer: &str, text: &str) -> Result<(), Problem> {
        for part in text.split(',').map(str::trim) {
            let position = part
                .parse()
                .map_err(|error| refuse(pointer, &format!("{part:?}: {error}")))?;
            self.0.push(position);
            if self.0.len() > MIN_POSITIONS_MAX {
                let detail = format!("more than {MIN_POSITIONS_MAX} positions");
                return Err(refuse(pointer, &detail));
            }
        }
        Ok(())
    }
}

impl<S: Sync> FromRequestParts<S> for MinPosition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut wanted = Self(Vec::new());
        for line in parts.headers.get_all(MIN_POSITION) {
            let line = line.to_str().map_err(|_| refuse(POINTER, "is not ASCII"))?;
            wanted.add(POINTER, line)?;
        }
        Ok(wanted)
    }
}

fn refuse(pointer: &str, detail: &str) -> Problem {
    Problem::bad_request("invalid_min_position", "Min-Position cannot be read")
        .errors(vec![Fault::new(pointer, detail)])
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http::Request;

    use super::*;

    async fn read(lines: &[&str]) -> Result<MinPosition, Problem> {
        let mut request = Request::new(());
        for line in lines {
            request
                .headers_mut()
                .append(MIN_POSITION, line.parse().unwrap());
        }
        MinPosition::from_request_parts(&mut request.into_parts().0, &()).await
    }

    #[test]
    fn a_write_tells_its_position() {
        let position = Position {
            stream: StreamName::Links,
            sequence: 17,
        };
        let response = (PositionHeader(position), "").into_response();
        assert_eq!(response.headers()["position"], "LINKS:17");
    }

    #[tokio::test]
    async fn positions_are_read_from_all_lines() {
        let asked = read(&["LINKS:17, CORE:3", "LINKS:9"]).await.unwrap();
        assert_eq!(asked.0.len(), 3);
        assert_eq!(asked.of(StreamName::Links).unwrap().sequence, 17);
        assert_eq!(asked.of(StreamName::Clicks), None);
        assert_eq!(read(&[]).await.unwrap().0, []);
    }

    #[tokio::test]
    async fn what_is_no_position_is_named() {
        let overlong = vec!["CORE:1"; MIN_POSITIONS_MAX + 1].join(",");
        for line in [
            "",
            "LINKS",
            "LINKS:x",
            "NOWHERE:1",
            "CORE:1,,CORE:2",
            overlong.as_str(),
        ] {
            let problem = read(&[line]).await.unwrap_err();
            assert_eq!(
                (problem.status().as_u16(), problem.error()),
                (400, "invalid_min_position")
            );
        }
    }
}
