//! What happened to links, and every click on them.

mod click;
mod exclusion;
mod link;
mod own_domain;
mod route;

pub use click::{Click, ClickEvent};
pub use exclusion::{ExclusionEvent, ExclusionRule};
pub use link::{Label, LinkEvent, OwnDomain};
pub use own_domain::OwnDomainEvent;
pub use route::{Parameter, Route, Rule, Utm, Variant, When};
