//! The binary, run as its users run it: whole, apart, and where it must refuse.

mod apart;
mod asyncapi;
mod consumers;
mod descendants;
mod installation;
mod openapi;
mod program;
mod refused;
mod rotation;
mod secrets;
mod spool;
mod trace;
mod up;
mod visitor;
