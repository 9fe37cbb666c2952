//! Which clicks are meant, as it is sent, and as it must be to be kept.

use events::links::ExclusionRule;
use events::{LinkId, Timestamp};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use utoipa::ToSchema;

use crate::text;

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;
/// No text of a click that is kept is longer, in bytes.
const VALUE_BYTES_MAX: usize = 255;
const NETWORK_DIGITS: usize = 16;

/// Which clicks do not count: those that fit all that is given.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddBody {
    /// Clicks on this link.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub(super) link_id: Option<LinkId>,
    /// Clicks at that time or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Clicks before that time.
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Clicks with this `network`: those of one range of addresses, on one day.
    #[schema(min_length = 16, max_length = 16, pattern = "^[0-9a-f]{16}$")]
    network: Option<String>,
    /// Clicks in this browser; empty for clicks whose browser isn't known.
    #[schema(max_length = 255)]
    browser: Option<String>,
    /// Clicks on this operating system; empty for clicks whose system isn't known.
    #[schema(max_length = 255)]
    os: Option<String>,
    /// Clicks on this kind of device, `desktop`, `mobile` or `other`; empty for clicks whose device isn't known.
    #[schema(max_length = 255)]
    device: Option<String>,
    /// Clicks of programs that say so themselves, or of nobody who does.
    is_bot: Option<bool>,
    /// Why, for those who look later.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl AddBody {
    /// The rule and the reason, or every fault; a rule that gives nothing would mean all clicks.
    pub(super) fn parse(self, faults: &mut Faults) -> (ExclusionRule, Option<String>) {
        let reason = self.reason.as_deref();
        let reason = reason.and_then(|it| faults.take("/reason", text::line(it, REASON_CHARS_MAX)));
        let rule = ExclusionRule {
            link_id: self.link_id,
            from: self.from,
            to: self.to,
            network: self.network,
            browser: self.browser,
            os: self.os,
            device: self.device,
            is_bot: self.is_bot,
        };
        check(&rule, faults);
        (rule, reason)
    }
}

fn check(rule: &ExclusionRule, faults: &mut Faults) {
    if *rule == ExclusionRule::default() {
        faults.add("", "must say which clicks are meant");
    }
    if let (Some(from), Some(to)) = (rule.from, rule.to)
        && from >= to
    {
        faults.add("/to", "must be after `from`");
    }
    let is_digit = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
    let is_network = |it: &str| it.len() == NETWORK_DIGITS && it.bytes().all(is_digit);
    if rule.network.as_deref().is_some_and(|it| !is_network(it)) {
        faults.add("/network", "must be 16 hexadecimal digits in lower case");
    }
    for (pointer, value) in [
        ("/browser", &rule.browser),
        ("/os", &rule.os),
        ("/device", &rule.device),
    ] {
        let value = value.as_deref().unwrap_or_default();
        if value.len() > VALUE_BYTES_MAX {
            faults.add(pointer, format!("is longer than {VALUE_BYTES_MAX} bytes"));
        }
        if value.chars().any(text::is_hostile) {
            faults.add(pointer, "contains control characters");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AddBody, Faults};
    use serde_json::json;

    fn faults(body: serde_json::Value) -> Vec<String> {
        let body: AddBody = serde_json::from_value(body).unwrap();
        let mut faults = Faults::default();
        body.parse(&mut faults);
        let faults = faults.into_list().into_iter();
        faults.map(|it| it.pointer).collect()
    }

    #[test]
    fn one_thing_that_clicks_have_is_enough() {
        for body in [
            json!({ "from": "2026-11-21T10:00:00Z" }),
            json!({ "from": "2026-11-21T10:00:00Z", "to": "2026-11-21T10:00:00.000001Z" }),
            json!({ "network": "00112233aabbccdd", "reason": "a farm" }),
            json!({ "browser": "" }),
            json!({ "is_bot": false }),
        ] {
            assert!(faults(body.clone()).is_empty(), "{body}");
        }
    }

    #[test]
    fn a_rule_that_means_all_clicks_is_refused() {
        assert_eq!(faults(json!({ "reason": "all of them" })), [""]);
    }

    #[test]
    fn every_fault_is_told() {
        let body = json!({
            "from": "2026-11-21T10:00:00Z",
            "to": "2026-11-21T10:00:00Z",
            "network": "00112233AABBCCDD",
            "browser": "x".repeat(256),
            "os": "\u{0}",
            "device": "\n",
            "reason": " ",
        });
        let told = ["/reason", "/to", "/network", "/browser", "/os", "/device"];
        assert_eq!(faults(body), told);
    }
}
