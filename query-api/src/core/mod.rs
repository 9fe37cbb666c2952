//! Questions about users, their sessions, workspaces and API keys, and about what everybody did.

mod api_key_list;
mod audit_trail;
mod member_list;
mod session_list;
mod user_profile;
mod workspace_list;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(user_profile::me))
        .routes(routes!(user_profile::one))
        .routes(routes!(member_list::list))
        .routes(routes!(member_list::of_workspace))
        .routes(routes!(workspace_list::list))
        .routes(routes!(session_list::list))
        .routes(routes!(api_key_list::list))
        .routes(routes!(api_key_list::one))
        .routes(routes!(audit_trail::list))
}
