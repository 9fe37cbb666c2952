//! What happened to a link.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DomainEvent;

/// Something that happened to a short link, on `links.<workspace>.link.<link>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LinkEvent {
    /// A target got a short link.
    #[serde(rename = "shortened.v1")]
    Shortened {
        /// The host that the link is opened on, lower case, with a port where it isn't the scheme's own.
        domain: String,
        /// The path, without the slash.
        slug: String,
        /// Where the link leads: an absolute http or https URL.
        target: String,
        /// The status of the redirect: 301, 302, 307 or 308.
        status: u16,
        /// Whether the query of the request is added to the target.
        forward_query: bool,
        /// What its owner calls it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What its owner files it under.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String>,
    },
}

impl DomainEvent for LinkEvent {
    const AGGREGATE: &'static str = "millrace.links.link";
}
