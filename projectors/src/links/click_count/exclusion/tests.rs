//! Excluding clicks, and the exact same counts as if they had never been.

use events::links::{ClickEvent, ExclusionEvent, ExclusionRule};
use events::{Context, ExclusionId, LinkId, Position, Subject, WorkspaceId};
use nats::NewMessage;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use service::world;
use uuid::Uuid;

use super::recount::CHUNK_CLICKS;
use super::rule::StoredRule;
use crate::testing::{Log, Rows, Running, click, lane, one, workspace};

/// All that is counted, whatever log it came from: how many rows, and what they say.
const COUNTED: &str = "
    select concat(count(*), ' ', md5(string_agg(it, E'\\n' order by it))) from (
        select to_jsonb(click_count)::text as it from click_count
        union all select to_jsonb(click_count_quarter)::text from click_count_quarter
        union all select to_jsonb(click_count_value)::text from click_count_value
    ) it";
const EXCLUDED: &str = "select count(*) from click_record where is_excluded";
const FITTING: &str = "select coalesce(sum(clicks), 0)::bigint from click_exclusion";

fn new_link() -> LinkId {
    LinkId::new(world::new_id())
}

fn new_exclusion() -> ExclusionId {
    ExclusionId::new(world::new_id())
}

async fn ask<T>(running: &Running, sql: &str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    one(&running.database, Context::Links, sql).await.unwrap()
}

async fn counted(running: &Running, position: Position) -> String {
    running.reach("click_count", position).await;
    ask(running, COUNTED).await
}

impl Log {
    async fn clicks(&self, workspace: WorkspaceId, clicks: &[ClickEvent<'_>]) -> Position {
        let messages = NewMessage::clicks(workspace, clicks).unwrap();
        self.broker.append(&messages).await.unwrap().position
    }

    async fn excludes(
        &self,
        workspace: WorkspaceId,
        exclusion_id: ExclusionId,
        rule: &ExclusionRule,
    ) -> Position {
        let rule = rule.clone();
        let added = ExclusionEvent::Added {
            exclusion_id,
            rule,
            reason: Some("spam".to_owned()),
        };
        self.append(&Subject::Exclusions(workspace), &added).await
    }

    async fn includes(&self, workspace: WorkspaceId, exclusion_id: ExclusionId) -> Position {
        let removed = ExclusionEvent::Removed { exclusion_id };
        self.append(&Subject::Exclusions(workspace), &removed).await
    }

    /// What is counted where only these clicks are.
    async fn counted_of(clicks: &[(WorkspaceId, Vec<ClickEvent<'_>>)]) -> String {
        let log = Self::new().await;
        let running = log.project_into(&servers::testing::fresh_database().await);
        let mut counts = String::new();
        for (workspace, clicks) in clicks.iter().filter(|(_, it)| !it.is_empty()) {
            let position = log.clicks(*workspace, clicks).await;
            counts = counted(&running, position).await;
        }
        running.stop().await;
        counts
    }
}

/// Clicks that differ in everything that rules ask for, on two days.
fn varied(random: &mut StdRng, links: &[LinkId], count: usize) -> Vec<ClickEvent<'static>> {
    let mut one = || {
        let mut it = click(links[random.random_range(0..links.len())]);
        let (day, hour) = (random.random_range(20..22), random.random_range(0..24));
        it.time = format!("2026-11-{day}T{hour:02}:30:00Z").parse().unwrap();
        it.data.is_bot = random.random_bool(0.2);
        it.data.visitor = Some(format!("{:016x}", random.random_range(0..200)).into());
        let network = random.random_range(0..5_u64);
        it.data.network = (network > 0).then(|| format!("{network:016x}").into());
        let known = |random: &mut StdRng, name: &str| {
            let number = random.random_range(0..4);
            (number > 0).then(|| format!("{name} {number}").into())
        };
        it.data.browser = known(random, "browser");
        it.data.os = known(random, "os");
        it.data.device = known(random, "device");
        it
    };
    (0..count).map(|_| one()).collect()
}

/// A rule of one to three parts.
fn a_rule(random: &mut StdRng, links: &[LinkId]) -> ExclusionRule {
    let mut rule = ExclusionRule::default();
    let text = |random: &mut StdRng, name: &str| match random.random_range(0..4) {
        0 => Some(String::new()),
        number => Some(format!("{name} {number}")),
    };
    let time = |hour: u32| Some(format!("2026-11-20T{hour:02}:30:00Z").parse().unwrap());
    for _ in 0..random.random_range(1..4) {
        match random.random_range(0..8) {
            0 => rule.link_id = Some(links[random.random_range(0..links.len())]),
            1 => rule.from = time(random.random_range(0..12)),
            2 => rule.to = time(random.random_range(12..24)),
            3 => rule.network = Some(format!("{:016x}", random.random_range(1..5_u64))),
            4 => rule.browser = text(random, "browser"),
            5 => rule.os = text(random, "os"),
            6 => rule.device = text(random, "device"),
            _ => rule.is_bot = Some(random.random_bool(0.5)),
        }
    }
    rule
}

/// The same, as it is stored.
fn stored(rule: &ExclusionRule) -> StoredRule {
    let number = |it: &String| u64::from_str_radix(it, 16).unwrap().cast_signed();
    StoredRule {
        link_id: rule.link_id.map(LinkId::uuid),
        from_at: rule.from.map(events::Timestamp::odt),
        to_at: rule.to.map(events::Timestamp::odt),
        network: rule.network.as_ref().map(number),
        browser: rule.browser.clone(),
        os: rule.os.clone(),
        device: rule.device.clone(),
        is_bot: rule.is_bot,
        ..StoredRule::default()
    }
}

fn of_network(number: u64) -> ExclusionRule {
    ExclusionRule {
        network: Some(format!("{number:016x}")),
        ..ExclusionRule::default()
    }
}

/// Clicks, of which every third comes from network 7.
fn farmed(link: LinkId, count: usize) -> Vec<ClickEvent<'static>> {
    let one = |at: usize| {
        let mut it = click(link);
        it.time = "2026-11-20T10:00:00Z".parse().unwrap();
        it.data.visitor = Some(format!("{at:016x}").into());
        it.data.network = at.is_multiple_of(3).then(|| format!("{:016x}", 7).into());
        it
    };
    (0..count).map(one).collect()
}

fn honest(clicks: &[ClickEvent<'static>]) -> Vec<ClickEvent<'static>> {
    let is_honest = |it: &&ClickEvent<'_>| it.data.network.is_none();
    clicks.iter().filter(is_honest).cloned().collect()
}

#[tokio::test]
async fn whatever_comes_and_goes_the_counts_are_those_of_the_clicks_that_no_rule_means() {
    let seed = rand::random::<u64>();
    let random = &mut StdRng::seed_from_u64(seed);
    let log = Log::new().await;
    let live = log.project_into(&servers::testing::fresh_database().await);
    let workspaces = [(); 2].map(|()| (workspace(), [new_link(), new_link(), new_link()]));
    let (mut clicks, mut rules) = (Vec::new(), Vec::new());
    let mut position = None;
    for step in 0..60 {
        let (of, links) = workspaces[random.random_range(0..2)];
        position = Some(match random.random_range(0..3) {
            0 if step < 50 => {
                let (id, rule) = (new_exclusion(), a_rule(random, &links));
                let position = log.excludes(of, id, &rule).await;
                rules.push((of, id, rule));
                position
            }
            1 if !rules.is_empty() => {
                let (of, id, _) = rules.swap_remove(random.random_range(0..rules.len()));
                log.includes(of, id).await
            }
            _ => {
                let count = random.random_range(1..200);
                let some = varied(random, &links, count);
                let position = log.clicks(of, &some).await;
                clicks.push((of, some));
                position
            }
        });
        if random.random_bool(0.5) {
            live.reach("click_count", position.unwrap()).await;
        }
    }
    let position = position.unwrap();
    let rows = counted(&live, position).await;
    let mut excluded = 0;
    for (of, clicks) in &mut clicks {
        let means = |click: &ClickEvent<'_>| {
            let mut its = rules.iter().filter(|it| it.0 == *of);
            its.any(|(_, _, rule)| stored(rule).fits(click))
        };
        let before = clicks.len();
        clicks.retain(|it| !means(it));
        excluded += before - clicks.len();
    }
    assert_eq!(rows, Log::counted_of(&clicks).await, "seed {seed}");
    let marked: i64 = ask(&live, EXCLUDED).await;
    assert_eq!(marked, i64::try_from(excluded).unwrap());

    let fresh = log.project_into(&servers::testing::fresh_database().await);
    fresh.reach("click_count", position).await;
    assert_eq!(
        Rows::of(&fresh.database).await,
        Rows::of(&live.database).await
    );
    live.stop().await;
    fresh.stop().await;
}

#[tokio::test]
async fn what_is_excluded_counts_no_more_and_counts_again_when_that_is_taken_back() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let (of, other, id) = (workspace(), workspace(), new_exclusion());
    let clicks = farmed(new_link(), 1_600);
    let strangers = farmed(new_link(), 30);
    log.clicks(of, &clicks).await;
    let position = log.clicks(other, &strangers).await;
    let before = counted(&running, position).await;

    let position = log.excludes(of, id, &of_network(7)).await;
    let after = counted(&running, position).await;
    let kept = [(of, honest(&clicks)), (other, strangers.clone())];
    assert_eq!(after, Log::counted_of(&kept).await);
    assert_eq!(ask::<i64>(&running, EXCLUDED).await, 534);
    assert_eq!(ask::<i64>(&running, FITTING).await, 534);

    let more = farmed(new_link(), 6);
    let position = log.clicks(of, &more).await;
    running.reach("click_count", position).await;
    assert_eq!(ask::<i64>(&running, EXCLUDED).await, 536);
    assert_eq!(ask::<i64>(&running, FITTING).await, 536);

    let position = log.includes(of, id).await;
    let taken_back = counted(&running, position).await;
    let all = [(of, clicks.clone()), (other, strangers), (of, more)];
    assert_eq!(taken_back, Log::counted_of(&all).await);
    assert_eq!(ask::<i64>(&running, EXCLUDED).await, 0);
    assert_ne!(before, taken_back);
    running.stop().await;
}

#[tokio::test]
async fn a_day_of_more_clicks_than_are_held_at_once_is_counted_anew() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let (of, link) = (workspace(), new_link());
    let mut clicks = farmed(link, CHUNK_CLICKS + 300);
    clicks[0].data.is_bot = true;
    let parts: Vec<_> = clicks.chunks(1_000).collect();
    for part in parts {
        log.clicks(of, part).await;
    }
    let bots = ExclusionRule {
        is_bot: Some(true),
        ..ExclusionRule::default()
    };
    let position = log.excludes(of, new_exclusion(), &bots).await;
    let rows = counted(&running, position).await;
    let kept: Vec<_> = clicks[1..]
        .chunks(900)
        .map(|it| (of, it.to_vec()))
        .collect();
    assert_eq!(rows, Log::counted_of(&kept).await);
    running.stop().await;
}

#[tokio::test]
async fn a_day_without_its_raw_clicks_keeps_its_counts() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let (of, id) = (workspace(), new_exclusion());
    let position = log.clicks(of, &farmed(new_link(), 600)).await;
    let before = counted(&running, position).await;
    let drop_most = "delete from click_record where ordinal > 50 returning 1::bigint";
    assert_eq!(ask::<i64>(&running, drop_most).await, 1);
    let position = log.excludes(of, id, &of_network(7)).await;
    assert_eq!(counted(&running, position).await, before);
    assert_eq!(ask::<i64>(&running, EXCLUDED).await, 0);
    let position = log.includes(of, id).await;
    assert_eq!(counted(&running, position).await, before);
    running.stop().await;
}

#[tokio::test]
async fn months_whose_clicks_need_not_be_kept_stay_as_they_were_counted() {
    let log = Log::new().await;
    let (of, link) = (workspace(), new_link());
    let mut old = farmed(link, 30);
    for it in &mut old {
        it.time = "2020-01-31T23:59:59Z".parse().unwrap();
    }
    let new = farmed(link, 30);
    log.clicks(of, &old).await;
    log.clicks(of, &new).await;
    log.excludes(of, new_exclusion(), &of_network(7)).await;
    let position = log.clicks(of, &old).await;
    let kept_since = world::now().odt() - time::macros::datetime!(2021-03-15 0:00 UTC);
    let retention = Some(kept_since.unsigned_abs());
    let url = servers::testing::fresh_database().await;
    let running = log.project_and_keep(&url, retention);
    let rows = counted(&running, position).await;
    // Those that come late are excluded as they come.
    let kept = [(of, old.clone()), (of, honest(&new)), (of, honest(&old))];
    assert_eq!(rows, Log::counted_of(&kept).await);
    running.stop().await;
}

#[tokio::test]
async fn clicks_that_are_read_again_are_excluded_as_before() {
    let log = Log::new().await;
    let url = servers::testing::fresh_database().await;
    let first = log.project_into(&url);
    let (of, lane) = (workspace(), lane(&log, world::new_id()));
    let [taken_back, stays] = [new_exclusion(), new_exclusion()];
    lane.record(of, &farmed(new_link(), 700)).await;
    log.excludes(of, taken_back, &of_network(7)).await;
    log.excludes(of, stays, &of_network(7)).await;
    lane.record(of, &farmed(new_link(), 40)).await;
    let position = log.includes(of, taken_back).await;
    first.reach("click_count", position).await;
    let rows = Rows::of(&first.database).await;
    assert_eq!(ask::<i64>(&first, FITTING).await, 234 + 14);
    let again = "delete from projection_position returning position";
    ask::<i64>(&first, again).await;
    first.stop().await;
    let second = log.project_into(&url);
    second.reach("click_count", position).await;
    assert_eq!(Rows::of(&second.database).await, rows);
    second.stop().await;
}

#[tokio::test]
async fn what_was_never_excluded_is_parked_when_it_is_taken_back() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let of = workspace();
    let id = ExclusionId::new(Uuid::nil());
    let position = log.includes(of, id).await;
    running.reach("click_count", position).await;
    assert_eq!(Rows::of(&running.database).await.count("parked_event"), 1);
    running.stop().await;
}
