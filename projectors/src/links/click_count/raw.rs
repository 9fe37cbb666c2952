//! Every click as it came.

use events::links::ClickEvent;
use service::click_count::visitor;
use sqlx::PgConnection;

use super::binary_copy::BinaryCopy;
use super::exclusion::Excluded;
use super::insert;
use super::message::ClickMessage;

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

/// Writes the clicks of all messages.
pub(super) async fn write_all(
    tx: &mut PgConnection,
    messages: &[&ClickMessage<'_>],
    excluded: &Excluded,
) -> Result<(), sqlx::Error> {
    let clicks = messages.iter().map(|message| message.clicks.len());
    if clicks.sum::<usize>() <= INSERTED_MAX {
        insert::insert(tx, messages, excluded).await
    } else {
        copy(tx, messages, excluded).await
    }
}

async fn copy(
    tx: &mut PgConnection,
    messages: &[&ClickMessage<'_>],
    excluded: &Excluded,
) -> Result<(), sqlx::Error> {
    let mut rows = BinaryCopy::with_capacity(CHUNK_BYTES + CLICK_BYTES);
    let mut sink = tx.copy_in_raw(COPY).await?;
    for message in messages {
        for (ordinal, (place, click)) in (0_i32..).zip(message.clicks.iter().enumerate()) {
            write(&mut rows, message, ordinal, click);
            rows.boolean(excluded.has(message, place));
            if rows.bytes().len() >= CHUNK_BYTES {
                sink.send(rows.bytes()).await?;
                rows.clear();
            }
        }
    }
    rows.finish();
    sink.send(rows.bytes()).await?;
    sink.finish().await?;
    Ok(())
}

/// All of a row but the last column.
fn write(rows: &mut BinaryCopy, message: &ClickMessage<'_>, ordinal: i32, click: &ClickEvent<'_>) {
    let data = &click.data;
    rows.row(COLUMNS);
    rows.uuid(message.workspace.uuid());
    rows.uuid(data.link_id.uuid());
    rows.timestamptz(click.time);
    rows.bigint(message.sequence.cast_signed());
    rows.integer(ordinal);
    rows.uuid(click.id.uuid());
    let hash = |it: Option<&str>| it.and_then(visitor).map(u64::cast_signed);
    rows.optional_bigint(hash(data.visitor.as_deref()));
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
    rows.optional_bigint(hash(data.network.as_deref()));
}
