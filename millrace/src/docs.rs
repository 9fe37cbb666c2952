//! What the API says of itself: an OpenAPI document for each context, and a page to read them.

use axum::Router;
use axum::routing::get;
use service::body::Json;
use utoipa::Modify;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

/// The frame of every document.
#[derive(utoipa::OpenApi)]
#[openapi(modifiers(&Bearer))]
struct Frame;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// Adds `/v1/<context>/openapi.json` to a context's routes, made from their descriptions.
pub(crate) fn with_document(context: &str, routes: OpenApiRouter) -> Router {
    let (router, mut document) = OpenApiRouter::with_openapi(Frame::openapi())
        .merge(routes)
        .split_for_parts();
    document.info = InfoBuilder::new()
        .title(format!("Millrace: {context}"))
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    let answer = get(move || std::future::ready(Json(document.clone())));
    router.route(&format!("/v1/{context}/openapi.json"), answer)
}

/// `/docs`: the contexts' documents as a page to read and to try.
pub(crate) fn page() -> Router {
    let urls = [
        Url::new("core", "/v1/core/openapi.json"),
        Url::new("links", "/v1/links/openapi.json"),
        Url::new("media", "/v1/media/openapi.json"),
    ];
    let config = Config::new(urls).try_it_out_enabled(true);
    SwaggerUi::new("/docs").config(config).into()
}
