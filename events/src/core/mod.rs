//! What happened to users and workspaces.

mod role;
mod user;
mod workspace;

pub use role::{ParseRoleError, Role};
pub use user::UserEvent;
pub use workspace::WorkspaceEvent;
