//! What staff is told of a deadline: the alerts that the sweep recorded in the transaction that made the step.

use domain::job::{DeadlineAlert, Job};
use domain::step::Step;

use crate::notice::{DeadlineNotice, Notice};

/// The notice of a step; `None` where its alerts have been followed by newer ones of their kind.
pub(super) fn deadline_notice(job: &Job, step: &Step) -> Option<Notice> {
    let marks = job.timing.marks.iter().filter(|mark| mark.at == step.created_at);
    let alerts: Vec<DeadlineAlert> = marks.map(|mark| mark.alert).collect();
    (!alerts.is_empty()).then(|| {
        Notice::Deadline(DeadlineNotice {
            job: job.id.to_string(),
            request_type: job.request_type,
            regime: job.regime,
            due_on: super::day(job.due_at),
            alerts,
        })
    })
}
