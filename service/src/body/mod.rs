//! What clients send, taken apart with every fault answered as a problem.

mod faults;
mod form;
mod json;
mod room;
mod url;

pub use self::faults::Faults;
pub use self::form::Form;
pub use self::json::{BODY_BYTES_MAX, BODY_DEADLINE, Json, JsonText};
pub use self::url::{Path, Query};
