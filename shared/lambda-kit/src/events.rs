//! Runs a function that an event source starts whose form the function itself knows, such as a stream.

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

use crate::TakeCalls;
use crate::logging::{chain, log_calls};
use crate::start::StartError;

/// Calls `handler` with each event and answers what it answers; an error makes the source bring the event again.
///
/// # Errors
/// Fails if the Lambda runtime can't be reached.
pub async fn run_events<H, E>(take_calls: TakeCalls, handler: H) -> Result<(), StartError>
where
    H: AsyncFn(Value) -> Result<Value, E>,
    E: std::error::Error,
{
    let handler = &handler;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let outcome = handler(event.payload).await;
        log_calls(take_calls);
        outcome.map_err(|error| {
            tracing::error!(error = %chain(&error), "the batch failed");
            lambda_runtime::Error::from(error.to_string())
        })
    }))
    .await
    .map_err(|error| StartError::because(format!("the Lambda runtime ended: {error}")))
}
