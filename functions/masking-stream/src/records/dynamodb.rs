//! Records of DynamoDB Streams as Debezium envelopes, so that readers know one form.

use serde::Deserialize;
use serde_json::{Map, Number, Value, json};
use workflow::mask_stream::StreamRecord;

use super::RecordError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    #[serde(rename = "eventSourceARN")]
    arn: String,
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    #[serde(default)]
    keys: Map<String, Value>,
    old_image: Option<Map<String, Value>>,
    new_image: Option<Map<String, Value>>,
    approximate_creation_date_time: Option<Value>,
}

pub(super) fn records(records: Value) -> Result<Vec<StreamRecord>, RecordError> {
    let records: Vec<Record> = serde_json::from_value(records).map_err(|_| RecordError)?;
    Ok(records.into_iter().map(record).collect())
}

fn record(record: Record) -> StreamRecord {
    // arn:aws:dynamodb:region:account:table/NAME/stream/LABEL
    let mut parts = record.arn.split('/').skip(1);
    let table = parts.next().unwrap_or_default().to_owned();
    let label = parts.nth(1).unwrap_or_default();
    let change = record.dynamodb;
    let key = serde_json::to_vec(&change.keys).unwrap_or_default();
    let operation = match record.event_name.as_str() {
        "INSERT" => "c",
        "REMOVE" => "d",
        _modify => "u",
    };
    // Streams of keys only: the keys are all there is of the row.
    let is_keys_only = change.old_image.is_none() && change.new_image.is_none();
    let (before, after) = match (is_keys_only, operation) {
        (true, "d") => (Some(change.keys), None),
        (true, _) => (None, Some(change.keys)),
        (false, _) => (change.old_image, change.new_image),
    };
    let envelope = json!({
        "before": before.map(row),
        "after": after.map(row),
        "source": { "connector": "dynamodb", "table": table, "ts_ms": change.approximate_creation_date_time.as_ref().and_then(millis) },
        "op": operation,
    });
    StreamRecord {
        shard: format!("{table}/{label}"),
        sequence: change.sequence_number,
        key,
        collection: Some(table),
        body: envelope.to_string().into_bytes(),
    }
}

fn millis(seconds: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of our era")]
    seconds.as_f64().map(|seconds| (seconds * 1_000.0) as i64)
}

fn row(attributes: Map<String, Value>) -> Value {
    Value::Object(attributes.into_iter().map(|(name, value)| (name, plain(value))).collect())
}

/// An attribute value without its tag.
fn plain(value: Value) -> Value {
    let Value::Object(tagged) = value else { return value };
    let Some((tag, value)) = tagged.into_iter().next() else { return Value::Null };
    match (tag.as_str(), value) {
        ("N", Value::String(text)) => number(text),
        ("NS", Value::Array(items)) => {
            let numbered = |item| if let Value::String(text) = item { number(text) } else { item };
            Value::Array(items.into_iter().map(numbered).collect())
        }
        ("M", Value::Object(fields)) => row(fields),
        ("L", Value::Array(items)) => Value::Array(items.into_iter().map(plain).collect()),
        ("NULL", _) => Value::Null,
        (_text_or_truth, value) => value,
    }
}

/// Numbers of more digits than a double holds stay texts.
fn number(text: String) -> Value {
    text.parse::<i64>()
        .map(Number::from)
        .ok()
        .or_else(|| text.parse().ok().filter(|_| text.len() <= 15).and_then(Number::from_f64))
        .map_or(Value::String(text), Value::Number)
}
