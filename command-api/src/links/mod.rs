//! Short links: making them, and leading visitors to where they point.

mod domain;
pub(crate) mod http;
mod link;
pub(crate) mod redirect;
mod shorten;
mod slug;
pub(crate) mod spool;
mod target;

pub(crate) use domain::Domain;
pub(crate) use link::LinkRejection;
