//! Workers among crashes, rivals and events that cannot be applied.

mod keyring;
mod diverged;
mod exactly_once;
mod outage;
mod parked;
mod rivals;
