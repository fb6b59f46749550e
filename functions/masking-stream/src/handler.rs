//! A batch of records in, what has to come again out. What is done with a record is in the workflow.

use lambda_kit::{Metric, Unit};
use serde_json::{Value, json};
use workflow::mask_stream::{MaskStream, StreamReport};
use workflow::ports::PortError;

use crate::records::{RecordError, Source, records_of};

/// Why a whole batch has to come again.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// It is none of the events this function takes.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Our own tables, keys or the data map can't be read.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A source that knows no single failures has some.
    #[error("{0} partitions have to come again")]
    Again(usize),
}

/// Masks a batch and names the first record of each shard that has to come again, in the answer Lambda reads.
///
/// # Errors
/// Where everything has to come again.
pub async fn handle(masking: &MaskStream, stage: &str, event: Value) -> Result<Value, HandleError> {
    let (source, records) = records_of(event)?;
    let report = masking.run(&records).await?;
    measure(masking, stage, &report);
    match source {
        // Kafka's mappings commit whole batches: what was written comes again under the ids it had.
        Source::Kafka if !report.failed.is_empty() => Err(HandleError::Again(report.failed.len())),
        Source::Kafka | Source::Kinesis | Source::DynamoDb => {
            let failures = report.failed.values().map(|sequence| json!({ "itemIdentifier": sequence }));
            Ok(json!({ "batchItemFailures": failures.collect::<Vec<Value>>() }))
        }
    }
}

fn measure(masking: &MaskStream, stage: &str, report: &StreamReport) {
    #[expect(clippy::cast_precision_loss, reason = "metrics are floating point; counts are far below 2^53")]
    let count = |count: u64| count as f64;
    Metric::at(masking.clock.now())
        .by("Stage", stage)
        .value("EventsMasked", Unit::Count, count(report.written))
        .value("ValuesMasked", Unit::Count, count(report.replaced))
        .value("EventsSuppressed", Unit::Count, count(report.suppressed))
        .value("EventsRestricted", Unit::Count, count(report.restricted))
        .value("EventsUnconsented", Unit::Count, count(report.unconsented))
        .value("EventsUnreadable", Unit::Count, count(report.unreadable))
        .value("StreamShardsFailed", Unit::Count, count(report.failed.len() as u64))
        .emit();
}
