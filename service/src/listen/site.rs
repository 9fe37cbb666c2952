//! What answers requests: a router, and before it, where its price counts, a shortcut.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use futures::future::BoxFuture;
use http::Method;
use http::request::Parts;

/// What answers the requests of a port.
#[derive(Clone)]
pub struct Site {
    pub(super) router: Router,
    pub(super) shortcut: Option<Shortcut>,
}

/// Answers requests that are told by their method and path alone, and whose bodies nobody reads.
///
/// A router costs a redirect some two microseconds of its twenty: it looks for the route, notes in the request what it
/// found, and puts each layer's answer into a box. Cheap to clone.
#[derive(Clone)]
pub struct Shortcut {
    takes: fn(&Method, &str) -> bool,
    answer: Arc<Answer>,
}

type Answer = dyn Fn(Parts, SocketAddr) -> BoxFuture<'static, Response> + Send + Sync;

impl From<Router> for Site {
    fn from(router: Router) -> Self {
        Self {
            // `with_state` turns handlers into services once, not for each request.
            router: router.with_state(()),
            shortcut: None,
        }
    }
}

impl Site {
    /// The same, with requests that are answered before the router is asked.
    #[must_use]
    pub fn with(self, shortcut: Shortcut) -> Self {
        Self {
            shortcut: Some(shortcut),
            ..self
        }
    }
}

impl Shortcut {
    /// One that answers what it `takes`, a method and a path; `answer` hears of the peer too.
    pub fn new(
        takes: fn(&Method, &str) -> bool,
        answer: impl Fn(Parts, SocketAddr) -> BoxFuture<'static, Response> + Send + Sync + 'static,
    ) -> Self {
        Self {
            takes,
            answer: Arc::new(answer),
        }
    }

    pub(super) fn takes(&self, method: &Method, path: &str) -> bool {
        (self.takes)(method, path)
    }

    pub(crate) fn answer(&self, request: Parts, peer: SocketAddr) -> BoxFuture<'static, Response> {
        (self.answer)(request, peer)
    }
}
