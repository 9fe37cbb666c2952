//! Every code that a problem's `error` may have: what `type` leads to, and what a client may rely on.

/// A code, and what it says to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The value of `error`.
    pub code: &'static str,
    /// The status that it comes with.
    pub status: u16,
    /// What happened, and what can be done.
    pub about: &'static str,
}

const fn code(code: &'static str, status: u16, about: &'static str) -> Code {
    Code {
        code,
        status,
        about,
    }
}

/// All codes, by name.
pub const CODES: &[Code] = &[
    code("already_announced", 409, "The asset is there already."),
    code("already_member", 409, "The user is a member already."),
    code("already_registered", 409, "The user is registered already."),
    code("already_shortened", 409, "The link is there already."),
    code(
        "busy",
        503,
        "Too many passwords are being checked, large bodies read, or files imported, at once; come again after Retry-After.",
    ),
    code(
        "contended",
        409,
        "Too many changes at once; send the request again.",
    ),
    code(
        "dns_unavailable",
        503,
        "The DNS could not be asked; come again after Retry-After.",
    ),
    code("domain_added", 409, "The workspace has the domain already."),
    code("domain_taken", 409, "The domain is another workspace's."),
    code(
        "domain_unproven",
        409,
        "The DNS does not have the record that proves control of the domain.",
    ),
    code(
        "domain_unverified",
        409,
        "Only a domain that is verified can be the default.",
    ),
    code("email_taken", 409, "The e-mail address has an account."),
    code(
        "forbidden",
        403,
        "It is clear who you are, and you may not do this.",
    ),
    code(
        "idempotency_mismatch",
        422,
        "The Idempotency-Key was used for another request; use a new one.",
    ),
    code(
        "import_running",
        409,
        "The workspace imports another file; send this one when that is done.",
    ),
    code(
        "internal",
        500,
        "Something broke on our side; the request id finds it in the log.",
    ),
    code(
        "invalid_credentials",
        401,
        "No account has this address, password and workspace.",
    ),
    code(
        "invalid_cursor",
        400,
        "Send next_cursor as an earlier page had it, or none.",
    ),
    code(
        "invalid_idempotency_key",
        400,
        "Send one key of 1 to 255 visible ASCII characters.",
    ),
    code(
        "invalid_if_match",
        400,
        "Send * or entity tags in quotes, as ETag had them.",
    ),
    code(
        "invalid_min_position",
        400,
        "Send positions as Position had them, separated by commas.",
    ),
    code(
        "invalid_query",
        400,
        "The query could not be read; detail says why.",
    ),
    code(
        "invalid_refresh_token",
        401,
        "The refresh token is not one of ours, or its session has ended; log in.",
    ),
    code(
        "invalid_token",
        401,
        "The access token or API key is not one of ours; log in again.",
    ),
    code(
        "invitation_used",
        409,
        "The invitation has let somebody in already; ask for a new one, or register without it.",
    ),
    code(
        "last_admin",
        409,
        "The workspace would be left without an admin; make somebody else admin first.",
    ),
    code(
        "link_archived",
        410,
        "The link was archived; its owner can restore it.",
    ),
    code(
        "link_blocked",
        410,
        "One of the link's targets is on a domain that is blocked here; its owner can give it another.",
    ),
    code("link_expired", 410, "The link has expired."),
    code(
        "link_used_up",
        410,
        "The link has led as many visitors as it may.",
    ),
    code(
        "malformed_json",
        400,
        "The body is no JSON; detail says where it goes wrong.",
    ),
    code(
        "method_not_allowed",
        405,
        "The path takes the methods that Allow names.",
    ),
    code(
        "missing_token",
        401,
        "Send Authorization: Bearer with an access token or an API key.",
    ),
    code(
        "not_a_member",
        403,
        "You are no member of the workspace that you ask for.",
    ),
    code(
        "not_found",
        404,
        "There is no such thing, or it is another workspace's.",
    ),
    code(
        "not_shown",
        403,
        "The link leads only so many visitors, and tells nobody beforehand where; open it.",
    ),
    code(
        "not_uploaded",
        409,
        "The bucket has no such object yet; upload it first.",
    ),
    code(
        "owner_stays",
        409,
        "Whoever a workspace was opened for stays its admin.",
    ),
    code(
        "password_required",
        401,
        "The link asks for a password; open it in a browser.",
    ),
    code("password_wrong", 401, "That is not the link's password."),
    code(
        "precondition_failed",
        412,
        "The resource has changed since; read it again.",
    ),
    code(
        "refresh_token_reused",
        401,
        "The refresh token was spent before; its session is closed, log in.",
    ),
    code("slug_taken", 409, "The slug is another link's."),
    code(
        "suspended",
        403,
        "An admin of the workspace has suspended you.",
    ),
    code("timeout", 408, "The request took too long to arrive."),
    code(
        "token_expired",
        401,
        "The access token or API key has expired; refresh, or log in again.",
    ),
    code(
        "token_revoked",
        401,
        "The session has ended, the API key was revoked, or what its user may do has changed; refresh, or log in again.",
    ),
    code("too_large", 413, "The body is larger than the route takes."),
    code(
        "too_many_changes",
        409,
        "It was changed as often as anything may be.",
    ),
    code(
        "too_many_domains",
        409,
        "The workspace has as many domains as a workspace may.",
    ),
    code(
        "too_many_exclusions",
        409,
        "The workspace has as many exclusions of clicks as a workspace may.",
    ),
    code(
        "too_many_requests",
        429,
        "A rate limit is used up; come again after Retry-After.",
    ),
    code(
        "too_many_slugs",
        409,
        "Too many slugs lead to the link; give former ones up.",
    ),
    code(
        "too_many_workspaces",
        409,
        "The user belongs to as many workspaces as a user may.",
    ),
    code(
        "unavailable",
        503,
        "Something that is needed is away; come again after Retry-After.",
    ),
    code(
        "unknown_event_type",
        404,
        "No event is of that type; /v1/asyncapi.json lists all.",
    ),
    code(
        "unreadable_body",
        400,
        "The body could not be read to its end.",
    ),
    code(
        "unsupported_media_type",
        415,
        "The route does not read this Content-Type; detail names what it reads.",
    ),
    code("upgrade_required", 426, "Ask for a WebSocket."),
    code(
        "upload_differs",
        409,
        "The upload is not what was announced; detail says what differs.",
    ),
    code(
        "validation",
        422,
        "The request is understood, and wrong; errors names every fault.",
    ),
    code(
        "workspace_full",
        409,
        "The workspace has as many members as a workspace may.",
    ),
];

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn the_codes_stand_in_order_and_once() {
        assert!(CODES.is_sorted_by(|a, b| a.code < b.code));
    }
}
