//! What the answers of all contexts have in common.

mod conditional;
pub(crate) mod file;
mod openapi;

pub(crate) use self::conditional::Versioned;
pub(crate) use self::openapi::{LiveProblems, ReadProblems};
