//! What happened to links, and every click on them.

mod click;
mod link;
mod route;

pub use click::{Click, ClickEvent};
pub use link::{Label, LinkEvent};
pub use route::{Parameter, Route, Rule, Utm, Variant, When};
