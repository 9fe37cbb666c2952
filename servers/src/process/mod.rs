//! Child processes that never outlive this one.

mod child;
mod log;
mod spawner;
mod start;

pub(crate) use child::Child;
pub use child::{Exit, Exited};
pub(crate) use start::{Launch, run};
