//! Workers among backlogs, crashes, rivals and events that cannot be applied.

mod backlog;
mod diverged;
mod exactly_once;
mod held;
mod keyring;
mod outage;
mod parked;
mod rivals;
