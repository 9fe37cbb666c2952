//! Accounts, and what holds for every context.

mod access;
mod audit;
mod bad_input;
mod conventions;
mod erasure;
mod idempotency;
mod isolation;
mod limits;
mod members;
mod min_position;
mod people;
mod registering;
mod revocation;
mod sessions;
mod storm;
mod traces;
mod versions;
