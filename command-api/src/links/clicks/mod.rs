//! Clicks that other servers have answered: reported here, and kept as one's own are.

mod body;
mod http;
mod report;
mod seen;
mod turns;

pub(super) use http::routes;
pub(crate) use turns::Turns as ReportTurns;
