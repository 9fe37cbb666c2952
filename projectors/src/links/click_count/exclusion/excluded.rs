//! Which clicks of a batch do not count.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use events::ExclusionId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::add_fitting;
use super::rule::StoredRule;
use crate::links::click_count::message::ClickMessage;

/// The places of clicks that do not count.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Excluded(HashSet<(u64, usize)>);

impl Excluded {
    /// Holds the clicks against their workspaces' exclusions, and notes how many fit each.
    pub(in super::super) async fn among(
        tx: &mut PgConnection,
        messages: &[&ClickMessage<'_>],
    ) -> Result<Self, sqlx::Error> {
        let rules = load(tx, messages).await?;
        if rules.is_empty() {
            return Ok(Self::default());
        }
        let (excluded, fitting) = Self::by(&rules, messages);
        let fitting: Vec<_> = fitting.into_iter().collect();
        if !fitting.is_empty() {
            add_fitting(tx, &fitting).await?;
        }
        Ok(excluded)
    }

    /// Whether the click at that place of that message does not count.
    pub(in super::super) fn has(&self, message: &ClickMessage<'_>, place: usize) -> bool {
        self.0.contains(&(message.sequence, place))
    }

    fn by(
        rules: &HashMap<Uuid, Vec<StoredRule>>,
        messages: &[&ClickMessage<'_>],
    ) -> (Self, BTreeMap<ExclusionId, i64>) {
        let (mut excluded, mut fitting) = (Self::default(), BTreeMap::new());
        for message in messages {
            let rules = rules.get(&message.workspace.uuid());
            for (place, click) in message.clicks.iter().enumerate() {
                for rule in rules.into_iter().flatten().filter(|it| it.fits(click)) {
                    excluded.0.insert((message.sequence, place));
                    *fitting.entry(rule.id()).or_default() += 1;
                }
            }
        }
        (excluded, fitting)
    }
}

/// The exclusions of the messages' workspaces.
async fn load(
    tx: &mut PgConnection,
    messages: &[&ClickMessage<'_>],
) -> Result<HashMap<Uuid, Vec<StoredRule>>, sqlx::Error> {
    let workspaces: BTreeSet<_> = messages.iter().map(|it| it.workspace.uuid()).collect();
    let workspaces: Vec<_> = workspaces.into_iter().collect();
    let rows = sqlx::query_as!(
        StoredRule,
        "select exclusion_id, workspace_id, link_id, from_at, to_at, network, browser, os, device, is_bot
           from click_exclusion where workspace_id = any($1)",
        &workspaces,
    )
    .fetch_all(tx)
    .await?;
    let mut rules: HashMap<Uuid, Vec<StoredRule>> = HashMap::new();
    for rule in rows {
        rules.entry(rule.workspace_id).or_default().push(rule);
    }
    Ok(rules)
}
