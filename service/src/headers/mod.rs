//! The headers of the contract, as types.

mod etag;
mod idempotency;
mod position;

pub use self::etag::{ETag, IfMatch, IfNoneMatch};
pub use self::idempotency::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, IdempotencyKey};
pub use self::position::{MIN_POSITIONS_MAX, MinPosition, PositionHeader};
