//! Which of a link's targets a visitor is led to.

use events::Timestamp;
use events::links::{Parameter, When};
use url::form_urlencoded;

use super::Place;
use super::destination::{Destination, RuleToPlaces};
use crate::agents::Agent;

/// What is known of a visitor, as far as rules ask.
pub(super) struct Facts<'a> {
    pub(super) country: Option<&'a str>,
    pub(super) agent: &'a Agent,
    /// The language that the visitor likes best, without its region.
    pub(super) language: Option<&'a str>,
    pub(super) query: Option<&'a str>,
    pub(super) time: Timestamp,
    /// Any number, evenly spread; the same one leads to the same variant.
    pub(super) lot: u64,
}

/// Where a visitor is led, and by which rule.
pub(super) struct Choice<'d> {
    pub(super) place: &'d Place,
    pub(super) rule: Option<&'d str>,
    /// Which of several targets of the rule it is.
    pub(super) variant: Option<u8>,
}

/// The first rule that fits leads; the link's own target, if none does.
pub(super) fn choose<'d>(destination: &'d Destination, facts: &Facts<'_>) -> Choice<'d> {
    let mut rules = destination.rules.iter();
    let led = rules.find_map(|rule| {
        facts
            .fit(&rule.when)
            .then(|| draw(rule, facts.lot))
            .flatten()
    });
    led.unwrap_or(Choice {
        place: &destination.place,
        rule: None,
        variant: None,
    })
}

/// Everywhere that visitors may be led: no rule is asked behind one that leads everybody, nor is the link's own target.
pub(super) fn places(destination: &Destination) -> Vec<&Place> {
    let rules = &destination.rules;
    let last = rules.iter().position(|rule| rule.when.is_always());
    let asked = rules.iter().take(last.map_or(rules.len(), |it| it + 1));
    let variants = asked.flat_map(|rule| &rule.variants);
    let own = last.is_none().then_some(&destination.place);
    let mut places = Vec::new();
    for place in variants.map(|(place, _)| place).chain(own) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// The variant that the lot falls on, by their weights.
fn draw(rule: &RuleToPlaces, lot: u64) -> Option<Choice<'_>> {
    let sum: u64 = rule
        .variants
        .iter()
        .map(|(_, weight)| u64::from(*weight))
        .sum();
    let mut left = lot.checked_rem(sum)?;
    let is_alone = rule.variants.len() == 1;
    for (index, (place, weight)) in (0_u8..).zip(&rule.variants) {
        match left.checked_sub(u64::from(*weight)) {
            Some(rest) => left = rest,
            None => {
                return Some(Choice {
                    place,
                    rule: Some(&rule.name),
                    variant: (!is_alone).then_some(index),
                });
            }
        }
    }
    None
}

impl Facts<'_> {
    /// Whether everything is so that the rule asks for.
    fn fit(&self, when: &When) -> bool {
        is_among(&when.countries, self.country)
            && is_among(&when.devices, self.agent.device)
            && is_among(&when.systems, self.agent.system)
            && is_among(&when.browsers, self.agent.browser.as_deref())
            && is_among(&when.languages, self.language)
            && when.from.is_none_or(|from| from <= self.time)
            && when.until.is_none_or(|until| self.time < until)
            && when.query.iter().all(|it| self.has(it))
    }

    fn has(&self, parameter: &Parameter) -> bool {
        let query = self.query.unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).any(|(name, value)| {
            let Parameter {
                name: asked,
                value: wanted,
            } = parameter;
            name == asked.as_str() && wanted.as_ref().is_none_or(|it| value == it.as_str())
        })
    }
}

/// A list without entries asks for nothing.
fn is_among(list: &[String], value: Option<&str>) -> bool {
    list.is_empty()
        || value.is_some_and(|value| list.iter().any(|it| it.eq_ignore_ascii_case(value)))
}

#[cfg(test)]
mod tests {
    use super::{Choice, Facts, choose, places};
    use crate::agents::Agent;
    use crate::links::link::samples::{route, shortened};
    use crate::links::redirect::Destination;
    use crate::links::target::Blocklist;
    use events::links::{LinkEvent, Parameter, Route, Rule, Variant, When};
    use events::{LinkId, Subject, Timestamp, WorkspaceId};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn rule(name: &str, when: When, weights: &[u32]) -> Rule {
        let target = |(index, weight): (usize, &u32)| Variant {
            target: format!("https://{name}.example/{index}"),
            weight: *weight,
        };
        Rule {
            name: name.to_owned(),
            when,
            targets: weights.iter().enumerate().map(target).collect(),
        }
    }

    fn destination(rules: Vec<Rule>) -> Destination {
        let subject = Subject::Link(
            WorkspaceId::new(Uuid::from_u128(1)),
            LinkId::new(Uuid::from_u128(2)),
        );
        let change = LinkEvent::Retargeted {
            route: Route {
                rules,
                ..route("https://own.example/")
            },
        };
        Destination::of(&subject, &[shortened(), change], &Blocklist::default()).unwrap()
    }

    fn agent() -> Agent {
        Agent {
            browser: Some("Firefox".into()),
            os: Some("Android".into()),
            system: Some("android"),
            device: Some("mobile"),
            is_bot: false,
        }
    }

    fn facts(agent: &Agent) -> Facts<'_> {
        Facts {
            country: Some("NP"),
            agent,
            language: Some("ne"),
            query: Some("ref=mail&x"),
            time: "2026-11-21T10:00:00Z".parse().unwrap(),
            lot: 0,
        }
    }

    fn led(when: When) -> bool {
        let destination = destination(vec![rule("a", when, &[1])]);
        choose(&destination, &facts(&agent())).rule.is_some()
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|it| (*it).to_owned()).collect()
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Holds of each condition whether a visitor as in [`facts`] is led by it.
    fn hold(cases: &[(When, bool)]) {
        for (when, fits) in cases {
            assert_eq!(led(when.clone()), *fits, "{when:?}");
        }
    }

    #[test]
    fn whom_it_leads_is_told_by_lists_of_which_any_entry_fits() {
        let always = When::default();
        hold(&[(always, true)]);
        let of = |set: fn(&mut When) -> &mut Vec<String>, entries: &[&str]| {
            let mut when = When::default();
            *set(&mut when) = texts(entries);
            when
        };
        hold(&[
            (of(|it| &mut it.countries, &["IN", "NP"]), true),
            (of(|it| &mut it.countries, &["IN"]), false),
            (of(|it| &mut it.devices, &["mobile"]), true),
            (of(|it| &mut it.devices, &["desktop"]), false),
            (of(|it| &mut it.systems, &["android"]), true),
            (of(|it| &mut it.systems, &["ios"]), false),
            (of(|it| &mut it.browsers, &["firefox"]), true),
            (of(|it| &mut it.browsers, &["chrome"]), false),
            (of(|it| &mut it.languages, &["ne"]), true),
            (of(|it| &mut it.languages, &["en"]), false),
        ]);
    }

    #[test]
    fn it_leads_from_its_beginning_on_and_not_at_its_end() {
        let (at, later) = ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00.000001Z");
        let of = |from: Option<Timestamp>, until: Option<Timestamp>| When {
            from,
            until,
            ..When::default()
        };
        hold(&[
            (of(Some(time(at)), None), true),
            (of(Some(time(later)), None), false),
            (of(None, Some(time(later))), true),
            (of(None, Some(time(at))), false),
        ]);
    }

    #[test]
    fn all_parameters_must_be_there_and_their_values_if_any_are_said() {
        let of = |parameters: &[(&str, Option<&str>)]| When {
            query: parameters
                .iter()
                .map(|(name, value)| Parameter {
                    name: (*name).to_owned(),
                    value: value.map(str::to_owned),
                })
                .collect(),
            ..When::default()
        };
        hold(&[
            (of(&[("x", None)]), true),
            (of(&[("ref", Some("mail"))]), true),
            (of(&[("ref", Some("mail")), ("x", None)]), true),
            (of(&[("ref", Some("post"))]), false),
            (of(&[("ref", Some("mail")), ("y", None)]), false),
        ]);
    }

    #[test]
    fn what_is_not_known_of_a_visitor_fits_no_list() {
        let stranger = Agent::default();
        let facts = Facts {
            country: None,
            language: None,
            ..facts(&stranger)
        };
        let when = When {
            countries: texts(&["NP"]),
            ..When::default()
        };
        let destination = destination(vec![rule("a", when, &[1])]);
        assert!(choose(&destination, &facts).rule.is_none());
    }

    #[test]
    fn the_first_rule_that_fits_leads_and_else_the_links_own_target() {
        let strangers = When {
            countries: texts(&["IN"]),
            ..When::default()
        };
        let rules = vec![
            rule("a", strangers.clone(), &[1]),
            rule("b", When::default(), &[1]),
            rule("c", When::default(), &[1]),
        ];
        let agent = agent();
        let with_rules = destination(rules);
        let Choice {
            place,
            rule: name,
            variant,
        } = choose(&with_rules, &facts(&agent));
        assert_eq!(
            (place.as_str(), name, variant),
            ("https://b.example/0", Some("b"), None)
        );
        let own = destination(vec![rule("a", strangers, &[1])]);
        assert_eq!(
            choose(&own, &facts(&agent)).place.as_str(),
            "https://own.example/"
        );
    }

    #[test]
    fn everywhere_that_visitors_may_be_led_is_told_once_and_nothing_else() {
        let strangers = When {
            countries: texts(&["IN"]),
            ..When::default()
        };
        let told = |rules: Vec<Rule>| -> Vec<String> {
            let destination = destination(rules);
            let places = places(&destination).into_iter();
            places.map(|it| it.as_str().to_owned()).collect()
        };
        let own = "https://own.example/";
        assert_eq!(told(Vec::new()), [own]);
        let same = Rule {
            name: "again".to_owned(),
            ..rule("a", strangers.clone(), &[1])
        };
        let (first, second) = ("https://a.example/0", "https://a.example/1");
        let some = vec![rule("a", strangers, &[3, 1]), same];
        assert_eq!(told(some.clone()), [first, second, own]);
        let everybody = [
            rule("b", When::default(), &[1]),
            rule("c", When::default(), &[1]),
        ];
        let all = some.into_iter().chain(everybody).collect();
        assert_eq!(told(all), [first, second, "https://b.example/0"]);
    }

    proptest! {
        #[test]
        fn of_as_many_lots_as_the_weights_come_to_each_variant_gets_its_weight(
            weights in prop::collection::vec(1_u32..50, 1..10),
        ) {
            let destination = destination(vec![rule("a", When::default(), &weights)]);
            let agent = agent();
            let mut drawn = vec![0_u32; weights.len()];
            for lot in 0..weights.iter().map(|it| u64::from(*it)).sum() {
                let choice = choose(&destination, &Facts { lot, ..facts(&agent) });
                drawn[usize::from(choice.variant.unwrap_or_default())] += 1;
            }
            prop_assert_eq!(drawn, weights);
        }
    }
}
