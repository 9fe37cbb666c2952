//! How clicks are counted: the forms that the projectors write and that questions read.

mod dimension;
mod packed;
mod visitors;

pub use self::dimension::{Dimension, Values};
pub use self::packed::{PackedClick, PackedDay, PackedError, pack, unpack};
pub use self::visitors::{SketchError, Visitors, visitor};
