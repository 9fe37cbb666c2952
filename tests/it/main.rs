//! The stack seen from outside.
