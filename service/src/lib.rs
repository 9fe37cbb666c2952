//! The walls that every Millrace process shares: settings, telemetry, errors, identity, listening.

pub mod body;
pub mod caller;
pub mod click_count;
pub mod client_address;
pub mod config;
pub mod guard;
pub mod headers;
pub mod health;
pub mod keys;
pub mod limits;
pub mod listen;
pub mod metrics;
pub mod page;
pub mod problem;
pub mod request_id;
pub mod sealed;
pub mod short_url;
pub mod shutdown;
pub mod telemetry;
pub mod world;
