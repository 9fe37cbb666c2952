//! Why a link leads nowhere, told to programs as a problem and to people as a page.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use service::problem::Problem;

use super::page;

/// Why a link leads nowhere.
#[derive(Debug)]
pub(super) enum Refusal {
    /// No link has the slug.
    Unknown,
    Archived,
    /// One of its targets is.
    Blocked,
    Expired,
    UsedUp,
    /// It asks for a password, which was not shown.
    Locked,
    /// The password that was shown is another.
    Mistaken,
    /// It leads only so many, and tells nobody else where.
    Unshown,
    /// The click is not known to be stored.
    Unrecorded(Problem),
    /// Where it leads could not be found out.
    Failed(Problem),
}

impl Refusal {
    /// Whatever it is, it may be over in the next moment.
    pub(super) fn answer(self, headers: &HeaderMap) -> Response {
        page::kept_by_nobody(self.told(headers))
    }

    fn told(self, headers: &HeaderMap) -> Response {
        let is_page = page::is_wanted(headers);
        let (status, error, title) = match self {
            Self::Unknown if is_page => {
                return page::dead(StatusCode::NOT_FOUND, "There is no such link");
            }
            Self::Unknown => return Problem::not_found().into_response(),
            Self::Unrecorded(problem) | Self::Failed(problem) => return problem.into_response(),
            Self::Locked if is_page => return page::password(StatusCode::UNAUTHORIZED, None),
            Self::Mistaken if is_page => {
                let fault = "That is not the password.";
                return page::password(StatusCode::UNAUTHORIZED, Some(fault));
            }
            Self::Mistaken => (
                StatusCode::UNAUTHORIZED,
                "password_wrong",
                "That is not the link's password",
            ),
            Self::Locked => (
                StatusCode::UNAUTHORIZED,
                "password_required",
                "The link asks for a password",
            ),
            Self::Archived => (StatusCode::GONE, "link_archived", "The link was archived"),
            Self::Blocked => (
                StatusCode::GONE,
                "link_blocked",
                "The link leads to a domain that is blocked here",
            ),
            Self::Expired => (StatusCode::GONE, "link_expired", "The link has expired"),
            Self::Unshown => (
                StatusCode::FORBIDDEN,
                "not_shown",
                "The link is not shown beforehand",
            ),
            Self::UsedUp => (StatusCode::GONE, "link_used_up", "The link is used up"),
        };
        if is_page {
            page::dead(status, title)
        } else {
            Problem::new(status, error, title).into_response()
        }
    }
}
