//! Looking for a person in everything that is stored, however it may be written.

use async_nats::{ConnectOptions, jetstream};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use events::StreamName;
use futures::TryStreamExt;
use serde_json::Value;
use service::caller::hex;
use sqlx::AssertSqlSafe;
use url::Url;

use crate::stack::{Stack, World};

/// Something that is stored, and where.
pub(super) struct Stored {
    place: String,
    content: Vec<u8>,
}

/// Every message of every stream, the buckets' too: subject, headers and body.
pub(super) async fn of_the_broker(world: &World) -> Vec<Stored> {
    let url: Url = world.broker.url().parse().unwrap();
    let (user, password) = (
        url.username().to_owned(),
        url.password().unwrap().to_owned(),
    );
    let options = ConnectOptions::with_user_and_password(user, password);
    let client = options.connect(url.as_str()).await.unwrap();
    let context = jetstream::new(client);
    let names: Vec<String> = context.stream_names().try_collect().await.unwrap();
    let mut all = Vec::new();
    for name in names {
        let stream = context.get_stream(&name).await.unwrap();
        let state = &stream.cached_info().state;
        for sequence in state.first_sequence..=state.last_sequence {
            // What was replaced or has expired is not there any more.
            if let Ok(message) = stream.get_raw_message(sequence).await {
                let place = format!("{name}:{sequence}");
                let mut content = format!("{} {:?}\n", message.subject, message.headers);
                content.push_str(&String::from_utf8_lossy(&message.payload));
                let content = content.into_bytes();
                all.push(Stored { place, content });
            }
        }
    }
    all
}

/// The answers that are kept for each `Idempotency-Key`, opened with the keys of the installation: these stay.
pub(super) async fn opened_records(stack: &Stack) -> Vec<Stored> {
    let log = stack.log().await;
    let (secret, _) = log.0.secret().await.unwrap().unwrap();
    let secret = String::from_utf8(secret.to_vec()).unwrap();
    let keyring = stack.world.data_key.keyring(&secret).unwrap();
    let messages = log.all(StreamName::Core).await;
    let records = messages
        .iter()
        .filter(|it| it.raw_subject().starts_with("core.claim.idempotency."));
    let opened: Vec<_> = records
        .map(|message| {
            let record: Value = serde_json::from_slice(&message.body).unwrap();
            let sealed = serde_json::from_value(record["body"].clone()).unwrap();
            let content = keyring
                .open("idempotency.answer", &sealed)
                .unwrap()
                .into_bytes();
            Stored {
                place: format!("{}, opened", message.position),
                content,
            }
        })
        .collect();
    assert!(!opened.is_empty());
    opened
}

/// Every row of every table, all columns as text.
pub(super) async fn of_the_database(world: &World) -> Vec<Stored> {
    let is_superuser = "select rolsuper from pg_roles where rolname = current_user";
    let sees_all: bool = ask(world, is_superuser.to_owned()).await[0];
    assert!(sees_all, "somebody who sees every row must look");
    let tables = "select format('%I.%I', table_schema, table_name) from information_schema.tables
                   where table_type = 'BASE TABLE'
                     and table_schema not in ('pg_catalog', 'information_schema')";
    let tables: Vec<String> = ask(world, tables.to_owned()).await;
    let mut all = Vec::new();
    for table in tables {
        let rows: Vec<String> = ask(world, format!("select it::text from {table} it")).await;
        all.extend(rows.into_iter().map(|row| Stored {
            place: table.clone(),
            content: row.into_bytes(),
        }));
    }
    all
}

async fn ask<T>(world: &World, sql: String) -> Vec<T>
where
    (T,): for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
    T: Send + Unpin,
{
    let rows: Vec<(T,)> = sqlx::query_as(AssertSqlSafe(sql))
        .fetch_all(&world.tables)
        .await
        .unwrap();
    rows.into_iter().map(|(value,)| value).collect()
}

/// Where a text is found: as it is, in any case, in hex, or in base64 at any place of a longer text.
pub(super) fn places_of(text: &str, stored: &[Stored]) -> Vec<String> {
    let found = stored.iter().filter(|it| holds(&it.content, text));
    let mut places: Vec<_> = found.map(|it| it.place.clone()).collect();
    places.dedup();
    places
}

fn holds(content: &[u8], text: &str) -> bool {
    let lower = content.to_ascii_lowercase();
    let has = |content: &[u8], part: &str| {
        let part = part.as_bytes();
        content.windows(part.len()).any(|window| window == part)
    };
    let spellings = [text.to_owned(), text.to_ascii_lowercase()];
    spellings.iter().any(|it| {
        has(&lower, &it.to_ascii_lowercase())
            || has(&lower, &hex(it.as_bytes()))
            || in_base64(it).iter().any(|part| has(content, part))
    })
}

/// What of the text's base64 doesn't depend on what stands before and behind it, in both alphabets.
fn in_base64(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for before in 0..3 {
        let encoded =
            STANDARD_NO_PAD.encode(["\0".repeat(before).as_bytes(), text.as_bytes()].concat());
        let (first, end) = ((before * 8).div_ceil(6), (before + text.len()) * 8 / 6);
        let part = &encoded[first..end];
        parts.extend([part.to_owned(), part.replace('+', "-").replace('/', "_")]);
    }
    parts
}

#[test]
fn a_text_is_found_however_it_is_written() {
    let name = "Augusta Ada?>";
    for before in ["", "1", "12", "123"] {
        let whole = format!("{before}{name} and more");
        let encoded = STANDARD_NO_PAD.encode(&whole);
        for content in [
            whole.to_uppercase(),
            hex(whole.as_bytes()).to_uppercase(),
            hex(whole.to_lowercase().as_bytes()),
            encoded.replace('+', "-").replace('/', "_"),
            encoded,
            STANDARD_NO_PAD.encode(whole.to_lowercase()),
        ] {
            assert!(holds(content.as_bytes(), name), "{content}");
            assert!(!holds(content.as_bytes(), "Augusta Eve?>"), "{content}");
        }
    }
}
