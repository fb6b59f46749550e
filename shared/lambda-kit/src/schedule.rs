//! Runs a function that a schedule starts.

use jiff::Timestamp;
use lambda_runtime::{LambdaEvent, service_fn};
use workflow::ports::Clock;

use crate::TakeCalls;
use crate::logging::log_calls;
use crate::settings::Settings;
use crate::start::StartError;
use crate::time::{slice_end, system_clock, wall_clock};

/// Calls `handler` with the end of its slice at each tick, for as long as the sandbox lives.
///
/// A failed tick is reported to Lambda as an error, so that the alarm on errors sees it; the next tick goes on.
///
/// # Errors
/// Fails if the Lambda runtime can't be reached.
pub async fn run_schedule<H, E>(settings: &Settings, take_calls: TakeCalls, handler: H) -> Result<(), StartError>
where
    H: AsyncFn(Timestamp) -> Result<(), E>,
    E: std::error::Error,
{
    run_schedule_with_input(settings, take_calls, async |_, ends_at| handler(ends_at).await).await
}

/// The same for a function that may also be called by hand: `handler` is given what it was called with.
///
/// # Errors
/// Fails if the Lambda runtime can't be reached.
pub async fn run_schedule_with_input<H, E>(
    settings: &Settings,
    take_calls: TakeCalls,
    handler: H,
) -> Result<(), StartError>
where
    H: AsyncFn(serde_json::Value, Timestamp) -> Result<(), E>,
    E: std::error::Error,
{
    let handler = &handler;
    run_event(settings, take_calls, async |event, ends_at| {
        handler(event, ends_at).await.map(|()| serde_json::Value::Null)
    })
    .await
}

/// The same for a function that is also started by hand: `handler` reads the event, and its answer goes back.
///
/// # Errors
/// Fails if the Lambda runtime can't be reached.
pub async fn run_event<H, E>(settings: &Settings, take_calls: TakeCalls, handler: H) -> Result<(), StartError>
where
    H: AsyncFn(serde_json::Value, Timestamp) -> Result<serde_json::Value, E>,
    E: std::error::Error,
{
    let (clock, wall) = (system_clock(settings), wall_clock());
    let handler = &handler;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| {
        let now = clock.now();
        let left = crate::sqs::deadline(&event.context).duration_since(wall.now());
        async move {
            let outcome = handler(event.payload, slice_end(now, now.checked_add(left).unwrap_or(now))).await;
            log_calls(take_calls);
            outcome.map_err(|error| {
                tracing::error!(error = %crate::logging::chain(&error), "the run failed");
                lambda_runtime::Error::from(error.to_string())
            })
        }
    }))
    .await
    .map_err(|error| StartError::because(format!("the Lambda runtime ended: {error}")))
}
