//! Accounts, and what holds for every context.

mod access;
mod bad_input;
mod conventions;
mod idempotency;
mod isolation;
mod min_position;
mod people;
mod registering;
