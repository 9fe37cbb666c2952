//! Every click as it came.

use sqlx::PgConnection;

use super::binary_copy::BinaryCopy;
use super::exclusion::Excluded;
use super::insert;
use super::message::ClickMessage;
use super::placed::Placed;

const COPY: &str = "copy click_record (workspace_id, link_id, occurred_at, sequence, ordinal, click_id, \
    visitor, variant, is_bot, slug, country, city, referrer, browser, os, device, utm_source, \
    utm_medium, utm_campaign, rule, network, is_excluded) from stdin (format binary)";
const COLUMNS: i16 = 22;

/// How much is collected before it is sent: large enough that Postgres never waits for the next.
const CHUNK_BYTES: usize = 256 * 1024;
/// Room for the last click of a chunk.
const CLICK_BYTES: usize = 4 * 1024;

/// So many clicks at most are inserted by one statement.
///
/// A COPY takes three messages to Postgres, and the kernel holds the last back until Postgres' kernel has
/// acknowledged the second: 40 ms, for which a lone click would wait.
const INSERTED_MAX: usize = 200;

/// So many clicks at least are copied in parts: beside less work, another COPY would only be waited for.
const PARTED_MIN: usize = 8_192;

/// Messages in three parts, each of which is written at once; the last has all where there are few.
pub(super) fn parts<'s, 'm>(
    messages: &'s [&'s ClickMessage<'m>],
) -> [&'s [&'s ClickMessage<'m>]; 3] {
    let is_many = clicks(messages) >= PARTED_MIN;
    let length = if is_many { messages.len() / 3 } else { 0 };
    let (first, rest) = messages.split_at(length);
    let (second, third) = rest.split_at(length);
    [first, second, third]
}

fn clicks(messages: &[&ClickMessage<'_>]) -> usize {
    messages.iter().map(|it| it.clicks.len()).sum()
}

/// Writes the clicks of all messages.
pub(super) async fn write_all(
    tx: &mut PgConnection,
    messages: &[&ClickMessage<'_>],
    excluded: &Excluded,
) -> Result<(), sqlx::Error> {
    if messages.is_empty() {
        return Ok(());
    }
    let mut clicks = Placed::all(messages, excluded);
    if clicks.len() <= INSERTED_MAX {
        return insert::insert(tx, &clicks).await;
    }
    // Postgres then finds the page of the index by link where it was for the click before: of clicks on 10,000 links,
    // that saves a tenth of all that projecting takes.
    clicks.sort_by_cached_key(|it| it.data().link_id.uuid());
    copy(tx, &clicks).await
}

async fn copy(tx: &mut PgConnection, clicks: &[Placed<'_>]) -> Result<(), sqlx::Error> {
    let mut rows = BinaryCopy::with_capacity(CHUNK_BYTES + CLICK_BYTES);
    let mut sink = tx.copy_in_raw(COPY).await?;
    for click in clicks {
        write(&mut rows, click);
        if rows.bytes().len() >= CHUNK_BYTES {
            sink.send(rows.bytes()).await?;
            rows.clear();
        }
    }
    rows.finish();
    sink.send(rows.bytes()).await?;
    sink.finish().await?;
    Ok(())
}

fn write(rows: &mut BinaryCopy, it: &Placed<'_>) {
    let data = it.data();
    rows.row(COLUMNS);
    rows.uuid(it.message.workspace.uuid());
    rows.uuid(data.link_id.uuid());
    rows.timestamptz(it.click.time);
    rows.bigint(it.message.sequence.cast_signed());
    rows.integer(it.ordinal);
    rows.uuid(it.click.id.uuid());
    rows.optional_bigint(it.visitor());
    rows.optional_smallint(data.variant.map(i16::from));
    rows.boolean(data.is_bot);
    rows.text(&data.slug);
    rows.optional_text(data.country.as_deref());
    rows.optional_text(data.city.as_deref());
    rows.optional_text(data.referrer.as_deref());
    rows.optional_text(data.browser.as_deref());
    rows.optional_text(data.os.as_deref());
    rows.optional_text(data.device.as_deref());
    rows.optional_text(data.utm_source.as_deref());
    rows.optional_text(data.utm_medium.as_deref());
    rows.optional_text(data.utm_campaign.as_deref());
    rows.optional_text(data.rule.as_deref());
    rows.optional_bigint(it.network());
    rows.boolean(it.is_excluded);
}

#[cfg(test)]
mod tests {
    use events::WorkspaceId;
    use events::links::{Click, ClickEvent};
    use events::{ClickId, LinkId};
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::{ClickMessage, PARTED_MIN, parts};

    fn message(sequence: u64) -> ClickMessage<'static> {
        let click = ClickEvent::new(
            ClickId::new(Uuid::nil()),
            "2026-11-21T12:00:00Z".parse().unwrap(),
            Click::of(LinkId::new(Uuid::nil()), "s"),
        );
        ClickMessage {
            workspace: WorkspaceId::new(Uuid::nil()),
            sequence,
            mark: None,
            stored_at: OffsetDateTime::UNIX_EPOCH,
            clicks: vec![click; PARTED_MIN / 2],
        }
    }

    #[test]
    fn many_messages_are_parted_and_none_is_lost_or_comes_twice() {
        for (count, lengths) in [
            (0, [0, 0, 0]),
            (1, [0, 0, 1]),
            (2, [0, 0, 2]),
            (5, [1, 1, 3]),
        ] {
            let messages: Vec<_> = (0..count).map(message).collect();
            let messages: Vec<_> = messages.iter().collect();
            let parts = parts(&messages);
            assert_eq!(parts.map(<[_]>::len), lengths);
            let sequences = parts.into_iter().flatten().map(|it| it.sequence);
            assert!(sequences.eq(0..count));
        }
    }
}
