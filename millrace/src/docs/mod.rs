//! What the API says of itself: an OpenAPI document for each context, and a page to read them.

mod bus;
mod operations;

pub(crate) use self::bus::bus;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use service::body::Json;
use service::problem::{CODES, Code, Fault, Problem, ProblemBody};
use utoipa::Modify;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

/// The name of the one way to prove oneself.
const BEARER: &str = "bearer";

/// What all documents have in common: how callers prove themselves, and what problems look like.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(ProblemBody, Fault)), modifiers(&Bearer))]
struct Frame;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An access token (a JWT) or an API key"))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    }
}

/// Adds `/v1/<context>/openapi.json` to a context's routes, made from their descriptions.
pub(crate) fn with_document(context: &str, routes: OpenApiRouter) -> Router {
    let (router, mut document) = OpenApiRouter::with_openapi(Frame::openapi())
        .merge(routes)
        .split_for_parts();
    operations::complete(&mut document);
    document.info = InfoBuilder::new()
        .title(format!("Millrace: {context}"))
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    let answer = get(move || std::future::ready(Json(document.clone())));
    router.route(&format!("/v1/{context}/openapi.json"), answer)
}

/// `/docs/problems`: what each problem's `type` leads to.
fn problems() -> Html<String> {
    let section = |it: &Code| {
        let Code {
            code,
            status,
            about,
        } = it;
        format!("<dt id=\"{code}\"><code>{code}</code> {status}</dt><dd>{about}</dd>\n")
    };
    let sections: String = CODES.iter().map(section).collect();
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Millrace: problems</title>\n\
         <h1>Problems</h1><p>The values of <code>error</code>, with their status.</p>\n\
         <dl>\n{sections}</dl></html>\n"
    ))
}

/// `/docs`: the contexts' documents as a page to read and to try.
pub(crate) fn page() -> Router {
    let urls = [
        Url::new("core", "/v1/core/openapi.json"),
        Url::new("links", "/v1/links/openapi.json"),
        Url::new("media", "/v1/media/openapi.json"),
    ];
    let config = Config::new(urls).try_it_out_enabled(true);
    let reference: Router = SwaggerUi::new("/docs").config(config).into();
    let reference = reference.layer(map_response(async |answer: Response| {
        // The page's own files answer without a word what they don't have.
        if answer.status() == StatusCode::NOT_FOUND {
            return Problem::not_found().into_response();
        }
        answer
    }));
    reference.route("/docs/problems", get(|| std::future::ready(problems())))
}
