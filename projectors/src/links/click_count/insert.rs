//! A few clicks as they came, in one statement.

use sqlx::PgConnection;

use super::placed::Placed;

/// Writes the clicks.
pub(super) async fn insert(
    tx: &mut PgConnection,
    clicks: &[Placed<'_>],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into click_record (workspace_id, link_id, occurred_at, sequence, ordinal, click_id,
             visitor, variant, is_bot, slug, country, city, referrer, browser, os, device, utm_source,
             utm_medium, utm_campaign, rule, network, is_excluded)
         select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[], $5::integer[],
             $6::uuid[], $7::bigint[], $8::smallint[], $9::boolean[], $10::text[], $11::text[],
             $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[],
             $19::text[], $20::text[], $21::bigint[], $22::boolean[])",
        &each(clicks, |it| it.message.workspace.uuid()),
        &each(clicks, |it| it.data().link_id.uuid()),
        &each(clicks, |it| it.click.time.odt()),
        &each(clicks, |it| it.message.sequence.cast_signed()),
        &each(clicks, |it| it.ordinal),
        &each(clicks, |it| it.click.id.uuid()),
        &each(clicks, Placed::visitor) as &[Option<i64>],
        &each(clicks, |it| it.data().variant.map(i16::from)) as &[Option<i16>],
        &each(clicks, |it| it.data().is_bot),
        &each(clicks, |it| &*it.data().slug) as &[&str],
        &each(clicks, |it| it.data().country.as_deref()) as &[Option<&str>],
        &each(clicks, |it| it.data().city.as_deref()) as &[Option<&str>],
        &each(clicks, |it| it.data().referrer.as_deref()) as &[Option<&str>],
        &each(clicks, |it| it.data().browser.as_deref()) as &[Option<&str>],
        &each(clicks, |it| it.data().os.as_deref()) as &[Option<&str>],
        &each(clicks, |it| it.data().device.as_deref()) as &[Option<&str>],
        &each(clicks, |it| it.data().utm_source.as_deref()) as &[Option<&str>],
        &each(clicks, |it| it.data().utm_medium.as_deref()) as &[Option<&str>],
        &each(clicks, |it| it.data().utm_campaign.as_deref()) as &[Option<&str>],
        &each(clicks, |it| it.data().rule.as_deref()) as &[Option<&str>],
        &each(clicks, Placed::network) as &[Option<i64>],
        &each(clicks, |it| it.is_excluded),
    )
    .execute(tx)
    .await?;
    Ok(())
}

fn each<'m, T>(clicks: &[Placed<'m>], column: impl Fn(&Placed<'m>) -> T) -> Vec<T> {
    clicks.iter().map(column).collect()
}
