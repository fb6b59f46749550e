//! Masked events to a Kinesis stream or an SQS queue. A call never holds two events of one key, so that a call refused in part
//! can't turn their order round; buckets are `workflow::mask_stream::ObjectSink`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use async_trait::async_trait;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use sha2::{Digest, Sha256};
use workflow::ports::{EventBatch, EventSink, MaskedEvent, PortError, PortErrorKind};

use crate::failure::failed;

/// A call holds at most so many records and bytes of Kinesis (5 MiB with keys) and of SQS (1 MiB).
const KINESIS: Limits = Limits { events: 500, bytes: 4_000_000 };
const SQS: Limits = Limits { events: 10, bytes: 900_000 };

#[derive(Clone, Copy)]
struct Limits {
    events: usize,
    bytes: usize,
}

/// One call of a service that takes several events and may refuse some.
#[async_trait]
trait Calls: Sync {
    /// Which of the events were taken.
    async fn send(&self, events: &[&MaskedEvent]) -> Result<Vec<bool>, PortError>;
}

/// Sends calls until all events are written or their key is stopped; answers how many from the first on are written.
async fn write_in_order(events: &[MaskedEvent], limits: Limits, calls: &dyn Calls) -> Result<usize, PortError> {
    let mut written = vec![false; events.len()];
    let mut stopped: BTreeSet<&str> = BTreeSet::new();
    let mut left: Vec<usize> = (0..events.len()).collect();
    while !left.is_empty() {
        let (call, rest) = next_call(events, &left, &stopped, limits);
        if call.is_empty() {
            break;
        }
        let picked: Vec<&MaskedEvent> = call.iter().map(|at| &events[*at]).collect();
        match calls.send(&picked).await {
            Ok(taken) => {
                for (at, taken) in call.iter().zip(taken) {
                    written[*at] = taken;
                    if !taken {
                        stopped.insert(&events[*at].key);
                    }
                }
            }
            Err(error) if call.contains(&0) => return Err(error),
            // What was written before counts; the caller asks again for the rest.
            Err(_) => break,
        }
        left = rest;
    }
    Ok(written.iter().take_while(|written| **written).count())
}

/// The next events, each key once, and what is left after them.
fn next_call(
    events: &[MaskedEvent],
    left: &[usize],
    stopped: &BTreeSet<&str>,
    limits: Limits,
) -> (Vec<usize>, Vec<usize>) {
    let (mut call, mut rest) = (Vec::new(), Vec::new());
    let (mut keys, mut bytes) = (BTreeSet::new(), 0);
    for at in left.iter().copied().filter(|at| !stopped.contains(events[*at].key.as_str())) {
        let event = &events[at];
        let size = event.body.len() + event.key.len() + event.id.len();
        let fits = call.len() < limits.events && (call.is_empty() || bytes + size <= limits.bytes);
        // A key that has to wait holds back what follows it.
        if keys.insert(event.key.as_str()) && fits {
            call.push(at);
            bytes += size;
        } else {
            rest.push(at);
        }
    }
    (call, rest)
}

/// Records of a Kinesis stream, partitioned by the keyed form of their key.
#[derive(Debug, Clone)]
pub struct KinesisSink {
    // Dependencies.
    client: aws_sdk_kinesis::Client,
    // Configuration.
    stream: String,
}

impl KinesisSink {
    pub(crate) fn new(client: aws_sdk_kinesis::Client, stream: &str) -> Self {
        Self { client, stream: stream.to_owned() }
    }
}

#[async_trait]
impl Calls for KinesisSink {
    async fn send(&self, events: &[&MaskedEvent]) -> Result<Vec<bool>, PortError> {
        let entry = |event: &&MaskedEvent| {
            PutRecordsRequestEntry::builder()
                .partition_key(&event.key)
                .data(Blob::new(event.body.clone()))
                .build()
                .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "write events", source))
        };
        let entries = events.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let request = self.client.put_records().set_records(Some(entries));
        let request = if self.stream.starts_with("arn:") {
            request.stream_arn(&self.stream)
        } else {
            request.stream_name(&self.stream)
        };
        let answer = request.send().await.map_err(|error| failed("write events", error))?;
        Ok(answer.records().iter().map(|record| record.error_code().is_none()).collect())
    }
}

#[async_trait]
impl EventSink for KinesisSink {
    async fn write(&self, batch: &EventBatch) -> Result<usize, PortError> {
        write_in_order(&batch.events, KINESIS, self).await
    }
}

/// Messages of a queue; only a FIFO queue keeps the order of a key, and drops doubles for five minutes.
#[derive(Debug, Clone)]
pub struct SqsSink {
    // Dependencies.
    client: aws_sdk_sqs::Client,
    // Configuration.
    url: String,
}

impl SqsSink {
    pub(crate) fn new(client: aws_sdk_sqs::Client, url: &str) -> Self {
        Self { client, url: url.to_owned() }
    }
}

#[async_trait]
impl Calls for SqsSink {
    async fn send(&self, events: &[&MaskedEvent]) -> Result<Vec<bool>, PortError> {
        let is_fifo = self.url.ends_with(".fifo");
        let entries = events.iter().enumerate().map(|(at, event)| message(at, event, is_fifo));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = request.send().await.map_err(|error| failed("write events", error))?;
        let refused: BTreeSet<&str> =
            answer.failed().iter().map(aws_sdk_sqs::types::BatchResultErrorEntry::id).collect();
        Ok((0..events.len()).map(|at| !refused.contains(at.to_string().as_str())).collect())
    }
}

#[async_trait]
impl EventSink for SqsSink {
    async fn write(&self, batch: &EventBatch) -> Result<usize, PortError> {
        write_in_order(&batch.events, SQS, self).await
    }
}

fn message(at: usize, event: &MaskedEvent, is_fifo: bool) -> Result<SendMessageBatchRequestEntry, PortError> {
    let wrong = |source| PortError::caused(PortErrorKind::Corrupt, "write events", source);
    let id = MessageAttributeValue::builder().data_type("String").string_value(&event.id).build().map_err(wrong)?;
    let entry = SendMessageBatchRequestEntry::builder()
        .id(at.to_string())
        .message_body(String::from_utf8_lossy(&event.body))
        .message_attributes("id", id);
    let entry = if is_fifo {
        // Ids of long names are longer than the queue allows.
        let mut digest = String::new();
        for byte in Sha256::digest(event.id.as_bytes()) {
            write!(digest, "{byte:02x}").expect("writing to a string does not fail");
        }
        entry.message_group_id(&event.key).message_deduplication_id(digest)
    } else {
        entry
    };
    entry.build().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn events(keys: &[&str]) -> Vec<MaskedEvent> {
        let event = |(at, key): (usize, &&str)| MaskedEvent {
            id: format!("s/0/{at}"),
            key: (*key).to_owned(),
            body: at.to_string().into_bytes(),
        };
        keys.iter().enumerate().map(event).collect()
    }

    /// Takes all but some ids.
    #[derive(Default)]
    struct Taking {
        refused: &'static str,
        calls: Mutex<Vec<Vec<String>>>,
    }

    #[async_trait]
    impl Calls for Taking {
        async fn send(&self, events: &[&MaskedEvent]) -> Result<Vec<bool>, PortError> {
            self.calls.lock().unwrap().push(events.iter().map(|event| event.id.clone()).collect());
            Ok(events.iter().map(|event| event.id != self.refused).collect())
        }
    }

    #[tokio::test]
    async fn nothing_of_a_key_passes_what_was_refused() {
        let taking = Taking { refused: "s/0/1", ..Taking::default() };
        let limits = Limits { events: 3, bytes: 1_000 };
        let count = write_in_order(&events(&["a", "b", "a", "b", "c"]), limits, &taking).await.unwrap();
        assert_eq!(count, 1);
        assert_eq!(*taking.calls.lock().unwrap(), [vec!["s/0/0", "s/0/1", "s/0/4"], vec!["s/0/2"]]);
    }

    #[tokio::test]
    async fn all_events_are_written_in_calls_that_fit() {
        let taking = Taking::default();
        let count = write_in_order(&events(&["a"; 4]), SQS, &taking).await.unwrap();
        assert_eq!((count, taking.calls.lock().unwrap().len()), (4, 4));
    }
}
