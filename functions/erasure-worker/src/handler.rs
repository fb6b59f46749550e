//! A nudge in, one step of one job advanced. What the step does is in the workflow.

use domain::step::Nudge;
use jiff::Timestamp;
use workflow::advance_job::AdvanceJob;
use workflow::step_error::StepError;

/// Advances the step a nudge names, until `slice_ends_at` at the latest. May run any number of times.
///
/// # Errors
/// `Retry` if the message should come again.
pub async fn handle(advance: &AdvanceJob, nudge: &Nudge, slice_ends_at: Timestamp) -> Result<(), StepError> {
    advance.once(nudge, slice_ends_at).await
}

#[cfg(test)]
mod tests {
    use domain::step::Nudge;

    #[test]
    fn the_sample_event_holds_a_nudge() {
        let event: aws_lambda_events::event::sqs::SqsEvent =
            serde_json::from_str(include_str!("../events/nudge.json")).unwrap();
        let body = event.records[0].body.as_deref().unwrap();
        let nudge: Nudge = serde_json::from_str(body).unwrap();
        assert_eq!(nudge.step.as_str(), "erase");
    }
}
