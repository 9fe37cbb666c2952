//! What happened to users, their sessions, workspaces and API keys.

mod api_key;
mod role;
mod scope;
mod session;
mod user;
mod workspace;

pub use api_key::ApiKeyEvent;
pub use role::{ParseRoleError, Role};
pub use scope::{ParseScopeError, Scope};
pub use session::{CloseReason, SessionEvent};
pub use user::UserEvent;
pub use workspace::WorkspaceEvent;
