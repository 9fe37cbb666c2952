//! Rate limits that all replicas share: so many requests in each window, counted by the broker.
//!
//! A route has its limits by [`limit`], which counts by client address before the handler; what is counted by account
//! the handler spends, once it has read the body.
//! Neither addresses nor accounts reach the broker: they are counted under blinded names.
//! Windows are by each replica's own clock, so where clocks differ a little, so does the moment at which one ends.

mod layer;
mod ledger;
mod limit;
mod limiter;
mod setting;
#[cfg(test)]
mod tests;

pub use self::layer::{Limited, limit};
pub use self::limit::{Limit, Policy};
pub use self::limiter::Limiter;
pub use self::setting::{Limits, ParseLimitsError};
