//! What the links' document says of the redirect; the route itself stands apart, since it must be fast.

use service::problem::ProblemBody;

use crate::openapi::LimitProblems;

/// The paths of the redirect, as OpenAPI describes them.
#[derive(utoipa::OpenApi)]
#[openapi(paths(redirect, unlock))]
pub(crate) struct RedirectDocument;

/// Leads a visitor on, and counts the click
///
/// It answers when the click is stored.
/// `HEAD`, and requests that a browser makes beforehand, are answered and not counted.
/// With a `+` behind the slug it says where the link leads, and leads nowhere: `target` is the link's own, and `targets` are all that visitors are led to.
/// Who takes `text/html` gets pages instead of problems.
#[utoipa::path(
    get, path = "/{slug}", operation_id = "redirect", tag = "links",
    params(("slug" = String, Path, example = "spring")),
    responses(
        (status = 200, description = "Where the link leads, of a path that ends in `+`", content_type = "application/json"),
        (status = 301, description = "To the target, which browsers remember", headers(("Location" = String))),
        (status = 302, description = "To the target", headers(("Location" = String), ("Cache-Control" = String))),
        (status = 307, description = "To the target, by the same method", headers(("Location" = String), ("Cache-Control" = String))),
        (status = 308, description = "To the target, by the same method, which browsers remember", headers(("Location" = String))),
        (status = 401, description = "`password_required`: the link asks for a password", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`not_shown`: a link with a limit, looked at without opening it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No link has this slug", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "`link_archived`, `link_blocked`, `link_expired` or `link_used_up`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The click can't be stored; `Retry-After` says when to try again", body = ProblemBody, content_type = "application/problem+json", headers(("Retry-After" = u32, description = "Seconds"))),
    ),
)]
#[expect(dead_code, reason = "stands for the route in the description only")]
fn redirect() {}

/// Brings the password of a link, from the page that asks for it
#[utoipa::path(
    post, path = "/{slug}", operation_id = "unlock", tag = "links",
    params(("slug" = String, Path, example = "spring")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`password`"),
    responses(
        (status = 303, description = "To the link, with a cookie that opens it", headers(("Location" = String), ("Set-Cookie" = String))),
        (status = 401, description = "The page again: that is not the password", content_type = "text/html"),
        (status = 404, description = "No link has this slug", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The form took too long to arrive", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body isn't a form", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The form is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The log is away, or too many passwords wait", body = ProblemBody, content_type = "application/problem+json", headers(("Retry-After" = u32, description = "Seconds"))),
        LimitProblems,
    ),
)]
#[expect(dead_code, reason = "stands for the route in the description only")]
fn unlock() {}
