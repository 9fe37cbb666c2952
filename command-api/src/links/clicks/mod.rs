//! Clicks that other servers have answered: reported here, and kept as one's own are.

mod body;
mod http;
mod report;
mod seen;

pub(super) use http::routes;
