//! Who may do what: one table, from which requests are admitted, the docs are written and the tests are made.

use std::fmt;

use events::core::{Role, Scope};
use http::Method;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody, without credentials.
    Anybody,
    /// Whoever has this role, or a higher one, in the workspace that the credential speaks for.
    Role(Role),
    /// The user whom the path names, and nobody else.
    Oneself,
    /// The user whom the path names, or whoever has this role.
    OneselfOr(Role),
}

/// What one route asks of its caller.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The method.
    pub method: Method,
    /// The path, as the router knows it.
    pub path: &'static str,
    /// Who may use it with an access token.
    pub who: Who,
    /// What an API key needs besides its maker's role; without one the route takes no API key.
    pub scope: Option<Scope>,
}

const EDITOR: Who = Who::Role(Role::Editor);
const ADMIN: Who = Who::Role(Role::Admin);
const VIEWER: Who = Who::Role(Role::Viewer);

/// Every route below `/v1/core`, `/v1/media` and `/v1/links` that does something.
pub const RULES: &[Rule] = &[
    rule(Method::POST, "/v1/core/users", Who::Anybody),
    rule(Method::POST, "/v1/core/auth/login", Who::Anybody),
    rule(Method::POST, "/v1/core/auth/refresh", Who::Anybody),
    rule(Method::POST, "/v1/core/auth/logout", VIEWER),
    rule(Method::GET, "/v1/core/sessions", VIEWER),
    rule(Method::DELETE, "/v1/core/sessions/{id}", VIEWER),
    rule(Method::GET, "/v1/core/users", ADMIN),
    rule(Method::GET, "/v1/core/users/me", VIEWER),
    rule(Method::GET, "/v1/core/users/{id}", VIEWER),
    rule(
        Method::PATCH,
        "/v1/core/users/{id}",
        Who::OneselfOr(Role::Admin),
    ),
    rule(
        Method::DELETE,
        "/v1/core/users/{id}",
        Who::OneselfOr(Role::Admin),
    ),
    rule(Method::PUT, "/v1/core/users/{id}/password", Who::Oneself),
    rule(Method::POST, "/v1/core/users/{id}/suspend", ADMIN),
    rule(Method::POST, "/v1/core/users/{id}/reinstate", ADMIN),
    rule(Method::POST, "/v1/core/workspaces", VIEWER),
    rule(Method::GET, "/v1/core/workspaces", VIEWER),
    rule(Method::GET, "/v1/core/workspaces/{id}/members", ADMIN),
    rule(Method::POST, "/v1/core/workspaces/{id}/members", ADMIN),
    rule(
        Method::PATCH,
        "/v1/core/workspaces/{id}/members/{user_id}",
        ADMIN,
    ),
    rule(
        Method::DELETE,
        "/v1/core/workspaces/{id}/members/{user_id}",
        Who::OneselfOr(Role::Admin),
    ),
    rule(Method::POST, "/v1/core/api-keys", ADMIN),
    rule(Method::GET, "/v1/core/api-keys", ADMIN),
    rule(Method::GET, "/v1/core/api-keys/{id}", ADMIN),
    rule(Method::DELETE, "/v1/core/api-keys/{id}", ADMIN),
    rule(Method::GET, "/v1/core/audit", ADMIN),
    scoped(Method::POST, "/v1/media/presign", EDITOR, Scope::MediaWrite),
    scoped(
        Method::POST,
        "/v1/media/assets/{id}/complete",
        EDITOR,
        Scope::MediaWrite,
    ),
    scoped(Method::GET, "/v1/media/assets", VIEWER, Scope::MediaRead),
    scoped(
        Method::GET,
        "/v1/media/assets/{id}",
        VIEWER,
        Scope::MediaRead,
    ),
    scoped(Method::POST, "/v1/links", EDITOR, Scope::LinksWrite),
    scoped(Method::POST, "/v1/links/bulk", EDITOR, Scope::LinksWrite),
    scoped(Method::POST, "/v1/links/import", EDITOR, Scope::LinksWrite),
    scoped(Method::PATCH, "/v1/links/{id}", EDITOR, Scope::LinksWrite),
    scoped(Method::DELETE, "/v1/links/{id}", EDITOR, Scope::LinksWrite),
    scoped(
        Method::POST,
        "/v1/links/{id}/restore",
        EDITOR,
        Scope::LinksWrite,
    ),
    scoped(
        Method::POST,
        "/v1/links/{id}/clicks",
        EDITOR,
        Scope::ClicksWrite,
    ),
    scoped(Method::POST, "/v1/links/domains", ADMIN, Scope::LinksWrite),
    scoped(
        Method::POST,
        "/v1/links/domains/{id}/verify",
        ADMIN,
        Scope::LinksWrite,
    ),
    scoped(
        Method::PUT,
        "/v1/links/domains/{id}/default",
        ADMIN,
        Scope::LinksWrite,
    ),
    scoped(
        Method::DELETE,
        "/v1/links/domains/{id}/default",
        ADMIN,
        Scope::LinksWrite,
    ),
    scoped(
        Method::DELETE,
        "/v1/links/domains/{id}",
        ADMIN,
        Scope::LinksWrite,
    ),
    scoped(Method::GET, "/v1/links/domains", VIEWER, Scope::LinksRead),
    scoped(
        Method::GET,
        "/v1/links/domains/{id}",
        VIEWER,
        Scope::LinksRead,
    ),
    scoped(
        Method::POST,
        "/v1/links/exclusions",
        EDITOR,
        Scope::LinksWrite,
    ),
    scoped(
        Method::DELETE,
        "/v1/links/exclusions/{id}",
        EDITOR,
        Scope::LinksWrite,
    ),
    scoped(
        Method::GET,
        "/v1/links/exclusions",
        VIEWER,
        Scope::ClicksRead,
    ),
    scoped(Method::GET, "/v1/links", VIEWER, Scope::LinksRead),
    scoped(Method::GET, "/v1/links/export", VIEWER, Scope::LinksRead),
    scoped(Method::GET, "/v1/links/{id}", VIEWER, Scope::LinksRead),
    scoped(Method::GET, "/v1/links/{id}/qr", VIEWER, Scope::LinksRead),
    scoped(Method::GET, "/v1/links/stats", VIEWER, Scope::ClicksRead),
    scoped(
        Method::GET,
        "/v1/links/{id}/stats",
        VIEWER,
        Scope::ClicksRead,
    ),
    scoped(
        Method::GET,
        "/v1/links/stats/{dimension}",
        VIEWER,
        Scope::ClicksRead,
    ),
    scoped(
        Method::GET,
        "/v1/links/{id}/stats/{dimension}",
        VIEWER,
        Scope::ClicksRead,
    ),
    scoped(Method::GET, "/v1/links/clicks", VIEWER, Scope::ClicksRead),
    scoped(
        Method::GET,
        "/v1/links/{id}/clicks",
        VIEWER,
        Scope::ClicksRead,
    ),
    scoped(
        Method::GET,
        "/v1/links/clicks/export",
        VIEWER,
        Scope::ClicksRead,
    ),
    scoped(
        Method::GET,
        "/v1/links/{id}/clicks/export",
        VIEWER,
        Scope::ClicksRead,
    ),
    scoped(
        Method::GET,
        "/v1/links/clicks/live",
        VIEWER,
        Scope::ClicksRead,
    ),
    scoped(
        Method::GET,
        "/v1/links/{id}/clicks/live",
        VIEWER,
        Scope::ClicksRead,
    ),
    scoped(
        Method::GET,
        "/v1/links/{id}/stats/live",
        VIEWER,
        Scope::ClicksRead,
    ),
];

const fn rule(method: Method, path: &'static str, who: Who) -> Rule {
    Rule {
        method,
        path,
        who,
        scope: None,
    }
}

const fn scoped(method: Method, path: &'static str, who: Who, scope: Scope) -> Rule {
    Rule {
        method,
        path,
        who,
        scope: Some(scope),
    }
}

/// The rule of a route; a route without one admits nobody.
pub fn rule_of(method: &Method, path: &str) -> Option<&'static Rule> {
    let mut rules = RULES.iter();
    rules.find(|rule| rule.path == path && rule.method == *method)
}

impl Rule {
    /// Who may use the route, as a sentence for people.
    pub fn sentence(&self) -> String {
        let who = match self.who {
            Who::Anybody => return "Open to everybody: it takes no credential.".to_owned(),
            Who::Role(role) => whoever_is(role).to_owned(),
            Who::Oneself => "the user whom the path names".to_owned(),
            Who::OneselfOr(role) => {
                format!("the user whom the path names, and {}", whoever_is(role))
            }
        };
        match self.scope {
            Some(scope) => format!("For {who}; an API key needs the scope `{scope}`."),
            None => format!("For {who}; API keys are refused."),
        }
    }
}

const fn whoever_is(role: Role) -> &'static str {
    match role {
        Role::Viewer => "every member (`viewer`, `editor`, `admin`)",
        Role::Editor => "`editor` and `admin`",
        Role::Admin => "`admin`",
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anybody => f.write_str("anybody"),
            Self::Role(role) => write!(f, "{role}"),
            Self::Oneself => f.write_str("oneself"),
            Self::OneselfOr(role) => write!(f, "oneself or {role}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_route_has_one_rule() {
        let routes: BTreeSet<_> = RULES
            .iter()
            .map(|rule| (rule.path, rule.method.as_str()))
            .collect();
        assert_eq!(routes.len(), RULES.len());
    }

    #[test]
    fn who_may_write_needs_more_than_a_viewer_unless_it_is_the_callers_own() {
        let own = [
            "/v1/core/auth/logout",
            "/v1/core/sessions/{id}",
            "/v1/core/workspaces",
        ];
        for rule in RULES.iter().filter(|rule| rule.method != Method::GET) {
            let is_for_viewers = rule.who == VIEWER;
            assert_eq!(is_for_viewers, own.contains(&rule.path), "{}", rule.path);
        }
    }
}
