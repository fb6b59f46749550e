//! Metrics in `CloudWatch`'s embedded metric format: one JSON line on stdout, no call.

use std::io::Write;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::redaction::redact_text;

/// What a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How many.
    Count,
    /// How long, in milliseconds.
    Milliseconds,
    /// How long, in seconds.
    Seconds,
    /// How large.
    Bytes,
}

impl Unit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
            Self::Bytes => "Bytes",
        }
    }
}

/// One line of metrics that share their dimensions. Dimensions are names of ours, never a person's or a tenant's.
#[derive(Debug, Clone)]
pub struct Metric {
    at: Timestamp,
    dimensions: Vec<(&'static str, String)>,
    values: Vec<(&'static str, Unit, f64)>,
}

impl Metric {
    /// A line of metrics taken at a time.
    #[must_use]
    pub const fn at(at: Timestamp) -> Self {
        Self { at, dimensions: Vec::new(), values: Vec::new() }
    }

    /// The same line with a dimension.
    #[must_use]
    pub fn by(mut self, name: &'static str, value: &str) -> Self {
        self.dimensions.push((name, redact_text(value).into_owned()));
        self
    }

    /// The same line with a value.
    #[must_use]
    pub fn value(mut self, name: &'static str, unit: Unit, value: f64) -> Self {
        self.values.push((name, unit, value));
        self
    }

    /// The line as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let names: Vec<_> = self.dimensions.iter().map(|(name, _)| *name).collect();
        let metrics: Vec<_> =
            self.values.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit.as_str()})).collect();
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": self.at.as_millisecond(),
                "CloudWatchMetrics": [{"Namespace": "Habeas", "Dimensions": [names], "Metrics": metrics}],
            }),
        );
        for (name, value) in &self.dimensions {
            line.insert((*name).to_owned(), json!(value));
        }
        for (name, _, value) in &self.values {
            line.insert((*name).to_owned(), json!(value));
        }
        Value::Object(line)
    }

    /// Writes the line to stdout, where the Lambda service reads it. A line that can't be written is lost, never an error.
    pub fn emit(&self) {
        write_line(&self.to_json());
    }
}

/// Writes one JSON line to stdout in a single write, so that lines never mix.
pub(crate) fn write_line(value: &Value) {
    let mut line = value.to_string();
    line.push('\n');
    if std::io::stdout().lock().write_all(line.as_bytes()).is_err() {
        // Standard output is gone: there is nowhere left to say so.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_in_embedded_metric_format() {
        let line =
            Metric::at(Timestamp::UNIX_EPOCH).by("step", "locate").value("StepLatency", Unit::Milliseconds, 12.0);
        let expected = json!({
            "_aws": {"Timestamp": 0, "CloudWatchMetrics": [{
                "Namespace": "Habeas", "Dimensions": [["step"]],
                "Metrics": [{"Name": "StepLatency", "Unit": "Milliseconds"}],
            }]},
            "step": "locate", "StepLatency": 12.0,
        });
        assert_eq!(line.to_json(), expected);
    }
}
