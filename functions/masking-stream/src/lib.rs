//! Masks change events on their way: Kinesis, DynamoDB Streams or Kafka in; Kinesis, SQS or a bucket out.
//!
//! Trigger: event source mappings of the customer's streams; none until the template's parameters name one.
//! Reads: the data map, suppressions, guards of restrictions, mapped records of consent, the tenant's key.
//! Writes: the target named by `HABEAS_STREAM_TARGET`. Sends: nothing else.
//! If run twice: every event has the same id again, so readers drop doubles; objects of a bucket are written once.

mod config;
mod handler;
mod records;

pub use config::Config;
pub use handler::{HandleError, handle};
pub use records::{RecordError, Source, records_of};
