//! Whether a reader's login is good already: the broker takes its configuration in when it comes to it.

use std::time::Duration;

use async_nats::ConnectOptions;
use events::StreamName;
use serde::de::IgnoredAny;

use super::{Login, READERS_DOMAIN};
use crate::RequestError;
use crate::address::parse;
use crate::request::read;

/// The broker answers within milliseconds, or has nobody yet who would.
const WAIT_MAX: Duration = Duration::from_millis(500);

/// Logs in as the reader at the broker of `url`, whose own login is not used, and asks for its consumers.
pub async fn can_read(
    url: &str,
    login: &Login,
    streams: &[StreamName],
) -> Result<(), RequestError> {
    let (servers, _) = parse(url).map_err(|error| RequestError::no_answer(&error))?;
    let user = login.reader.as_str().to_owned();
    let client = ConnectOptions::with_user_and_password(user, login.password.clone())
        .request_timeout(Some(WAIT_MAX))
        .connect(servers)
        .await
        .map_err(|error| RequestError::no_answer(&error))?;
    for stream in streams {
        let reader = &login.reader;
        let subject = format!("$JS.{READERS_DOMAIN}.API.CONSUMER.INFO.{stream}.{reader}");
        let answer = client.request(subject, bytes::Bytes::new()).await?;
        read::<IgnoredAny>(&answer.payload)?;
    }
    Ok(())
}
