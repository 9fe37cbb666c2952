//! Workers among crashes, rivals and events that cannot be applied.

mod data_key;
mod diverged;
mod exactly_once;
mod outage;
mod parked;
mod rivals;
