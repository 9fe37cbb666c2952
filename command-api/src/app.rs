//! What every handler of the command API can reach.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use nats::{Broker, ClickLane};
use service::caller::Gate;
use service::client_address::TrustedProxies;
use service::keys::Keyring;
use service::limits::Limiter;

use crate::agents::Agents;
use crate::core::Identities;
use crate::geo::Geo;
use crate::handle::Commands;
use crate::hashing::Hashing;
use crate::links::redirect::{Directory, RedirectMetrics, Salts};
use crate::links::{Domain, Fill, ImportRoom, ReportTurns, TargetRules};
use crate::media::Storage;

/// The state of the command API's router; a clone is a pointer.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

/// What the state is made of.
pub(crate) struct Parts {
    pub(crate) broker: Broker,
    pub(crate) keyring: Keyring,
    pub(crate) gate: Gate,
    /// Counts what anybody may try.
    pub(crate) limiter: Limiter,
    pub(crate) commands: Commands,
    pub(crate) hashing: Hashing,
    /// The same, for the passwords of links.
    pub(crate) link_hashing: Hashing,
    pub(crate) identities: Identities,
    /// Where short links are opened.
    pub(crate) domain: Domain,
    /// Where links may lead.
    pub(crate) targets: TargetRules,
    /// Who is asked for records of domains; none: those of this machine.
    pub(crate) dns_resolver: Option<SocketAddr>,
    /// How long random slugs must be.
    pub(crate) fill: Fill,
    pub(crate) directory: Directory,
    /// Where files of links are read.
    pub(crate) imports: ImportRoom,
    pub(crate) report_turns: ReportTurns,
    pub(crate) agents: Agents,
    /// Where visitors are.
    pub(crate) geo: Geo,
    /// What tells visitors apart for a day.
    pub(crate) salts: Arc<Salts>,
    pub(crate) lane: ClickLane,
    /// Whose word about a visitor's address and country is taken.
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) redirects: RedirectMetrics,
    pub(crate) storage: Storage,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}
