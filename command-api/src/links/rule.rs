//! Rules that lead some visitors elsewhere, as they are sent.

use std::collections::BTreeSet;

use events::Timestamp;
use events::links::{Parameter, Rule, Variant, When};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use utoipa::ToSchema;

use super::target::TargetRules;
use crate::agents::{BROWSERS, SYSTEMS};
use crate::geo::parse_country;
use crate::text;

/// The most rules of a link.
const RULES_MAX: usize = 20;
/// The longest name of a rule, in characters.
const NAME_CHARS_MAX: usize = 50;
/// The most targets of a rule.
const VARIANTS_MAX: usize = 10;
/// The largest weight.
const WEIGHT_MAX: u32 = 1_000;
/// The most entries of a list; there are 249 countries.
const ENTRIES_MAX: usize = 250;
/// The most parameters that a rule looks at.
const PARAMETERS_MAX: usize = 10;
/// The longest name or value of a parameter, in characters.
const PARAMETER_CHARS_MAX: usize = 200;

/// Visitors who are led elsewhere; the first rule that fits leads.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleBody {
    /// Clicks tell it as `rule`; no two rules of a link have the same.
    #[schema(min_length = 1, max_length = 50)]
    name: String,
    /// Whom it leads: all that is said must be so. Everybody, when left out.
    #[serde(default)]
    when: WhenBody,
    /// Where it leads: to one of these, by chance, as their weights have it.
    #[schema(min_items = 1, max_items = 10)]
    targets: Vec<VariantBody>,
}

/// Whom a rule leads: all that is said must be so, and of a list any entry.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WhenBody {
    /// ISO 3166-1 alpha-2.
    #[schema(max_items = 250, example = json!(["NP", "IN"]))]
    countries: Vec<String>,
    /// `desktop`, `mobile` or `other`.
    #[schema(max_items = 3)]
    devices: Vec<String>,
    /// `android`, `chromeos`, `ios`, `linux`, `macos`, `windows` or `other`.
    #[schema(max_items = 7, example = json!(["android", "ios"]))]
    systems: Vec<String>,
    /// `Chrome`, `Edge`, `Firefox`, `Internet Explorer`, `Opera`, `Safari`, `Samsung Internet Browser` or `Vivaldi`, in upper or lower case.
    #[schema(max_items = 250, example = json!(["Firefox"]))]
    browsers: Vec<String>,
    /// Languages without regions, such as `ne`; the one counts that the visitor likes best.
    #[schema(max_items = 250)]
    languages: Vec<String>,
    /// From this moment on.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this moment.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Parameters of the request's query, all of which must be there.
    #[schema(max_items = 10)]
    query: Vec<ParameterBody>,
}

/// A parameter of the request's query.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterBody {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Any, when left out.
    #[schema(max_length = 200)]
    value: Option<String>,
}

/// One of the targets of a rule.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantBody {
    #[schema(format = "uri", max_length = 2048)]
    target: String,
    /// Its share of the rule's visitors, among the sum of the weights.
    #[serde(default = "one")]
    #[schema(default = 1, minimum = 1, maximum = 1000)]
    weight: u32,
}

const fn one() -> u32 {
    1
}

/// The rules, without those that have a fault.
pub(super) fn parse(
    bodies: Vec<RuleBody>,
    targets: &TargetRules,
    faults: &mut Faults,
) -> Vec<Rule> {
    if bodies.len() > RULES_MAX {
        faults.add("/rules", format!("must have at most {RULES_MAX} rules"));
        return Vec::new();
    }
    let mut names = BTreeSet::new();
    let mut rules = Vec::with_capacity(bodies.len());
    for (index, body) in bodies.into_iter().enumerate() {
        let at = format!("/rules/{index}");
        let rule = body.parse(&at, targets, faults);
        if let Some(rule) = &rule
            && !names.insert(rule.name.clone())
        {
            faults.add(&format!("{at}/name"), "is the name of a rule before it");
        }
        rules.extend(rule);
    }
    rules
}

impl RuleBody {
    fn parse(self, at: &str, rules: &TargetRules, faults: &mut Faults) -> Option<Rule> {
        let name = faults.take(
            &format!("{at}/name"),
            text::line(&self.name, NAME_CHARS_MAX),
        );
        let when = self.when.parse(&format!("{at}/when"), faults);
        if !(1..=VARIANTS_MAX).contains(&self.targets.len()) {
            let fault = format!("must have 1 to {VARIANTS_MAX} targets");
            faults.add(&format!("{at}/targets"), fault);
        }
        let mut targets = Vec::with_capacity(self.targets.len().min(VARIANTS_MAX));
        for (index, variant) in self.targets.iter().take(VARIANTS_MAX).enumerate() {
            let at = format!("{at}/targets/{index}");
            targets.extend(variant.parse(&at, rules, faults));
        }
        Some(Rule {
            name: name?,
            when,
            targets,
        })
    }
}

impl VariantBody {
    fn parse(&self, at: &str, rules: &TargetRules, faults: &mut Faults) -> Option<Variant> {
        if !(1..=WEIGHT_MAX).contains(&self.weight) {
            let fault = format!("must be 1 to {WEIGHT_MAX}");
            faults.add(&format!("{at}/weight"), fault);
        }
        let target = faults.take(&format!("{at}/target"), rules.parse(&self.target))?;
        Some(Variant {
            target: target.into_string(),
            weight: self.weight,
        })
    }
}

impl WhenBody {
    fn parse(self, at: &str, faults: &mut Faults) -> When {
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until <= from
        {
            faults.add(&format!("{at}/until"), "must be after `from`");
        }
        let mut list = |name: &str, texts: Vec<String>, fit: fn(&str) -> Result<String, String>| {
            entries(&format!("{at}/{name}"), &texts, fit, faults)
        };
        When {
            countries: list("countries", self.countries, country),
            devices: list("devices", self.devices, device),
            systems: list("systems", self.systems, system),
            browsers: list("browsers", self.browsers, browser),
            languages: list("languages", self.languages, language),
            from: self.from,
            until: self.until,
            query: parameters(self.query, &format!("{at}/query"), faults),
        }
    }
}

fn entries(
    at: &str,
    texts: &[String],
    fit: fn(&str) -> Result<String, String>,
    faults: &mut Faults,
) -> Vec<String> {
    if texts.len() > ENTRIES_MAX {
        faults.add(at, format!("must have at most {ENTRIES_MAX} entries"));
        return Vec::new();
    }
    let fitting = texts.iter().enumerate();
    fitting
        .filter_map(|(index, text)| faults.take(&format!("{at}/{index}"), fit(text)))
        .collect()
}

fn country(text: &str) -> Result<String, String> {
    let country = parse_country(text.into());
    country.map(Into::into).map_err(str::to_owned)
}

fn device(text: &str) -> Result<String, String> {
    matches!(text, "desktop" | "mobile" | "other")
        .then(|| text.to_owned())
        .ok_or_else(|| "must be `desktop`, `mobile` or `other`".to_owned())
}

fn system(text: &str) -> Result<String, String> {
    one_of(&SYSTEMS, text)
}

fn browser(text: &str) -> Result<String, String> {
    one_of(&BROWSERS, text)
}

/// The name in lower case, if it is one of these.
fn one_of(names: &[&str], text: &str) -> Result<String, String> {
    let is_one = names.iter().any(|it| it.eq_ignore_ascii_case(text));
    is_one
        .then(|| text.to_ascii_lowercase())
        .ok_or_else(|| format!("must be one of {}", names.join(", ")))
}

fn language(text: &str) -> Result<String, String> {
    let is_language =
        (2..=3).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_alphabetic());
    is_language
        .then(|| text.to_ascii_lowercase())
        .ok_or_else(|| "must be a language code of two or three letters".to_owned())
}

fn parameters(bodies: Vec<ParameterBody>, at: &str, faults: &mut Faults) -> Vec<Parameter> {
    if bodies.len() > PARAMETERS_MAX {
        faults.add(at, format!("must have at most {PARAMETERS_MAX} parameters"));
        return Vec::new();
    }
    let mut parameters = Vec::with_capacity(bodies.len());
    for (index, body) in bodies.into_iter().enumerate() {
        let name = text::line(&body.name, PARAMETER_CHARS_MAX);
        let name = faults.take(&format!("{at}/{index}/name"), name);
        let is_long = |value: &String| value.chars().nth(PARAMETER_CHARS_MAX).is_some();
        if body.value.as_ref().is_some_and(is_long) {
            let fault = format!("must have at most {PARAMETER_CHARS_MAX} characters");
            faults.add(&format!("{at}/{index}/value"), fault);
        }
        let value = body.value;
        parameters.extend(name.map(|name| Parameter { name, value }));
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::{RULES_MAX, RuleBody, TargetRules, parse};
    use serde_json::{Value, json};
    use service::body::Faults;
    use service::config::Targets;

    fn body(value: Value) -> RuleBody {
        serde_json::from_value(value).unwrap()
    }

    fn targets() -> TargetRules {
        TargetRules::new(Targets::default(), Vec::new()).unwrap()
    }

    fn faults_of(rules: Vec<Value>) -> String {
        let mut faults = Faults::default();
        let bodies = rules.into_iter().map(body).collect();
        parse(bodies, &targets(), &mut faults);
        format!("{:?}", faults.finish().unwrap_err())
    }

    #[test]
    fn names_take_the_form_in_which_they_are_compared() {
        let mut faults = Faults::default();
        let rule = json!({
            "name": " phones ",
            "when": { "countries": ["np"], "systems": ["Android"], "languages": ["NE"] },
            "targets": [{ "target": "https://EXAMPLE.com" }],
        });
        let rules = parse(vec![body(rule)], &targets(), &mut faults);
        assert!(faults.finish().is_ok());
        let rule = rules.first().unwrap();
        assert_eq!(rule.name, "phones");
        assert_eq!(rule.when.countries, ["NP"]);
        assert_eq!(rule.when.systems, ["android"]);
        assert_eq!(rule.when.languages, ["ne"]);
        assert_eq!(rule.targets[0].target, "https://example.com/");
        assert_eq!(rule.targets[0].weight, 1);
    }

    #[test]
    fn every_fault_is_named_where_it_is() {
        let strange = json!({
            "name": "",
            "when": {
                "countries": ["NPL"], "devices": ["toaster"], "languages": ["ne-NP"],
                "from": "2026-11-21T10:00:00Z", "until": "2026-11-21T10:00:00Z",
                "query": [{ "name": "" }],
            },
            "targets": [{ "target": "javascript:x", "weight": 0 }],
        });
        let empty = json!({ "name": "b", "targets": [] });
        let problem = faults_of(vec![strange, empty.clone(), empty]);
        for pointer in [
            "/rules/0/name",
            "/rules/0/when/countries/0",
            "/rules/0/when/devices/0",
            "/rules/0/when/languages/0",
            "/rules/0/when/until",
            "/rules/0/when/query/0/name",
            "/rules/0/targets/0/target",
            "/rules/0/targets/0/weight",
            "/rules/1/targets",
            "/rules/2/name",
        ] {
            assert!(
                problem.contains(&format!("{pointer:?}")),
                "{pointer} in {problem}"
            );
        }
    }

    #[test]
    fn there_are_only_so_many_rules() {
        let rule = json!({ "name": "a", "targets": [{ "target": "https://a.example" }] });
        assert!(faults_of(vec![rule; RULES_MAX + 1]).contains("\"/rules\""));
    }
}
