//! Short links: making them, and leading visitors to where they point.

mod domain;
pub(crate) mod http;
mod link;
pub(crate) mod redirect;
mod shorten;
mod slug;
mod target;

pub(crate) use domain::Domain;
pub(crate) use link::LinkRejection;
pub(crate) use slug::Fill;
pub use target::BlocklistError;
pub(crate) use target::TargetRules;
