//! Read models of users, their sessions, workspaces and API keys, and of what everybody did.

mod api_key_list;
mod audit_trail;
mod member_list;
mod session_list;
mod user_profile;
mod workspace_list;

pub(crate) use api_key_list::ApiKeyList;
pub(crate) use audit_trail::{AuditTrail, AuditTrailLinks, AuditTrailMedia};
pub(crate) use member_list::MemberList;
pub(crate) use session_list::SessionList;
pub(crate) use user_profile::UserProfile;
pub(crate) use workspace_list::WorkspaceList;
