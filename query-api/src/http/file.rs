//! Files that are streamed part by part: none is ever held as a whole, nor is a transaction.

use std::error::Error;
use std::io;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use csv::{Terminator, Writer, WriterBuilder};
use futures::{FutureExt, StreamExt, stream};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Serialize;
use service::caller::Watched;
use service::problem::Problem;

/// Whatever went wrong with writing.
pub(crate) type AnyError = Box<dyn Error + Send + Sync>;

/// What a file is, and how a browser names it.
pub(crate) struct Kind {
    pub(crate) media_type: &'static str,
    pub(crate) disposition: &'static str,
}

impl Kind {
    pub(crate) const CSV: &str = "text/csv; charset=utf-8; header=present";
    pub(crate) const NDJSON: &str = "application/x-ndjson";
}

/// What a file is made of.
pub(crate) trait Parts: Send + 'static {
    /// The next part; `None` behind the last.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, Problem>> + Send;
}

/// Answers with the parts as they are made, for as long as the caller's credential is good.
///
/// While the first is made, what goes wrong still has a status. Then it ends the connection without the end of the body,
/// so that nobody takes the file for whole.
pub(crate) async fn answer(
    kind: Kind,
    mut watched: Watched,
    mut parts: impl Parts,
) -> Result<Response, Problem> {
    let first = next(&mut watched, &mut parts).await?.unwrap_or_default();
    let rest = stream::try_unfold((watched, parts), async |(mut watched, mut parts)| {
        let part = next(&mut watched, &mut parts).await;
        let part = part.map_err(|problem| io::Error::other(problem.error()))?;
        Ok(part.map(|part| (Bytes::from(part), (watched, parts))))
    });
    let first = stream::iter([Ok::<_, io::Error>(Bytes::from(first))]);
    let headers = [
        (CONTENT_TYPE, kind.media_type),
        (CONTENT_DISPOSITION, kind.disposition),
        (CACHE_CONTROL, "private, no-store"),
    ];
    Ok((headers, Body::from_stream(first.chain(rest))).into_response())
}

async fn next(watched: &mut Watched, parts: &mut impl Parts) -> Result<Option<Vec<u8>>, Problem> {
    if watched.revoked().now_or_never().is_some() {
        return Err(Problem::forbidden("the credential was revoked"));
    }
    parts.next().await
}

/// A JSON object on each line.
pub(crate) fn ndjson<T: Serialize>(objects: impl Iterator<Item = T>) -> Result<Vec<u8>, AnyError> {
    let mut lines = Vec::new();
    for object in objects {
        serde_json::to_writer(&mut lines, &object)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Records as RFC 4180 has them.
///
/// Every text stands as it is, whatever it begins with. Who writes what never comes back marks formulas before.
pub(crate) fn csv(
    write: impl FnOnce(&mut Writer<Vec<u8>>) -> Result<(), AnyError>,
) -> Result<Vec<u8>, AnyError> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .has_headers(false)
        .from_writer(Vec::new());
    write(&mut writer)?;
    Ok(writer.into_inner().map_err(|error| error.to_string())?)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands the error over"
)]
pub(crate) fn failed(error: AnyError) -> Problem {
    Problem::internal(error.as_ref())
}
