//! What each function needs to be a Lambda function: settings, time, redacted logs, metrics, queue batches, HTTP.
//!
//! The only package that reads environment variables. It knows nothing of requests and jobs beyond their names.

mod alerts;
pub mod auth;
mod events;
pub mod http;
mod logging;
mod metered;
mod metrics;
mod problem;
mod redaction;
mod refused;
mod schedule;
mod settings;
mod sqs;
mod start;
mod time;
mod wiring;

pub use alerts::{EmfAlerts, emf_alerts};
pub use events::run_events;
pub use logging::{Redaction, log_layer};
pub use metered::metered;
pub use metrics::{Metric, Unit};
pub use problem::{FieldError, Problem, ProblemDocument, ProblemKind};
pub use redaction::{redact_json, redact_text};
pub use refused::problem_of;
pub use schedule::{run_event, run_schedule, run_schedule_with_input};
pub use settings::{Settings, Stage};
pub use sqs::{About, Batch, QueueMessage, handle_batch, run_sqs};
pub use start::{StartError, start};
pub use time::{SystemClock, SystemEntropy, slice_end, system_clock, system_entropy, wall_clock};
pub use wiring::step_ports;

/// Takes the number of AWS calls made since it was last asked, by operation.
pub type TakeCalls = fn() -> Vec<(String, u64)>;
