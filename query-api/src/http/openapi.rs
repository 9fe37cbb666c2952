//! What the `OpenAPI` descriptions of all contexts have in common.

use service::problem::ProblemBody;

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
    /// The caller's role or scope isn't enough.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody),
    /// No such thing in the caller's workspace.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemBody),
    /// A parameter is wrong; all faults are listed.
    #[response(status = 422, content_type = "application/problem+json")]
    Validation(ProblemBody),
    /// The view is not there, or not as far as `Min-Position` asks; `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json", headers(("Retry-After" = u32, description = "Seconds")))]
    Unavailable(ProblemBody),
}

/// What may go wrong with a subscription besides.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "stands for answers in the description only")]
pub(crate) enum LiveProblems {
    /// A page of another origin asks; or the caller's role or scope isn't enough.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody),
    /// The request is no WebSocket handshake, and asks for no events either.
    #[response(status = 426, content_type = "application/problem+json")]
    UpgradeRequired(ProblemBody),
}
