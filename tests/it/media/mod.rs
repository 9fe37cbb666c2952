//! Assets.

mod uploading;
