//! Users, their sessions, workspaces and API keys.

mod account;
mod add_member;
mod amend;
mod api_key;
mod body;
mod change_password;
mod email_address;
mod end_session;
mod erase;
mod found_workspace;
mod govern;
pub(crate) mod http;
mod identity;
mod invitation;
mod issue_key;
pub(crate) mod key_uses;
mod login;
mod meant;
mod members;
mod name;
mod password;
mod place;
mod refresh;
mod refresh_token;
mod register;
mod session;
mod user;
mod workspace;

pub(crate) use api_key::KeyRejection;
pub(crate) use identity::{Identities, IdentityError};
pub(crate) use session::SessionRejection;
pub(crate) use user::UserRejection;
pub(crate) use workspace::WorkspaceRejection;
