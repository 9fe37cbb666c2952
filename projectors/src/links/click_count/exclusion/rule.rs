//! Whether a click that comes fits an exclusion; `excludes` of the migration says the same of those that are stored.

use events::ExclusionId;
use events::links::ClickEvent;
use service::click_count::visitor;
use time::OffsetDateTime;
use uuid::Uuid;

/// An exclusion, as it is stored: clicks are meant that fit all that is given.
#[derive(Debug, Clone, Default)]
pub(super) struct StoredRule {
    pub(super) exclusion_id: Uuid,
    pub(super) workspace_id: Uuid,
    pub(super) link_id: Option<Uuid>,
    pub(super) from_at: Option<OffsetDateTime>,
    pub(super) to_at: Option<OffsetDateTime>,
    pub(super) network: Option<i64>,
    pub(super) browser: Option<String>,
    pub(super) os: Option<String>,
    pub(super) device: Option<String>,
    pub(super) is_bot: Option<bool>,
}

impl StoredRule {
    pub(super) fn id(&self) -> ExclusionId {
        ExclusionId::new(self.exclusion_id)
    }

    /// Whether it means this click of its workspace.
    pub(super) fn fits(&self, click: &ClickEvent<'_>) -> bool {
        let (data, time) = (&click.data, click.time.odt());
        self.link_id.is_none_or(|it| it == data.link_id.uuid())
            && self.from_at.is_none_or(|it| time >= it)
            && self.to_at.is_none_or(|it| time < it)
            && self.network.is_none_or(|it| {
                let network = data.network.as_deref().and_then(visitor);
                network.map(u64::cast_signed) == Some(it)
            })
            && is_value(self.browser.as_deref(), data.browser.as_deref())
            && is_value(self.os.as_deref(), data.os.as_deref())
            && is_value(self.device.as_deref(), data.device.as_deref())
            && self.is_bot.is_none_or(|it| it == data.is_bot)
    }
}

/// Empty stands for what isn't known.
fn is_value(wanted: Option<&str>, value: Option<&str>) -> bool {
    wanted.is_none_or(|it| it == value.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use events::LinkId;
    use uuid::Uuid;

    use super::StoredRule;
    use crate::testing::click;

    type Spoil = fn(&mut StoredRule);

    #[test]
    fn a_click_is_meant_if_it_fits_all_that_is_given() {
        let link = LinkId::new(Uuid::from_u128(7));
        let mut click = click(link);
        click.time = "2026-11-21T10:00:00Z".parse().unwrap();
        click.data.network = Some("ffffffffffffffff".into());
        click.data.os = None;
        let rule = StoredRule {
            link_id: Some(link.uuid()),
            from_at: Some(click.time.odt()),
            to_at: Some(click.time.odt() + time::Duration::microseconds(1)),
            network: Some(-1),
            browser: Some("Firefox".to_owned()),
            os: Some(String::new()),
            device: Some("desktop".to_owned()),
            is_bot: Some(false),
            ..StoredRule::default()
        };
        assert!(rule.fits(&click));
        let spoils: [Spoil; 8] = [
            |it| it.link_id = Some(Uuid::nil()),
            |it| it.from_at = it.to_at,
            |it| it.to_at = it.from_at,
            |it| it.network = Some(1),
            |it| it.browser = Some("firefox".to_owned()),
            |it| it.os = Some("Linux".to_owned()),
            |it| it.device = Some(String::new()),
            |it| it.is_bot = Some(true),
        ];
        for spoil in spoils {
            let mut spoiled = rule.clone();
            spoil(&mut spoiled);
            assert!(!spoiled.fits(&click), "{spoiled:?}");
        }
        click.data.network = None;
        assert!(!rule.fits(&click), "what has no network is in none");
    }
}
