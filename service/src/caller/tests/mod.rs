//! Good tokens, the attacks that JWTs are known for, and who may use which route.

mod attacks;
mod extractor;
mod rules;
mod tokens;
