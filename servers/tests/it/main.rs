//! The real servers, found or installed, started, hurt and ended.

mod nats;
mod orphans;
mod postgres;
mod storage;
mod tools;
