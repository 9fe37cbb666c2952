//! The stack seen from outside.
#![cfg(test)]

mod core;
mod eventually;
mod links;
mod media;
mod outage;
mod stack;
mod tidy;
