//! Questions about links and the clicks on them.

pub(crate) mod click_count;
mod domain_list;
pub(crate) mod link_list;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(link_list::list))
        .routes(routes!(link_list::export::export))
        .routes(routes!(link_list::one))
        .routes(routes!(link_list::qr::of_link))
        .routes(routes!(domain_list::list))
        .routes(routes!(domain_list::one))
        .routes(routes!(click_count::of_link))
        .routes(routes!(click_count::of_workspace))
        .routes(routes!(click_count::top::of_link))
        .routes(routes!(click_count::top::of_workspace))
        .routes(routes!(click_count::exclusion::list))
        .routes(routes!(click_count::record::of_link))
        .routes(routes!(click_count::record::of_workspace))
        .routes(routes!(click_count::record::export::of_link))
        .routes(routes!(click_count::record::export::of_workspace))
}
