//! Workers among backlogs, crashes, rivals and events that cannot be applied.

mod backlog;
mod diverged;
mod exactly_once;
mod keyring;
mod outage;
mod parked;
mod rivals;

/// Ends the sessions of all workers, and with them their locks.
const END_SESSIONS: &str = "select count(pg_terminate_backend(pid)) from pg_stat_activity
    where datname = current_database() and pid in (select pid from pg_locks where locktype = 'advisory')";
