//! Where and how a link leads, as it is sent.

use events::links::{Route, Utm};
use events::{Sealed, Timestamp};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::problem::Problem;
use utoipa::ToSchema;

use super::patch::Patch;
use super::rule::{self, RuleBody};
use super::target::{Target, TargetRules};
use crate::app::App;
use crate::problem::internal;
use crate::text;

/// The most bytes of a route as JSON: every change stores it as a whole, and the redirect keeps it in memory.
const BYTES_MAX: usize = 32 << 10;
/// The longest campaign parameter, in characters.
pub(super) const UTM_CHARS_MAX: usize = 100;
/// The most clicks that a link can be limited to.
const CLICKS_MAX: u64 = 1_000_000_000_000;
/// The shortest and the longest password of a link, in characters: it is told to several people, and typed on phones.
const PASSWORD_CHARS_MIN: usize = 4;
const PASSWORD_CHARS_MAX: usize = 128;

/// Campaign parameters that are added to the target.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UtmBody {
    #[schema(max_length = 100)]
    pub(super) source: Option<String>,
    #[schema(max_length = 100)]
    pub(super) medium: Option<String>,
    #[schema(max_length = 100)]
    pub(super) campaign: Option<String>,
    #[schema(max_length = 100)]
    pub(super) term: Option<String>,
    #[schema(max_length = 100)]
    pub(super) content: Option<String>,
}

/// What is wanted of a route; what is left out stays.
#[derive(Default)]
pub(super) struct RouteWish {
    pub(super) target: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) forward_query: Option<bool>,
    pub(super) utm: Patch<UtmBody>,
    pub(super) rules: Patch<Vec<RuleBody>>,
    pub(super) expires_at: Patch<Timestamp>,
    pub(super) expired_target: Patch<String>,
    pub(super) max_clicks: Patch<u64>,
}

impl RouteWish {
    /// The route as it is wanted.
    pub(super) fn apply(
        self,
        mut route: Route,
        targets: &TargetRules,
        faults: &mut Faults,
    ) -> Route {
        let target = |pointer: &str, text: String, faults: &mut Faults| {
            faults
                .take(pointer, targets.parse(&text))
                .map(Target::into_string)
        };
        if let Some(text) = self.target {
            route.target = target("/target", text, faults).unwrap_or_default();
        }
        if let Some(status) = self.status {
            if !matches!(status, 301 | 302 | 307 | 308) {
                faults.add("/status", "must be 301, 302, 307 or 308");
            }
            route.status = status;
        }
        route.forward_query = self.forward_query.unwrap_or(route.forward_query);
        if let Some(utm) = self.utm {
            route.utm = utm.unwrap_or_default().parse(faults);
        }
        if let Some(rules) = self.rules {
            route.rules = rule::parse(rules.unwrap_or_default(), targets, faults);
        }
        if let Some(expires_at) = self.expires_at {
            route.expires_at = expires_at;
        }
        if let Some(text) = self.expired_target {
            route.expired_target = text.and_then(|text| target("/expired_target", text, faults));
        }
        if let Some(max_clicks) = self.max_clicks {
            if max_clicks.is_some_and(|it| !(1..=CLICKS_MAX).contains(&it)) {
                faults.add("/max_clicks", format!("must be 1 to {CLICKS_MAX}"));
            }
            route.max_clicks = max_clicks;
        }
        let bytes = serde_json::to_vec(&route).map_or(0, |it| it.len());
        if bytes > BYTES_MAX {
            let fault = format!("make the link too large: {bytes} bytes, and {BYTES_MAX} at most");
            faults.add("/rules", fault);
        }
        route
    }
}

/// A route that leads to nothing yet.
pub(super) const fn blank() -> Route {
    Route {
        target: String::new(),
        status: 302,
        forward_query: false,
        utm: Utm {
            source: None,
            medium: None,
            campaign: None,
            term: None,
            content: None,
        },
        rules: Vec::new(),
        expires_at: None,
        expired_target: None,
        max_clicks: None,
        password_hash: None,
    }
}

/// Refuses what can be no link's password.
pub(super) fn check_password(password: Option<&str>, faults: &mut Faults) {
    let chars = password.map(|it| it.chars().count());
    if chars.is_some_and(|it| !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&it)) {
        let fault = format!("must have {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters");
        faults.add("/password", fault);
    }
}

/// The sealed hash of a link's password.
pub(super) async fn hash(app: &App, password: String) -> Result<Sealed, Problem> {
    let hash = app.link_hashing.hash(password).await?;
    let sealed = app.keyring.seal(Route::PASSWORD_SEAL, &hash);
    sealed.map_err(internal)
}

impl UtmBody {
    fn parse(self, faults: &mut Faults) -> Utm {
        let mut line = |name: &str, value: Option<String>| {
            let parsed = text::line(value.as_deref()?, UTM_CHARS_MAX);
            faults.take(&format!("/utm/{name}"), parsed)
        };
        Utm {
            source: line("source", self.source),
            medium: line("medium", self.medium),
            campaign: line("campaign", self.campaign),
            term: line("term", self.term),
            content: line("content", self.content),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{RouteWish, TargetRules, UtmBody, blank, check_password};
    use events::links::{Route, Utm};
    use service::body::Faults;
    use service::config::Targets;

    fn rules() -> TargetRules {
        TargetRules::new(Targets::default(), Vec::new()).unwrap()
    }

    fn full() -> Route {
        Route {
            target: "https://a.example/".to_owned(),
            status: 308,
            forward_query: true,
            utm: Utm {
                source: Some("mail".to_owned()),
                ..Utm::default()
            },
            expires_at: Some("2026-11-21T10:00:00Z".parse().unwrap()),
            expired_target: Some("https://b.example/".to_owned()),
            max_clicks: Some(5),
            ..blank()
        }
    }

    #[test]
    fn what_is_left_out_stays_and_null_clears() {
        let mut faults = Faults::default();
        assert_eq!(
            RouteWish::default().apply(full(), &rules(), &mut faults),
            full()
        );
        let cleared = RouteWish {
            utm: Some(None),
            rules: Some(None),
            expires_at: Some(None),
            expired_target: Some(None),
            max_clicks: Some(None),
            ..RouteWish::default()
        };
        let expected = Route {
            target: full().target,
            status: 308,
            forward_query: true,
            ..blank()
        };
        assert_eq!(cleared.apply(full(), &rules(), &mut faults), expected);
        assert!(faults.finish().is_ok());
    }

    #[test]
    fn every_fault_is_found_at_once() {
        let mut faults = Faults::default();
        let wish = RouteWish {
            target: Some("nowhere".to_owned()),
            status: Some(303),
            utm: Some(Some(UtmBody {
                term: Some("x".repeat(101)),
                ..UtmBody::default()
            })),
            expired_target: Some(Some("ftp://a.example".to_owned())),
            max_clicks: Some(Some(0)),
            ..RouteWish::default()
        };
        wish.apply(blank(), &rules(), &mut faults);
        check_password(Some("abc"), &mut faults);
        let problem = format!("{:?}", faults.finish().unwrap_err());
        for pointer in [
            "/target",
            "/status",
            "/utm/term",
            "/expired_target",
            "/max_clicks",
            "/password",
        ] {
            assert!(
                problem.contains(&format!("{pointer:?}")),
                "{pointer} in {problem}"
            );
        }
    }
}
