//! The system, put together: any of its processes, alone or in one, on one port.

pub mod apart;
pub mod cli;
mod docs;
pub mod probe;
mod secrets;
pub mod system;
mod tour;
pub mod up;
