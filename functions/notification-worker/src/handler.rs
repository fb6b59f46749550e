//! A nudge in, one notice sent; an event of the mail service in, one mark written. What both mean is in the workflow.

use jiff::Timestamp;
use workflow::advance_job::AdvanceJob;
use workflow::record_mail_fate::RecordMailFate;
use workflow::step_error::StepError;

use crate::Message;

/// Sends the notice a nudge names, until `slice_ends_at` at the latest, or records what became of a mail. May run any
/// number of times.
///
/// # Errors
/// `Retry` if the message should come again.
pub async fn handle(
    advance: &AdvanceJob,
    fates: &RecordMailFate,
    message: &Message,
    slice_ends_at: Timestamp,
) -> Result<(), StepError> {
    match message {
        Message::Nudge(nudge) => advance.once(nudge, slice_ends_at).await,
        Message::Mail(report) => fates.record(report).await.map(|_| ()).map_err(StepError::from),
    }
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
        assert_eq!(nudge.step.as_str(), "notify_code");
    }
}
