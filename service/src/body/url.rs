//! The parts of a URL: its path and its query.

use std::error::Error;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{Fault, Problem};

/// The query string; what it cannot be read as is a 422.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

/// The captured parts of the path; a part of another shape names nothing, so it is a 404.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|rejection| Problem::validation(vec![fault(&rejection)]))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(rejection) if rejection.status().is_client_error() => Err(Problem::not_found()),
            Err(rejection) => Err(Problem::internal(&rejection)),
        }
    }
}

/// The rejection's source reads `<parameter>: <what>`, or only `<what>`.
fn fault(rejection: &dyn Error) -> Fault {
    let message = rejection.source().unwrap_or(rejection).to_string();
    match message.split_once(": ") {
        Some((name, detail)) if !name.contains(' ') => Fault::new(format!("/{name}"), detail),
        _ => Fault::new("", message),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use http::{Request, StatusCode};
    use serde::Deserialize;
    use tower::ServiceExt;

    use super::*;
    use crate::problem::ProblemBody;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Filter {
        size: Option<u8>,
        state: Option<String>,
    }

    async fn ask(uri: &str) -> (StatusCode, Option<ProblemBody>) {
        let app = Router::new()
            .route("/", get(async |Query(_): Query<Filter>| ()))
            .route("/{id}", get(async |Path(_): Path<uuid::Uuid>| ()));
        let request = Request::get(uri).body(Body::empty()).unwrap();
        let response = app.oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 4096)
            .await
            .unwrap();
        (status, serde_json::from_slice(&bytes).ok())
    }

    #[tokio::test]
    async fn a_bad_parameter_is_pointed_at() {
        let (status, problem) = ask("/?size=300").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            problem.unwrap().errors,
            [Fault::new(
                "/size",
                "number too large to fit in target type"
            )]
        );
    }

    #[tokio::test]
    async fn an_unknown_parameter_is_refused() {
        let (status, problem) = ask("/?sise=3").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            problem.unwrap().errors[0]
                .detail
                .contains("unknown field `sise`")
        );
    }

    #[tokio::test]
    async fn a_path_that_holds_no_id_names_nothing() {
        assert_eq!(ask("/not-a-uuid").await.0, StatusCode::NOT_FOUND);
        assert_eq!(
            ask("/0190b5a0-0000-7000-8000-000000000000").await.0,
            StatusCode::OK
        );
    }
}
