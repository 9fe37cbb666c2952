//! Users: registering and logging in.

mod email_address;
mod hashing;
pub(crate) mod http;
mod identity;
mod login;
mod name;
mod password;
mod register;
mod user;

pub(crate) use hashing::{Hashing, HashingError};
pub(crate) use identity::{Identities, IdentityError};
pub(crate) use user::UserRejection;
