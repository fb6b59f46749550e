//! The three forms in which records of a stream reach a function, read to one.

mod dynamodb;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::Value;
use workflow::mask_stream::StreamRecord;

/// Where a batch comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A Kinesis stream.
    Kinesis,
    /// The stream of a DynamoDB table.
    DynamoDb,
    /// Kafka, managed or not.
    Kafka,
}

/// The event is none of those. It holds nothing of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is no batch of Kinesis, DynamoDB Streams or Kafka records")]
pub struct RecordError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KinesisRecord {
    kinesis: KinesisData,
    #[serde(rename = "eventID")]
    event_id: String,
    #[serde(rename = "eventSourceARN")]
    arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KinesisData {
    partition_key: String,
    sequence_number: String,
    data: String,
}

#[derive(Deserialize)]
struct KafkaRecord {
    topic: String,
    partition: i64,
    offset: i64,
    key: Option<String>,
    value: Option<String>,
}

/// Reads a batch.
///
/// # Errors
/// Where it is none of the three.
pub fn records_of(mut event: Value) -> Result<(Source, Vec<StreamRecord>), RecordError> {
    if let Some(source) = event["eventSource"].as_str() {
        let is_kafka = source == "aws:kafka" || source == "SelfManagedKafka";
        return if is_kafka { Ok((Source::Kafka, kafka(taken(&mut event, "records"))?)) } else { Err(RecordError) };
    }
    let records = taken(&mut event, "Records");
    match records[0]["eventSource"].as_str() {
        Some("aws:kinesis") => Ok((Source::Kinesis, kinesis(records)?)),
        Some("aws:dynamodb") => Ok((Source::DynamoDb, dynamodb::records(records)?)),
        Some(_) | None => Err(RecordError),
    }
}

fn taken(event: &mut Value, name: &str) -> Value {
    event.get_mut(name).map(Value::take).unwrap_or_default()
}

fn kinesis(records: Value) -> Result<Vec<StreamRecord>, RecordError> {
    let records: Vec<KinesisRecord> = serde_json::from_value(records).map_err(|_| RecordError)?;
    let record = |record: KinesisRecord| {
        let stream = record.arn.rsplit('/').next().unwrap_or_default().to_owned();
        let shard = record.event_id.split(':').next().unwrap_or_default().to_owned();
        let body = BASE64.decode(record.kinesis.data).map_err(|_| RecordError)?;
        Ok(StreamRecord {
            shard: format!("{stream}/{shard}"),
            sequence: record.kinesis.sequence_number,
            key: record.kinesis.partition_key.into_bytes(),
            collection: None,
            body,
        })
    };
    records.into_iter().map(record).collect()
}

fn kafka(records: Value) -> Result<Vec<StreamRecord>, RecordError> {
    let partitions: BTreeMap<String, Vec<KafkaRecord>> = serde_json::from_value(records).map_err(|_| RecordError)?;
    let decoded = |text: Option<String>| BASE64.decode(text.unwrap_or_default()).map_err(|_| RecordError);
    let record = |record: KafkaRecord| {
        let key = match record.key {
            Some(key) => decoded(Some(key))?,
            // Without a key there is no order to keep but the partition's.
            None => record.partition.to_string().into_bytes(),
        };
        Ok(StreamRecord {
            shard: format!("{}/{}", record.topic, record.partition),
            sequence: record.offset.to_string(),
            key,
            collection: None,
            body: decoded(record.value)?,
        })
    };
    partitions.into_values().flatten().map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(event: &str, source: Source, ids: &[&str]) -> Vec<StreamRecord> {
        let (read, records) = records_of(serde_json::from_str(event).unwrap()).unwrap();
        assert_eq!(read, source);
        let found: Vec<String> = records.iter().map(|it| format!("{}/{}", it.shard, it.sequence)).collect();
        assert_eq!(found, ids);
        records
    }

    #[test]
    fn the_samples_are_read() {
        let kinesis = check(
            include_str!("../events/kinesis.json"),
            Source::Kinesis,
            &["changes/shardId-000000000000/49546986683135544286507457936321625675700192471156785154"],
        );
        assert!(String::from_utf8_lossy(&kinesis[0].body).contains("\"op\":\"u\""));
        check(
            include_str!("../events/kafka.json"),
            Source::Kafka,
            &["shop.public.customers/0/15", "shop.public.customers/0/16"],
        );
        let rows = check(
            include_str!("../events/dynamodb.json"),
            Source::DynamoDb,
            &["customers/2026-03-01T00:00:00.000/111"],
        );
        let row: Value = serde_json::from_slice(&rows[0].body).unwrap();
        assert_eq!(row["after"]["email"], "ada@example.com");
        assert_eq!((row["op"].as_str(), row["after"]["age"].as_i64()), (Some("c"), Some(36)));
    }

    #[test]
    fn other_events_are_refused() {
        for event in ["{}", "[]", "null", r#"{"Records":[]}"#, r#"{"Records":[{"eventSource":"aws:sqs"}]}"#] {
            assert!(records_of(serde_json::from_str(event).unwrap()).is_err(), "{event}");
        }
    }
}
