//! What the answers of all contexts have in common.

mod conditional;
mod openapi;

pub(crate) use self::conditional::Versioned;
pub(crate) use self::openapi::{LiveProblems, ReadProblems};
