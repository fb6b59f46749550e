//! JSON lines on stdout through the redacting layer (R-AUD-6), panics included.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::TakeCalls;
use crate::metrics::write_line;
use crate::redaction::redact_json;

/// Whether lines are masked before they leave the process (`LOG_REDACT_PII`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redaction {
    /// They are.
    On,
    /// They are not; never in production.
    Off,
}

/// Sets up logging for the process; a second call changes nothing.
pub(crate) fn init_logging(redaction: Redaction) {
    let layer = log_layer(redaction, std::io::stdout()).with_filter(LevelFilter::INFO);
    let subscriber = tracing_subscriber::registry().with(layer);
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        return;
    }
    std::panic::set_hook(Box::new(log_panic));
    if redaction == Redaction::Off {
        tracing::warn!("LOG_REDACT_PII is false: log lines are NOT masked and may hold personal data");
    }
}

/// A layer that writes each event as one JSON line, masked if wanted; spans add their fields.
pub fn log_layer<S, W>(redaction: Redaction, writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Write + Send + 'static,
{
    JsonLines { redaction, writer: Mutex::new(writer) }
}

struct JsonLines<W> {
    redaction: Redaction,
    writer: Mutex<W>,
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Write + Send + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = ctx.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a log line carries the time it was written at")]
    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in ctx.event_scope(event).into_iter().flatten() {
            if let Some(inherited) = span.extensions().get::<Fields>() {
                fields.0.extend(inherited.0.clone());
            }
        }
        event.record(&mut fields);
        let mut line = Map::new();
        let metadata = event.metadata();
        line.insert("message".to_owned(), fields.0.remove("message").unwrap_or(Value::Null));
        line.extend(fields.0);
        let line = match self.redaction {
            Redaction::On => redact_json(Value::Object(line)),
            Redaction::Off => Value::Object(line),
        };
        let Value::Object(mut line) = line else { return };
        line.insert("timestamp".to_owned(), json!(jiff::Timestamp::now().to_string()));
        line.insert("level".to_owned(), json!(metadata.level().as_str()));
        line.insert("target".to_owned(), json!(metadata.target()));
        self.write(&Value::Object(line));
    }
}

impl<W: Write> JsonLines<W> {
    fn write(&self, line: &Value) {
        let mut text = line.to_string();
        text.push('\n');
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.write_all(text.as_bytes()).is_err() {
            // There is nowhere left to say so.
        }
    }
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.insert(field, json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, json!(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.insert(field, json!(chain(value)));
    }
}

/// An error and its causes as one text, outermost first.
///
/// Causes of other people's making may quote what they were given; the layer masks them by shape.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let next = inner.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = inner.source();
    }
    text
}

/// Logs how many AWS calls an invocation made, by operation, as one line of its own.
pub(crate) fn log_calls(take_calls: TakeCalls) {
    let calls = take_calls();
    if calls.is_empty() {
        return;
    }
    let total: u64 = calls.iter().filter(|(name, _)| name.ends_with(".calls")).map(|(_, count)| count).sum();
    let by_operation: Map<String, Value> = calls.into_iter().map(|(name, count)| (name, json!(count))).collect();
    write_line(&redact_json(json!({
        "level": "INFO", "message": "aws_calls", "aws_calls": by_operation, "aws_calls_total": total,
    })));
}

fn log_panic(info: &std::panic::PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let payload = info.payload();
    // A formatted message may quote data after its colon; what stands before is ours.
    let said = payload
        .downcast_ref::<&'static str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().map(|text| text.split(':').next().unwrap_or("").to_owned()));
    tracing::error!(panic.location = %place, panic.message = said.unwrap_or_default(), "a panic was caught");
}

#[cfg(test)]
mod tests;
