//! Questions about users.

mod user_profile;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::document;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document("Millrace: core")).routes(routes!(user_profile::me))
}
