//! Where and how a link leads its visitors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Sealed, Timestamp};

/// Where and how a link leads its visitors: all that its owner chose, as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    /// Where the link leads whom no rule leads elsewhere: an absolute URL.
    pub target: String,
    /// The status of the redirect: 301, 302, 307 or 308.
    pub status: u16,
    /// Whether the query of the request is added to the target.
    pub forward_query: bool,
    /// What is added to the target's query.
    #[serde(default, skip_serializing_if = "Utm::is_empty")]
    pub utm: Utm,
    /// Who is led elsewhere; the first rule that fits leads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// From when on the link leads nowhere, or to `expired_target`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Where the link leads once it has expired: an absolute URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_target: Option<String>,
    /// How often the link leads anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_clicks: Option<u64>,
    /// The argon2id hash of the password that visitors need, sealed by the installation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<Sealed>,
}

/// Campaign parameters that a target gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Utm {
    /// `utm_source`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `utm_medium`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// `utm_campaign`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// `utm_term`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
    /// `utm_content`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// Visitors who are led elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// What its owner calls it; its clicks tell it. No two rules of a link have the same.
    pub name: String,
    /// Whom it leads.
    #[serde(default, skip_serializing_if = "When::is_always")]
    pub when: When,
    /// Where it leads: to one of these, by chance, as their weights have it.
    pub targets: Vec<Variant>,
}

/// What must be so for a rule to lead: everything that is said, and of a list any entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct When {
    /// ISO 3166-1 alpha-2, upper case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// `desktop`, `mobile` or `other`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<String>,
    /// Kinds of operating systems: `android`, `chromeos`, `ios`, `linux`, `macos`, `windows` or `other`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<String>,
    /// Names of browsers, as clicks tell them, in lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub browsers: Vec<String>,
    /// Primary language subtags (RFC 5646), lower case, of the language that the visitor likes best.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// From this moment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Parameters of the request's query, all of which must be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<Parameter>,
}

/// A parameter of the request's query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value; any, when none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// One of the targets of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variant {
    /// An absolute URL.
    pub target: String,
    /// Its share of the rule's visitors, among the sum of the weights; not 0.
    pub weight: u32,
}

impl Route {
    /// What `password_hash` is sealed as.
    pub const PASSWORD_SEAL: &'static str = "millrace.links.link.password_hash";
}

impl Utm {
    /// Whether nothing is added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is added to a query: names and values, in the order of this type's fields.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self {
            source,
            medium,
            campaign,
            term,
            content,
        } = self;
        [
            ("utm_source", source),
            ("utm_medium", medium),
            ("utm_campaign", campaign),
            ("utm_term", term),
            ("utm_content", content),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

impl When {
    /// How many entries its lists have together.
    #[must_use]
    pub fn entries(&self) -> usize {
        let lists = [
            &self.countries,
            &self.devices,
            &self.systems,
            &self.browsers,
            &self.languages,
        ];
        lists.iter().map(|it| it.len()).sum::<usize>() + self.query.len()
    }

    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }
}
