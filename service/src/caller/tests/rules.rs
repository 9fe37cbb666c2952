//! Every rule of the table, for every role, about oneself and about others.

use events::core::{Role, Scope};
use http::{Method, StatusCode};

use super::super::access::{RULES, Who, rule_of};
use super::super::testing::ada;
use super::super::{Caller, Credential};
use crate::world;

const ROLES: [Role; 3] = [Role::Viewer, Role::Editor, Role::Admin];

#[test]
fn every_rule_admits_whom_it_names_and_nobody_else() {
    for rule in RULES {
        for role in ROLES {
            for is_oneself in [false, true] {
                let may = match rule.who {
                    Who::Anybody => true,
                    Who::Role(needed) => role >= needed,
                    Who::Oneself => is_oneself,
                    Who::OneselfOr(needed) => is_oneself || role >= needed,
                };
                let obeyed = Caller { role, ..ada() }.obey(rule, is_oneself);
                let told = format!("{} {} {role} {is_oneself}", rule.method, rule.path);
                assert_eq!(obeyed.is_ok(), may, "{told}");
                if let Err(problem) = obeyed {
                    assert_eq!(problem.status(), StatusCode::FORBIDDEN, "{told}");
                }
            }
        }
    }
}

#[test]
fn a_path_or_a_method_that_is_not_in_the_table_has_no_rule() {
    assert!(rule_of(&Method::GET, "/v1/links").is_some());
    for (method, path) in [
        (Method::PUT, "/v1/links"),
        (Method::GET, "/v1/links/"),
        (Method::GET, "/v1/links/{slug}"),
        (Method::GET, ""),
    ] {
        assert!(rule_of(&method, path).is_none(), "{method} {path}");
    }
}

#[test]
fn a_scope_is_asked_of_api_keys_for_resources_and_for_them_only() {
    for rule in RULES {
        let is_core = rule.path.starts_with("/v1/core/");
        assert_eq!(rule.scope.is_none(), is_core, "{}", rule.path);
        let Some(scope) = rule.scope else { continue };
        let writes = [Scope::LinksWrite, Scope::ClicksWrite, Scope::MediaWrite];
        assert_eq!(
            writes.contains(&scope),
            rule.method != Method::GET,
            "{}",
            rule.path
        );
    }
}

#[test]
fn roles_include_what_is_below_them() {
    for (at, has) in ROLES.into_iter().enumerate() {
        for (of, needed) in ROLES.into_iter().enumerate() {
            let caller = Caller { role: has, ..ada() };
            assert_eq!(caller.require(needed).is_ok(), at >= of);
        }
    }
}

#[test]
fn a_caller_is_named_by_the_credential_and_only_a_session_has_a_session() {
    let mut ada = ada();
    assert!(ada.session().is_ok());
    assert_eq!(ada.actor(), events::Actor::User(ada.user));
    let key = events::ApiKeyId::new(world::new_id());
    ada.credential = Credential::ApiKey(key);
    assert_eq!(ada.actor(), events::Actor::ApiKey(key));
    let refused = ada.session().unwrap_err();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}
