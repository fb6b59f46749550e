//! Message in, one notice sent, again or stop out.

use domain::step::Nudge;
use jiff::Timestamp;
use workflow::advance_job::AdvanceJob;
use workflow::step_error::StepError;

/// Sends the notice a message names; may be called any number of times.
///
/// # Errors
/// `Retry` when the message should come again.
pub async fn handle(advance: &AdvanceJob, nudge: Nudge, slice_ends_at: Timestamp) -> Result<(), StepError> {
    advance.once(&nudge, slice_ends_at).await
}
