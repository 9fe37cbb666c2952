//! Read models of users and workspaces.

mod user_profile;

pub(crate) use user_profile::UserProfile;
