//! How clicks are counted: the forms that the projectors write and that questions read.

mod dimension;
mod packed;
mod sketch;
mod visitors;

pub use self::dimension::{Dimension, Values};
pub use self::packed::{PackedClick, PackedDay, PackedError, pack, unpack};
pub use self::sketch::{Sketch, SketchError};
pub use self::visitors::{Visitors, visitor};
pub use datasketches::hll::Coupon;
