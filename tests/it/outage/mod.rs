//! What goes on, and what is not lost, while a part of the system is away.

mod broker_crash;
mod broker_hangs;
mod postgres_away;
mod projector_restart;
mod system_crash;
