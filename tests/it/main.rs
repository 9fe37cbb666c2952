//! The stack seen from outside.

mod core;
mod eventually;
mod links;
mod media;
mod outage;
mod stack;
mod tidy;
