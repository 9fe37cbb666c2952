//! How what went wrong is told: refusals by their code, failures without the inside.

use std::error::Error;

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use events::ClaimKind;
use nats::{AppendError, ReadError, RequestError};
use service::problem::{Chain, Problem};

use crate::core::{
    IdentityError, KeyRejection, SessionRejection, UserRejection, WorkspaceRejection,
};
use crate::handle::HandleError;
use crate::hashing::HashingError;
use crate::links::{ExclusionRejection, LinkRejection, OwnDomainRejection};
use crate::media::AssetRejection;

/// Seconds after which a caller may come again when the broker is away.
const RETRY_AFTER_S: u32 = 1;

/// A failure: logged with its chain, answered with nothing of it.
pub(crate) fn internal(error: impl Error) -> Problem {
    Problem::internal(&error)
}

/// The broker is away or slow: logged, and the caller may come again.
pub(crate) fn unavailable(error: &dyn Error) -> Problem {
    tracing::warn!(error = %Chain(error), "the log could not be reached");
    Problem::unavailable(RETRY_AFTER_S)
}

impl<R: Error + Into<Problem> + 'static> From<HandleError<R>> for Problem {
    fn from(error: HandleError<R>) -> Self {
        match error {
            HandleError::Rejected(rejection) => rejection.into(),
            HandleError::Taken(kind) => taken(kind),
            HandleError::Mismatch => Self::idempotency_mismatch(),
            HandleError::Contended | HandleError::Moved => contended(),
            HandleError::Read(ReadError::Unavailable(_))
            | HandleError::Append(AppendError::Unavailable(_)) => unavailable(&error),
            HandleError::Read(_) | HandleError::Append(_) | HandleError::Form(_) => internal(error),
        }
    }
}

/// Too many writers at once.
pub(crate) fn contended() -> Problem {
    Problem::conflict("contended", "Too many changes at once; try again")
}

fn taken(kind: ClaimKind) -> Problem {
    match kind {
        ClaimKind::Email => Problem::conflict("email_taken", "The e-mail address has an account"),
        ClaimKind::Slug => Problem::conflict("slug_taken", "The slug is taken"),
        ClaimKind::Domain => Problem::conflict("domain_taken", "The domain is another workspace's")
            .detail("it is free when that workspace removes it"),
        ClaimKind::Idempotency => Problem::conflict(
            "contended",
            "A request with this Idempotency-Key is under way",
        ),
        ClaimKind::Invitation => {
            Problem::conflict("invitation_used", "The invitation was used already")
                .detail("ask for a new one, or register without it")
        }
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Read(ReadError::Unavailable(_))
            | IdentityError::Keep(RequestError::NoAnswer(_)) => unavailable(&error),
            IdentityError::Read(_)
            | IdentityError::Keep(_)
            | IdentityError::Seal(_)
            | IdentityError::Open(_) => internal(error),
        }
    }
}

impl From<UserRejection> for Problem {
    fn from(rejection: UserRejection) -> Self {
        match rejection {
            UserRejection::AlreadyRegistered => {
                Self::conflict("already_registered", "The user is registered already")
            }
            UserRejection::Unknown => Self::not_found(),
            UserRejection::ChangedTooOften => {
                Self::conflict("too_many_changes", "The account was changed too often")
                    .detail(rejection.to_string())
            }
        }
    }
}

impl From<SessionRejection> for Problem {
    fn from(rejection: SessionRejection) -> Self {
        match rejection {
            SessionRejection::Unknown => Self::not_found(),
            // The way to refresh tells these in its own words; nothing else meets them.
            SessionRejection::AlreadyOpen
            | SessionRejection::Closed
            | SessionRejection::Expired
            | SessionRejection::Stranger
            | SessionRejection::Exhausted => contended(),
        }
    }
}

impl From<WorkspaceRejection> for Problem {
    fn from(rejection: WorkspaceRejection) -> Self {
        match rejection {
            WorkspaceRejection::Unknown | WorkspaceRejection::Stranger => Self::not_found(),
            WorkspaceRejection::AlreadyOpen => contended(),
            WorkspaceRejection::AlreadyMember => {
                Self::conflict("already_member", "The user is a member already")
            }
            WorkspaceRejection::Full => Self::conflict("workspace_full", "The workspace is full")
                .detail(rejection.to_string()),
            WorkspaceRejection::LastAdmin => {
                Self::conflict("last_admin", "The workspace needs an admin")
                    .detail("make another member admin first")
            }
            WorkspaceRejection::Owner => {
                Self::conflict("owner_stays", "The owner stays").detail(rejection.to_string())
            }
            WorkspaceRejection::ChangedTooOften => {
                Self::conflict("too_many_changes", "The workspace was changed too often")
                    .detail(rejection.to_string())
            }
        }
    }
}

impl From<KeyRejection> for Problem {
    fn from(rejection: KeyRejection) -> Self {
        match rejection {
            KeyRejection::Unknown => Self::not_found(),
            KeyRejection::AlreadyIssued => contended(),
        }
    }
}

impl From<LinkRejection> for Problem {
    fn from(rejection: LinkRejection) -> Self {
        match rejection {
            LinkRejection::Unknown => Self::not_found(),
            LinkRejection::AlreadyShortened => {
                Self::conflict("already_shortened", "The link is there already")
            }
            LinkRejection::TooManySlugs => {
                Self::conflict("too_many_slugs", "Too many slugs lead to the link")
                    .detail(rejection.to_string())
            }
        }
    }
}

impl From<OwnDomainRejection> for Problem {
    fn from(rejection: OwnDomainRejection) -> Self {
        let detail = rejection.to_string();
        match rejection {
            OwnDomainRejection::Unknown => Self::not_found(),
            OwnDomainRejection::AlreadyAdded => {
                Self::conflict("domain_added", "The domain is there already").detail(detail)
            }
            OwnDomainRejection::Unverified => {
                Self::conflict("domain_unverified", "The domain is not verified").detail(detail)
            }
            OwnDomainRejection::ChangedTooOften => {
                Self::conflict("too_many_changes", "The domains were changed too often")
                    .detail(detail)
            }
            OwnDomainRejection::TooMany => {
                Self::conflict("too_many_domains", "The workspace has too many domains")
                    .detail(detail)
            }
        }
    }
}

impl From<ExclusionRejection> for Problem {
    fn from(rejection: ExclusionRejection) -> Self {
        let detail = rejection.to_string();
        match rejection {
            ExclusionRejection::Unknown => Self::not_found(),
            ExclusionRejection::ChangedTooOften => {
                Self::conflict("too_many_changes", "The exclusions were changed too often")
                    .detail(detail)
            }
            ExclusionRejection::TooMany => Self::conflict(
                "too_many_exclusions",
                "The workspace has too many exclusions",
            )
            .detail(detail),
        }
    }
}

impl From<AssetRejection> for Problem {
    fn from(rejection: AssetRejection) -> Self {
        let detail = rejection.to_string();
        match rejection {
            AssetRejection::Unknown => Self::not_found(),
            AssetRejection::AlreadyAnnounced => {
                Self::conflict("already_announced", "The asset is there already")
            }
            AssetRejection::NotUploaded => {
                Self::conflict("not_uploaded", "Nothing was uploaded yet").detail(detail)
            }
            AssetRejection::Different { .. } => {
                Self::conflict("upload_differs", "The upload is not what was announced")
                    .detail(detail)
            }
        }
    }
}

impl From<HashingError> for Problem {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Busy => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Too many passwords at once",
            )
            .header(RETRY_AFTER, RETRY_AFTER_S.into()),
            HashingError::Argon2(_)
            | HashingError::Params(_)
            | HashingError::Phc(_)
            | HashingError::Thread(_)
            | HashingError::Lost => internal(error),
        }
    }
}

/// A read of the log failed, outside a command.
pub(crate) fn unread(error: ReadError) -> Problem {
    if matches!(error, ReadError::Unavailable(_)) {
        unavailable(&error)
    } else {
        internal(error)
    }
}
