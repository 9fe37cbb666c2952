//! What the descriptions of all writes have in common.

use service::problem::ProblemBody;

/// What may go wrong with any write.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "stands for answers in the description only")]
pub(crate) enum WriteProblems {
    /// The body is no JSON, or a header can't be read.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
    /// The body took too long to arrive.
    #[response(status = 408, content_type = "application/problem+json")]
    Timeout(ProblemBody),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemBody),
    /// The body is of another `Content-Type` than the route reads; `detail` names it.
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(ProblemBody),
    /// The body is wrong, all faults are listed; or the `Idempotency-Key` was used for another request.
    #[response(status = 422, content_type = "application/problem+json")]
    Validation(ProblemBody),
    /// The log is away, or too many wait; `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json", headers(("Retry-After" = u32, description = "Seconds")))]
    Unavailable(ProblemBody),
}

/// What may go wrong with a write that needs a token.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "stands for answers in the description only")]
pub(crate) enum CallerProblems {
    /// The token is missing, malformed or no longer good.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemBody),
    /// The caller's role or scope isn't enough.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody),
    /// The log is away; `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json", headers(("Retry-After" = u32, description = "Seconds")))]
    Unavailable(ProblemBody),
}

/// What may go wrong with an `Idempotency-Key` where there is no body.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "stands for answers in the description only")]
pub(crate) enum KeyProblems {
    /// A header can't be read.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
    /// The `Idempotency-Key` was used for another request.
    #[response(status = 422, content_type = "application/problem+json")]
    Validation(ProblemBody),
}

/// What may go wrong with a write to something that is named.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "stands for answers in the description only")]
pub(crate) enum ResourceProblems {
    /// No such thing in the caller's workspace.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemBody),
}

/// What may go wrong with a write to something at a version.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "stands for answers in the description only")]
pub(crate) enum VersionProblems {
    /// A header can't be read.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
    /// It isn't at the version that `If-Match` names.
    #[response(status = 412, content_type = "application/problem+json")]
    PreconditionFailed(ProblemBody),
}

/// What may go wrong with what is tried too often.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "stands for answers in the description only")]
pub(crate) enum LimitProblems {
    /// `too_many_requests`; `Retry-After` says when to try again, `RateLimit` and `RateLimit-Policy` how it stands.
    #[response(status = 429, content_type = "application/problem+json", headers(
        ("Retry-After" = u32, description = "Seconds until the quota is whole again"),
        ("RateLimit" = String, description = "How the limits stand: `\"login-address\";r=0;t=17`, uses left and seconds until the window ends"),
        ("RateLimit-Policy" = String, description = "What the limits are: `\"login-address\";q=60;w=60`, uses in a window of seconds"),
    ))]
    TooManyRequests(ProblemBody),
}
