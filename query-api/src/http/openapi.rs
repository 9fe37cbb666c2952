//! What the `OpenAPI` descriptions of all contexts have in common.

use service::problem::{Fault, ProblemBody};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};

/// What may go wrong with any read.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "stands for answers in the description only")]
pub(crate) enum ReadProblems {
    /// `Min-Position` cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
    /// The token is missing, malformed or no longer good.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemBody),
    /// No such thing in the caller's workspace.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemBody),
    /// A parameter is wrong; all faults are listed.
    #[response(status = 422, content_type = "application/problem+json")]
    Validation(ProblemBody),
    /// The view is not there, or not as far as `Min-Position` asks; `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody),
}

/// What may go wrong with a subscription besides.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "stands for answers in the description only")]
pub(crate) enum LiveProblems {
    /// A page of another origin asks.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody),
    /// The request is no WebSocket handshake.
    #[response(status = 426, content_type = "application/problem+json")]
    UpgradeRequired(ProblemBody),
}

/// A description of one context without routes yet: how callers prove themselves, and what problems look like.
pub(crate) fn document(title: &str) -> OpenApi {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    // The derived answers refer to these without bringing them along.
    let components = ComponentsBuilder::new()
        .schema_from::<ProblemBody>()
        .schema_from::<Fault>()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .build();
    OpenApiBuilder::new()
        .info(InfoBuilder::new().title(title).version("1").build())
        .components(Some(components))
        .build()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::testing::{app, database};

    /// What every `$ref` below `value` names.
    fn references(value: &Value) -> Vec<String> {
        match value {
            Value::Object(fields) => fields
                .iter()
                .flat_map(|(name, value)| match value.as_str() {
                    Some(target) if name == "$ref" => vec![target.to_owned()],
                    _ => references(value),
                })
                .collect(),
            Value::Array(items) => items.iter().flat_map(references).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        }
    }

    #[tokio::test]
    async fn every_context_describes_its_routes_completely() {
        let app = app(&database("postgres://nobody@127.0.0.1:1/nowhere"));
        let routes = crate::routes(app);
        for (router, count) in [(routes.core, 9), (routes.media, 2), (routes.links, 6)] {
            let document = serde_json::to_value(router.get_openapi()).unwrap();
            assert_eq!(document["paths"].as_object().unwrap().len(), count);
            assert_eq!(
                document["components"]["securitySchemes"]["bearer"]["scheme"],
                "bearer"
            );
            for reference in references(&document) {
                let pointer = reference.trim_start_matches('#');
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
        }
    }
}
