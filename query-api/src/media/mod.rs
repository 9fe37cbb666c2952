//! Questions about assets.

mod asset_list;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(asset_list::list))
        .routes(routes!(asset_list::one))
}
