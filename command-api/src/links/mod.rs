//! Short links: making them, and leading visitors to where they point.

mod answer;
mod archive;
mod body;
mod bulk;
mod clicks;
mod domain;
mod edit;
mod exclusion;
mod former;
pub(crate) mod http;
mod import;
mod known;
mod label;
mod link;
mod patch;
pub(crate) mod redirect;
mod route;
mod rule;
mod shorten;
mod slug;
pub(crate) mod spool;
mod step;
mod target;

pub(crate) use clicks::ReportTurns;
pub(crate) use domain::{Domain, OwnDomainRejection};
pub(crate) use exclusion::ExclusionRejection;
pub(crate) use import::Room as ImportRoom;
pub(crate) use link::LinkRejection;
pub(crate) use slug::Fill;
pub use target::BlocklistError;
pub(crate) use target::TargetRules;
