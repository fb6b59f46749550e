//! Runs a function that a queue starts: each message is handled, and each failure reported, by itself.

use std::panic::AssertUnwindSafe;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::step::Nudge;
use futures::FutureExt;
use jiff::Timestamp;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use workflow::ports::Clock;

use crate::TakeCalls;
use crate::logging::{chain, log_calls};
use crate::metrics::{Metric, Unit};
use crate::settings::Settings;
use crate::start::StartError;
use crate::time::{slice_end, system_clock, wall_clock};

/// What a queue carries to a function: ids and names, never personal data.
pub trait QueueMessage: Sized {
    /// Reads the body of a message; `None` for what can never be read.
    fn read(body: &str) -> Option<Self>;

    /// What it is about, for the log.
    fn about(&self) -> About;
}

/// What a message is about, for the log and the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The job, or what else is named.
    pub job: String,
    /// The step, or what else is done.
    pub step: &'static str,
    /// Which of these steps.
    pub shard: u32,
}

impl QueueMessage for Nudge {
    fn read(body: &str) -> Option<Self> {
        serde_json::from_str(body).ok()
    }

    fn about(&self) -> About {
        About { job: self.job.to_string(), step: self.step.as_str(), shard: self.shard }
    }
}

/// How a batch ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Ids of the messages to be delivered again.
    pub failed: Vec<String>,
    /// Messages that could not be read and were dropped: they can never work.
    pub unreadable: usize,
}

/// Calls `handler` for each message, for as long as the sandbox lives.
///
/// # Errors
/// Fails if the Lambda runtime can't be reached.
pub async fn run_sqs<M, H, E>(settings: &Settings, take_calls: TakeCalls, handler: H) -> Result<(), StartError>
where
    M: QueueMessage,
    H: AsyncFn(M, Timestamp) -> Result<(), E>,
    E: std::error::Error,
{
    let (clock, wall) = (system_clock(settings), wall_clock());
    let (clock, handler) = (&clock, &handler);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let now = clock.now();
        let left = deadline(&event.context).duration_since(wall.now());
        let ends_at = slice_end(now, now.checked_add(left).unwrap_or(now));
        async move {
            let batch = handle_batch(&**clock, ends_at, event.payload, handler).await;
            log_calls(take_calls);
            let mut response = SqsBatchResponse::default();
            response.set_failures(batch.failed);
            Ok::<_, lambda_runtime::Error>(response)
        }
    }))
    .await
    .map_err(|error| StartError::because(format!("the Lambda runtime ended: {error}")))
}

/// Handles one batch in order; a record that fails or panics never takes another with it.
///
/// Records that the slice has no time left for are reported as failed, untouched.
pub async fn handle_batch<M, H, E>(clock: &dyn Clock, ends_at: Timestamp, event: SqsEvent, handler: H) -> Batch
where
    M: QueueMessage,
    H: AsyncFn(M, Timestamp) -> Result<(), E>,
    E: std::error::Error,
{
    let mut batch = Batch::default();
    for (position, record) in event.records.into_iter().enumerate() {
        let id = record.message_id.unwrap_or_default();
        let Some(message) = record.body.as_deref().and_then(M::read) else {
            // The body may be anything, so it is not logged.
            tracing::error!(message.id = %id, "a message can't be read and was dropped");
            batch.unreadable += 1;
            continue;
        };
        if position > 0 && clock.now() >= ends_at {
            batch.failed.push(id);
            continue;
        }
        let (started_at, step) = (clock.now(), message.about().step);
        if !handle_one(message, ends_at, &handler).await {
            batch.failed.push(id);
        }
        measure(clock, started_at, step);
    }
    batch
}

async fn handle_one<M, H, E>(message: M, ends_at: Timestamp, handler: &H) -> bool
where
    M: QueueMessage,
    H: AsyncFn(M, Timestamp) -> Result<(), E>,
    E: std::error::Error,
{
    let About { job, step, shard } = message.about();
    let attempt = AssertUnwindSafe(async { handler(message, ends_at).await }).catch_unwind().await;
    match attempt {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(job.id = %job, step = %step, shard, error = %chain(&error), "the step will be tried again");
            false
        }
        Err(_) => {
            tracing::error!(job.id = %job, step = %step, shard, "the step panicked and will be tried again");
            false
        }
    }
}

/// How long a step took, whatever came of it.
fn measure(clock: &dyn Clock, started_at: Timestamp, step: &str) {
    let now = clock.now();
    let took = now.duration_since(started_at).as_millis_f64();
    Metric::at(now).by("Step", step).value("StepMilliseconds", Unit::Milliseconds, took).emit();
}

/// When Lambda ends the invocation.
pub(crate) fn deadline(context: &Context) -> Timestamp {
    i64::try_from(context.deadline).ok().and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
