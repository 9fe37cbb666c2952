//! The routes of the gateway.

use anyhow::{Context, ensure};
use serde_json::Value;
use service::config::UP_PORT;

use super::{PROCESSES, object};
use crate::tidy::tree::file;

/// What the gateway leads to is what listens there.
fn check_routes(routes: &str) -> anyhow::Result<()> {
    let routes: Value = serde_saphyr::from_str(routes)?;
    let http = routes.get("http").context("no http")?;
    let services = object(http, "services")?;
    for (name, port, is_public, _) in PROCESSES {
        let servers = services
            .get(name)
            .and_then(|it| it.pointer("/loadBalancer/servers/0/url"));
        let expected = is_public.then(|| format!("http://{name}:{port}"));
        ensure!(
            servers.and_then(Value::as_str) == expected.as_deref(),
            "{name} is led to {servers:?}"
        );
    }
    for (route, router) in object(http, "routers")? {
        let service = router
            .get("service")
            .and_then(Value::as_str)
            .unwrap_or_default();
        ensure!(
            services.contains_key(service),
            "{route} leads to no service"
        );
    }
    Ok(())
}

#[test]
fn the_gateway_leads_to_where_the_processes_listen() -> anyhow::Result<()> {
    let good = file("compose/routes.yaml")?.text;
    check_routes(&good)?;
    for (from, to) in [
        ("http://query-api:8082", "http://query-api:8081"),
        ("service: command-api", "service: commands"),
    ] {
        let bad = good.replace(from, to);
        ensure!(bad != good && check_routes(&bad).is_err(), "{to} passes");
    }
    let compose = file("compose.yaml")?.text;
    ensure!(compose.contains(&format!("--entrypoints.web.address=:{UP_PORT}")));
    Ok(())
}
