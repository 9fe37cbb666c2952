//! One request followed through the broker into the projector, by a collector that speaks OTLP.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use servers::testing;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::program::Run;
use crate::visitor::{EMAIL, NAME, PASSWORD, USER_AGENT, Visitor};

/// The exporter sends every five seconds.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Keeps every span that is sent to it.
struct Collector {
    port: u16,
    spans: watch::Receiver<Vec<Span>>,
    _server: JoinSet<()>,
}

impl Collector {
    async fn start() -> anyhow::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = socket.local_addr()?.port();
        let (sender, spans) = watch::channel(Vec::new());
        let collect = post(async move |body: Bytes| collect(&body, &sender));
        let router = Router::new().route("/v1/traces", collect);
        let mut server = JoinSet::new();
        server.spawn(async move {
            // Ends with the test, by being dropped.
            axum::serve(socket, router).await.ok();
        });
        Ok(Self {
            port,
            spans,
            _server: server,
        })
    }

    /// Waits until a span of the trace has that name.
    async fn receives(&self, trace: &str, name: &str) -> anyhow::Result<Span> {
        let mut heard = self.spans.clone();
        let is_it = |span: &Span| hex(&span.trace_id) == trace && span.name == name;
        let found = heard.wait_for(|spans| spans.iter().any(is_it));
        if let Ok(Ok(spans)) = timeout(ARRIVES_WITHIN, found).await {
            let span = spans.iter().find(|span| is_it(span)).cloned();
            return span.context("it is there");
        }
        let seen: Vec<_> = self.spans.borrow().iter().map(in_short).collect();
        anyhow::bail!("no {name:?} in trace {trace}; seen: {seen:#?}")
    }
}

fn collect(body: &[u8], sender: &watch::Sender<Vec<Span>>) -> (StatusCode, Vec<u8>) {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return (StatusCode::BAD_REQUEST, Vec::new());
    };
    let scopes = request
        .resource_spans
        .into_iter()
        .flat_map(|it| it.scope_spans);
    sender.send_modify(|all| all.extend(scopes.flat_map(|it| it.spans)));
    let answer = ExportTraceServiceResponse::default();
    (StatusCode::OK, answer.encode_to_vec())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").ok();
        text
    })
}

fn in_short(span: &Span) -> String {
    let (trace, id, parent) = (&span.trace_id, &span.span_id, &span.parent_span_id);
    format!("{} {}<-{} {}", hex(trace), hex(id), hex(parent), span.name)
}

#[tokio::test]
async fn a_link_is_followed_from_its_request_through_the_broker_into_the_read_model()
-> anyhow::Result<()> {
    let data = testing::scratch();
    let collector = Collector::start().await?;
    let endpoint = format!("http://127.0.0.1:{}", collector.port);
    let run = Run::up(data.path())?.setting("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    let program = run.serve().await?;
    let mut ada = Visitor::at(&program.url(), &program.url())?;
    ada.registers().await?;
    ada.logs_in().await?;
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let link = ada
        .shortens("traced", &[("traceparent", &traceparent)])
        .await?;
    ada.opens(&link.slug).await?;

    let request = collector.receives(TRACE, "POST /v1/links").await?;
    ensure!(
        hex(&request.parent_span_id) == PARENT,
        "{}",
        in_short(&request)
    );
    let projected = "project millrace.links.link.shortened.v3";
    let projected = collector.receives(TRACE, projected).await?;
    let spans = collector.spans.borrow().clone();
    ensure!(
        leads_to(&projected, &request, &spans),
        "{:#?}",
        spans.iter().map(in_short).collect::<Vec<_>>()
    );

    // What else was traced, the registration first of all, tells nothing of her either.
    for span in &spans {
        let text = format!("{span:?}");
        for personal in [EMAIL, NAME, PASSWORD, USER_AGENT, &ada.token] {
            ensure!(!text.contains(personal), "{personal} in {text}");
        }
    }
    Ok(())
}

/// Whether `to` is among the parents of `from`, all of one trace.
fn leads_to(from: &Span, to: &Span, spans: &[Span]) -> bool {
    let by_id: BTreeMap<_, _> = spans.iter().map(|span| (&span.span_id, span)).collect();
    let mut at = Some(from);
    // A chain has no more links than there are spans.
    for _ in 0..=spans.len() {
        match at {
            Some(span) if span.trace_id != to.trace_id => return false,
            Some(span) if span.span_id == to.span_id => return true,
            Some(span) => at = by_id.get(&span.parent_span_id).copied(),
            None => return false,
        }
    }
    false
}

#[tokio::test]
async fn a_collector_that_is_away_hurts_nobody() -> anyhow::Result<()> {
    let data = testing::scratch();
    let run = Run::up(data.path())?.setting("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    let mut program = run.serve().await?;
    let mut ada = Visitor::at(&program.url(), &program.url())?;
    ada.registers().await?;
    ada.logs_in().await?;
    let link = ada.shortens("untraced", &[]).await?;
    ada.opens(&link.slug).await?;
    program.signal(rustix::process::Signal::INT)?;
    let status = program.ends_within(Duration::from_secs(20)).await?;
    ensure!(
        status.success(),
        "{status}, saying:\n{}",
        program.everything().await
    );
    Ok(())
}
