//! The core context over HTTP.

mod api_keys;
mod auth;
mod users;
mod workspaces;

use axum::middleware::from_fn_with_state;
use service::limits::{Limit, Limiter, limit};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// All routes; those that anybody may try, and those by which others' histories grow, are limited by `limiter`.
pub(crate) fn routes(limiter: &Limiter) -> OpenApiRouter<App> {
    let limited = |routes: OpenApiRouter<App>, by_address, by_account| {
        let limits = limiter.of_route(by_address, by_account);
        routes.route_layer(from_fn_with_state(limits, limit))
    };
    let limited_to_callers = |routes: OpenApiRouter<App>, by_account| {
        let limits = limiter.of_callers(by_account);
        routes.route_layer(from_fn_with_state(limits, limit))
    };
    OpenApiRouter::new()
        .merge(limited(
            OpenApiRouter::new().routes(routes!(users::register)),
            Limit::RegistrationAddress,
            Limit::RegistrationAccount,
        ))
        .merge(limited(
            OpenApiRouter::new()
                .routes(routes!(auth::login))
                .routes(routes!(users::change_password)),
            Limit::LoginAddress,
            Limit::LoginAccount,
        ))
        .merge(limited(
            OpenApiRouter::new().routes(routes!(auth::refresh)),
            Limit::RefreshAddress,
            Limit::RefreshAccount,
        ))
        .merge(limited_to_callers(
            OpenApiRouter::new().routes(routes!(users::amend)),
            Limit::EmailAccount,
        ))
        .merge(limited_to_callers(
            OpenApiRouter::new()
                .routes(routes!(users::suspend))
                .routes(routes!(users::reinstate))
                .routes(routes!(workspaces::add_member))
                .routes(routes!(workspaces::change_role, workspaces::remove_member)),
            Limit::MembershipAccount,
        ))
        .merge(limited_to_callers(
            OpenApiRouter::new()
                .routes(routes!(api_keys::issue))
                .routes(routes!(api_keys::revoke)),
            Limit::ApiKeyAccount,
        ))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::end_session))
        .routes(routes!(users::erase))
        .routes(routes!(workspaces::found))
}
