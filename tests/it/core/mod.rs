//! Accounts, and what holds for every context.

mod bad_input;
mod conventions;
mod erasure;
mod idempotency;
mod isolation;
mod min_position;
mod people;
mod registering;
mod revocation;
mod traces;
