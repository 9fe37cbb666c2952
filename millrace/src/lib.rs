//! The system, put together: any of its processes, alone or in one, on one port.

pub mod apart;
pub mod cli;
pub mod consumers;
mod docs;
mod private;
pub mod probe;
mod reach;
pub mod rotation;
mod secrets;
mod serve;
pub mod system;
mod tour;
pub mod up;
