//! Clicks as the projectors leave them, for questions.

mod clocks;
mod exclusion;
mod export;
mod indexes;
mod record;
mod scope;
mod series;
mod top;

use std::collections::BTreeMap;
use std::fmt::Write;

use service::click_count::{Coupon, Dimension, PackedClick, Sketch, pack};
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::testing::Stage;

const LINK: Uuid = Uuid::from_u128(70);
const OTHER: Uuid = Uuid::from_u128(71);
const WORKSPACE: Uuid = Uuid::from_u128(1);

/// A click that happened.
#[derive(Clone, Copy)]
struct Given {
    link: Uuid,
    time: OffsetDateTime,
    is_bot: bool,
    visitor: Option<u64>,
    country: &'static str,
    browser: &'static str,
    device: &'static str,
}

/// A click at a time like `2026-11-20T10:00Z`.
fn click(time: &str) -> Given {
    let time = time.replace('Z', ":00Z");
    Given {
        link: LINK,
        time: OffsetDateTime::parse(&time, &Rfc3339).unwrap(),
        is_bot: false,
        visitor: None,
        country: "",
        browser: "",
        device: "",
    }
}

/// Clicks on a link of workspace 1, at the start of quarters of an hour.
async fn stage(clicks: &[(Uuid, &str, bool, usize)]) -> Stage {
    let clicks: Vec<_> = clicks
        .iter()
        .flat_map(|(link, time, is_bot, count)| {
            let one = Given {
                link: *link,
                is_bot: *is_bot,
                ..click(time)
            };
            vec![one; *count]
        })
        .collect();
    given(&clicks).await
}

/// The clicks as they are counted: every other one is packed, and the rest was added up.
async fn given(clicks: &[Given]) -> Stage {
    let stage = Stage::new().await;
    let partition = "create table links.click_record_all partition of links.click_record default";
    stage.write(partition.to_owned()).await;
    for link in [LINK, OTHER] {
        stage
            .write(format!(
                "insert into links.link_list values ('{link}', '{WORKSPACE}', 'go.example.com', \
                 '{link}', 'https://a.example', 302, false, null, '{{}}', now(), 7)"
            ))
            .await;
    }
    for (sequence, click) in clicks.iter().enumerate() {
        record(&stage, sequence, click).await;
    }
    for scope in [LINK, OTHER, WORKSPACE] {
        let its = |it: &&Given| scope == WORKSPACE || it.link == scope;
        let its: Vec<_> = clicks.iter().filter(its).collect();
        count_packed(&stage, scope, its.iter().copied().step_by(2)).await;
        count_added(&stage, scope, its.iter().copied().skip(1).step_by(2)).await;
    }
    stage
}

async fn record(stage: &Stage, sequence: usize, click: &Given) {
    let text = |text: &str| match text {
        "" => "null".to_owned(),
        text => format!("'{text}'"),
    };
    let visitor = click.visitor.map_or("null".to_owned(), |it| it.to_string());
    stage
        .write(format!(
            "insert into links.click_record (workspace_id, link_id, occurred_at, sequence, ordinal, \
             click_id, slug, is_bot, visitor, country, browser, device) values ('{WORKSPACE}', '{}', '{}', \
             {sequence}, 0, '{}', 's', {}, {visitor}, {}, {}, {})",
            click.link,
            click.time,
            Uuid::from_u128(sequence as u128),
            click.is_bot,
            text(click.country),
            text(click.browser),
            text(click.device)
        ))
        .await;
}

impl Given {
    fn packed(&self) -> PackedClick<'static> {
        let known = [
            (Dimension::Country, self.country),
            (Dimension::Browser, self.browser),
            (Dimension::Device, self.device),
        ];
        let value = |dimension| {
            let known = known.iter().find(|(it, _)| *it == dimension);
            known.map_or("", |(_, value)| value)
        };
        PackedClick {
            quarter: self.time.hour() * 4 + self.time.minute() / 15,
            is_bot: self.is_bot,
            visitor: self.visitor,
            values: Dimension::ALL.map(value),
        }
    }
}

async fn count_packed(stage: &Stage, scope: Uuid, clicks: impl Iterator<Item = &Given>) {
    let mut days: BTreeMap<Date, Vec<PackedClick<'static>>> = BTreeMap::new();
    for click in clicks {
        days.entry(click.time.date())
            .or_default()
            .push(click.packed());
    }
    for (day, clicks) in days {
        stage
            .write(format!(
                "insert into links.click_count values ('{WORKSPACE}', '{scope}', '{day}', {}, '\\x{}')",
                clicks.len(),
                hex(&pack(clicks.iter().copied()))
            ))
            .await;
    }
}

async fn count_added(stage: &Stage, scope: Uuid, clicks: impl Iterator<Item = &Given>) {
    let mut rows: BTreeMap<String, (usize, Sketch)> = BTreeMap::new();
    for click in clicks {
        let (time, day, is_bot) = (click.time, click.time.date(), click.is_bot);
        let start = time - time::Duration::minutes(i64::from(time.minute() % 15));
        let mut tables = vec![format!(
            "links.click_count_quarter values ('{WORKSPACE}', '{scope}', '{start}', {is_bot}"
        )];
        let values = click.packed().values;
        tables.extend(Dimension::ALL.map(|it| {
            format!(
                "links.click_count_value values ('{WORKSPACE}', '{scope}', {}, '{day}', {is_bot}, '{}'",
                it.number(),
                it.of(&values)
            )
        }));
        for row in tables {
            let (clicks, visitors) = rows.entry(row).or_default();
            *clicks += 1;
            if let Some(visitor) = click.visitor {
                visitors.add(Coupon::from_value(visitor));
            }
        }
    }
    for (row, (clicks, visitors)) in rows {
        let visitors = hex(&visitors.to_bytes());
        stage
            .write(format!("insert into {row}, {clicks}, '\\x{visitors}')"))
            .await;
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
