//! How users are told of.

use events::core::Role;
use events::{Timestamp, UserId, WorkspaceId};
use serde::Serialize;
use utoipa::ToSchema;

use super::identity::Profile;

/// A user, as the user sees itself.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct UserBody {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) name: String,
    /// The workspace that was opened for the user.
    #[schema(value_type = uuid::Uuid)]
    pub(crate) workspace_id: WorkspaceId,
    #[schema(value_type = String, example = "admin")]
    pub(crate) role: Role,
    /// `active`: who is suspended or erased gets no such answer.
    #[schema(example = "active")]
    pub(crate) state: &'static str,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

impl UserBody {
    pub(crate) fn new(
        id: UserId,
        profile: Profile,
        workspace_id: WorkspaceId,
        role: Role,
        created_at: Timestamp,
    ) -> Self {
        let Profile { email, name } = profile;
        Self {
            id,
            email,
            name,
            workspace_id,
            role,
            state: "active",
            created_at,
        }
    }
}
