//! What happened to links, and every click on them.

mod click;
mod link;

pub use click::{Click, ClickEvent};
pub use link::LinkEvent;
