//! Workers among crashes, rivals and events that cannot be applied.

mod diverged;
mod exactly_once;
mod keyring;
mod outage;
mod parked;
mod rivals;
