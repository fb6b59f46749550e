//! Runs a function that a queue starts: each message is a nudge, each failure is reported by itself.

use std::panic::AssertUnwindSafe;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::step::{Nudge, StepKind};
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

/// How a batch ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Ids of the messages to be delivered again.
    pub failed: Vec<String>,
    /// Messages that could not be read and were dropped: they can never work.
    pub unreadable: usize,
}

/// Calls `handler` for each nudge, for as long as the sandbox lives.
///
/// # Errors
/// Fails if the Lambda runtime can't be reached.
pub async fn run_sqs<H, E>(settings: &Settings, take_calls: TakeCalls, handler: H) -> Result<(), StartError>
where
    H: AsyncFn(Nudge, Timestamp) -> Result<(), E>,
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
pub async fn handle_batch<H, E>(clock: &dyn Clock, ends_at: Timestamp, event: SqsEvent, handler: H) -> Batch
where
    H: AsyncFn(Nudge, Timestamp) -> Result<(), E>,
    E: std::error::Error,
{
    let mut batch = Batch::default();
    for (position, record) in event.records.into_iter().enumerate() {
        let id = record.message_id.unwrap_or_default();
        let Some(nudge) = record.body.as_deref().and_then(read_nudge) else {
            // The body may be anything, so it is not logged.
            tracing::error!(message.id = %id, "a message is not a nudge and was dropped");
            batch.unreadable += 1;
            continue;
        };
        if position > 0 && clock.now() >= ends_at {
            batch.failed.push(id);
            continue;
        }
        let (started_at, step) = (clock.now(), nudge.step);
        if !handle_one(nudge, ends_at, &handler).await {
            batch.failed.push(id);
        }
        measure(clock, started_at, step);
    }
    batch
}

async fn handle_one<H, E>(nudge: Nudge, ends_at: Timestamp, handler: &H) -> bool
where
    H: AsyncFn(Nudge, Timestamp) -> Result<(), E>,
    E: std::error::Error,
{
    let (job, step, shard) = (nudge.job.clone(), nudge.step, nudge.shard);
    let attempt = AssertUnwindSafe(async { handler(nudge, ends_at).await }).catch_unwind().await;
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
fn measure(clock: &dyn Clock, started_at: Timestamp, step: StepKind) {
    let now = clock.now();
    let took = now.duration_since(started_at).as_millis_f64();
    Metric::at(now).by("Step", step.as_str()).value("StepMilliseconds", Unit::Milliseconds, took).emit();
}

fn read_nudge(body: &str) -> Option<Nudge> {
    serde_json::from_str(body).ok()
}

/// When Lambda ends the invocation.
pub(crate) fn deadline(context: &Context) -> Timestamp {
    i64::try_from(context.deadline).ok().and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
