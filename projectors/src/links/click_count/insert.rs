//! A few clicks as they came, in one statement.

use events::links::{Click, ClickEvent};
use service::click_count::visitor;
use sqlx::PgConnection;

use super::exclusion::Excluded;
use super::message::ClickMessage;

/// Writes the clicks of all messages.
pub(super) async fn insert(
    tx: &mut PgConnection,
    messages: &[&ClickMessage<'_>],
    excluded: &Excluded,
) -> Result<(), sqlx::Error> {
    let clicks: Vec<_> = messages
        .iter()
        .flat_map(|it| placed(it, excluded))
        .collect();
    sqlx::query!(
        "insert into click_record (workspace_id, link_id, occurred_at, sequence, ordinal, click_id,
             visitor, variant, is_bot, slug, country, city, referrer, browser, os, device, utm_source,
             utm_medium, utm_campaign, rule, network, is_excluded)
         select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[], $5::integer[],
             $6::uuid[], $7::bigint[], $8::smallint[], $9::boolean[], $10::text[], $11::text[],
             $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[],
             $19::text[], $20::text[], $21::bigint[], $22::boolean[])",
        &each(&clicks, |it| it.message.workspace.uuid()),
        &each(&clicks, |it| it.data().link_id.uuid()),
        &each(&clicks, |it| it.click.time.odt()),
        &each(&clicks, |it| it.message.sequence.cast_signed()),
        &each(&clicks, |it| it.ordinal),
        &each(&clicks, |it| it.click.id.uuid()),
        &each(&clicks, Placed::visitor) as &[Option<i64>],
        &each(&clicks, |it| it.data().variant.map(i16::from)) as &[Option<i16>],
        &each(&clicks, |it| it.data().is_bot),
        &each(&clicks, |it| &*it.data().slug) as &[&str],
        &each(&clicks, |it| it.data().country.as_deref()) as &[Option<&str>],
        &each(&clicks, |it| it.data().city.as_deref()) as &[Option<&str>],
        &each(&clicks, |it| it.data().referrer.as_deref()) as &[Option<&str>],
        &each(&clicks, |it| it.data().browser.as_deref()) as &[Option<&str>],
        &each(&clicks, |it| it.data().os.as_deref()) as &[Option<&str>],
        &each(&clicks, |it| it.data().device.as_deref()) as &[Option<&str>],
        &each(&clicks, |it| it.data().utm_source.as_deref()) as &[Option<&str>],
        &each(&clicks, |it| it.data().utm_medium.as_deref()) as &[Option<&str>],
        &each(&clicks, |it| it.data().utm_campaign.as_deref()) as &[Option<&str>],
        &each(&clicks, |it| it.data().rule.as_deref()) as &[Option<&str>],
        &each(&clicks, Placed::network) as &[Option<i64>],
        &each(&clicks, |it| it.is_excluded),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A click, and where it stands.
struct Placed<'m> {
    message: &'m ClickMessage<'m>,
    ordinal: i32,
    click: &'m ClickEvent<'m>,
    is_excluded: bool,
}

impl<'m> Placed<'m> {
    const fn data(&self) -> &'m Click<'m> {
        &self.click.data
    }

    fn visitor(&self) -> Option<i64> {
        let hash = self.data().visitor.as_deref();
        hash.and_then(visitor).map(u64::cast_signed)
    }

    fn network(&self) -> Option<i64> {
        let hash = self.data().network.as_deref();
        hash.and_then(visitor).map(u64::cast_signed)
    }
}

fn placed<'m>(
    message: &'m ClickMessage<'m>,
    excluded: &'m Excluded,
) -> impl Iterator<Item = Placed<'m>> {
    let clicks = (0_i32..).zip(message.clicks.iter().enumerate());
    clicks.map(move |(ordinal, (place, click))| Placed {
        message,
        ordinal,
        click,
        is_excluded: excluded.has(message, place),
    })
}

fn each<'m, T>(clicks: &[Placed<'m>], column: impl Fn(&Placed<'m>) -> T) -> Vec<T> {
    clicks.iter().map(column).collect()
}
