//! Log lines and traces, and how a trace travels from process to process.

use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, fmt};
use url::Url;

use crate::config::{Log, LogFormat};

/// Keeps traces flowing; [`Telemetry::shutdown`] sends what is left.
#[derive(Debug)]
pub struct Telemetry(Option<SdkTracerProvider>);

/// Telemetry could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `LOG_LEVEL` is no filter.
    #[error("the log level cannot be read")]
    Level(#[source] ParseError),
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` cannot be used.
    #[error("the exporter of traces cannot be made")]
    Exporter(#[source] ExporterBuildError),
    /// This program has a subscriber already.
    #[error("telemetry runs already")]
    AlreadyStarted(#[source] TryInitError),
}

/// Starts logging, and tracing if there is an endpoint, for this whole program; once.
///
/// JSON lines go to stdout, where collectors read; text goes to stderr, out of a pipe's way.
/// Traces hold every span from `info` up whatever `log` says, and are sampled as the caller's
/// `traceparent` says, else all.
pub fn init(
    service_name: &'static str,
    log: &Log,
    otlp_endpoint: Option<&Url>,
) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(&log.level).map_err(TelemetryError::Level)?;
    let provider = otlp_endpoint
        .map(|endpoint| provider(service_name, endpoint))
        .transpose()
        .map_err(TelemetryError::Exporter)?;
    let traces = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("millrace"))
            .with_filter(filter_fn(is_traced))
    });
    tracing_subscriber::registry()
        .with(traces)
        .with(lines(log.format).with_filter(filter))
        .try_init()
        .map_err(TelemetryError::AlreadyStarted)?;
    Ok(Telemetry(provider))
}

fn is_traced(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= LevelFilter::INFO
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    match format {
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
        LogFormat::Text => fmt::layer().with_writer(std::io::stderr).boxed(),
    }
}

fn provider(
    service_name: &'static str,
    endpoint: &Url,
) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!(
            "{}/v1/traces",
            endpoint.as_str().trim_end_matches('/')
        ))
        .build()?;
    Ok(SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(service_name).build())
        .with_batch_exporter(exporter)
        .build())
}

impl Telemetry {
    /// Sends the spans that have ended; blocks until the collector has them or is given up on.
    pub fn flush(&self) {
        self.end(SdkTracerProvider::force_flush);
    }

    /// Sends the spans that have ended and stops tracing; blocks as [`Telemetry::flush`] does.
    pub fn shutdown(self) {
        self.end(SdkTracerProvider::shutdown);
    }

    fn end(&self, act: fn(&SdkTracerProvider) -> opentelemetry_sdk::error::OTelSdkResult) {
        if let Some(Err(error)) = self.0.as_ref().map(act) {
            tracing::warn!(%error, "some traces were not delivered");
        }
    }
}

/// The W3C `traceparent` that continues the current span elsewhere; `None` when it isn't traced.
pub fn current_traceparent() -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    let span = span.span_context();
    (span.is_valid() && span.is_sampled()).then(|| {
        format!(
            "00-{}-{}-{:02x}",
            span.trace_id(),
            span.span_id(),
            span.trace_flags().to_u8()
        )
    })
}

/// Makes `span`, not yet entered, a child of the span that `traceparent` names, if it names one.
pub fn set_parent(span: &Span, traceparent: &str) {
    let carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let parent = TraceContextPropagator::new().extract(&carrier);
    if parent.span().span_context().is_valid() {
        // Without a tracer there is nothing to continue, and that is no fault.
        drop(span.set_parent(parent));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::{SpanData, SpanExporter};
    use tracing::info_span;

    use super::*;
    use crate::listen::Listener;
    use crate::shutdown::Tasks;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[derive(Debug, Clone, Default)]
    struct Ended(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Ended {
        async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().append(&mut batch);
            Ok(())
        }
    }

    fn traced(act: impl FnOnce()) -> Vec<SpanData> {
        let ended = Ended::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(ended.clone())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), act);
        std::mem::take(&mut *ended.0.lock().unwrap())
    }

    #[test]
    fn a_trace_continues_under_its_id() {
        let spans = traced(|| {
            let span = info_span!("work");
            set_parent(&span, PARENT);
            let next = span.in_scope(current_traceparent).unwrap();
            assert!(
                next.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
                "{next}"
            );
            assert!(next.ends_with("-01") && !next.contains("00f067aa0ba902b7"));
        });
        assert_eq!(spans[0].parent_span_id.to_string(), "00f067aa0ba902b7");
    }

    #[test]
    fn a_mad_traceparent_starts_a_trace_of_its_own() {
        for mad in [
            "",
            "00-zz-00-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        ] {
            let spans = traced(|| {
                let span = info_span!("work");
                set_parent(&span, mad);
                assert!(span.in_scope(current_traceparent).is_some());
            });
            assert_eq!(spans[0].parent_span_id.to_string(), "0000000000000000");
        }
    }

    #[test]
    fn what_is_not_sampled_is_not_continued() {
        traced(|| {
            let span = info_span!("work");
            set_parent(&span, &PARENT.replace("-01", "-00"));
            assert_eq!(span.in_scope(current_traceparent), None);
        });
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn spans_reach_a_collector_as_protobuf() {
        let (heard, mut posts) = tokio::sync::mpsc::channel(1);
        let collect = axum::routing::post(async move |headers: http::HeaderMap| {
            heard.send(headers["content-type"].clone()).await.unwrap();
        });
        let router = axum::Router::new().route("/v1/traces", collect);
        let collector = Listener::bind("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let endpoint = format!("http://{}/", collector.local_addr())
            .parse()
            .unwrap();
        let tasks = Tasks::default();
        tasks.spawn(
            "collector",
            collector.serve(router.into(), tasks.stopping()),
        );

        let telemetry = Telemetry(Some(provider("millrace", &endpoint).unwrap()));
        let tracer = telemetry.0.as_ref().unwrap().tracer("test");
        drop(opentelemetry::trace::Tracer::start(&tracer, "work"));
        tokio::task::spawn_blocking(move || telemetry.shutdown())
            .await
            .unwrap();
        assert_eq!(posts.recv().await.unwrap(), "application/x-protobuf");
        assert_eq!(tasks.stop(std::time::Duration::from_secs(5)).await, Ok(()));
    }

    #[test]
    fn without_a_tracer_there_is_no_traceparent() {
        assert_eq!(info_span!("work").in_scope(current_traceparent), None);
    }
}
