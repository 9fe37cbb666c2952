//! What happened to a link.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Route;
use crate::DomainEvent;

/// Something that happened to a short link, on `links.<workspace>.link.<link>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LinkEvent {
    /// A target got a short link.
    #[serde(rename = "shortened.v3")]
    Shortened {
        /// The host that the link is opened on, lower case, with a port where it isn't the scheme's own.
        domain: String,
        /// What the domain is, if the workspace brought it; none of the installation's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        own_domain: Option<OwnDomain>,
        /// The path, without the slash.
        slug: String,
        /// Where and how it leads.
        route: Route,
        /// What its owner calls it.
        #[serde(default, skip_serializing_if = "Label::is_empty")]
        label: Label,
    },
    /// Where or how the link leads was changed.
    #[serde(rename = "retargeted.v1")]
    Retargeted {
        /// Where and how it leads from now on, as a whole.
        route: Route,
    },
    /// What its owner calls the link was changed.
    #[serde(rename = "relabelled.v1")]
    Relabelled {
        /// What it is called from now on, as a whole.
        label: Label,
    },
    /// The link is opened by another slug.
    #[serde(rename = "renamed.v1")]
    Renamed {
        /// The slug that it is opened by from now on.
        slug: String,
        /// The slugs of before that still lead to it, oldest first.
        former_slugs: Vec<String>,
    },
    /// The link leads nowhere any more, until it is restored.
    #[serde(rename = "archived.v1")]
    Archived {
        /// The slug that it was opened by.
        slug: String,
    },
    /// An archived link leads to its target again.
    #[serde(rename = "restored.v1")]
    Restored {
        /// The slug that it is opened by.
        slug: String,
    },
}

/// A workspace's own domain, as it was when a link was made on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnDomain {
    /// Whether slugs that differ in case alone are two.
    pub is_case_sensitive: bool,
}

/// What a link's owner calls it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Label {
    /// One line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is filed under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Anything else, over several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

impl Label {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl DomainEvent for LinkEvent {
    const AGGREGATE: &'static str = "millrace.links.link";

    /// The first version had all its fields side by side, and the second knew no domains of workspaces.
    fn upcast(name: &str, data: Value) -> Option<(String, Value)> {
        let Value::Object(mut fields) = data else {
            return None;
        };
        if name == "shortened.v2" {
            return Some(("shortened.v3".to_owned(), fields.into()));
        }
        if name != "shortened.v1" {
            return None;
        }
        let mut take = |names: &[&str]| -> Map<String, Value> {
            let taken = names.iter().filter_map(|name| fields.remove_entry(*name));
            taken.collect()
        };
        let route = take(&["target", "status", "forward_query"]);
        let label = take(&["title", "tags"]);
        fields.insert("route".to_owned(), route.into());
        fields.insert("label".to_owned(), label.into());
        Some(("shortened.v2".to_owned(), fields.into()))
    }
}
