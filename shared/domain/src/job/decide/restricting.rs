//! What comes next in a restriction and an objection: the data is only kept, from when the person is found until the
//! person knows that it ends (GDPR Art. 18(3)).

use jiff::Timestamp;

use super::erasing::tell_processors;
use super::{APPROVAL_REMINDER, Decision, ready, waiting};
use crate::job::{Job, JobStatus};
use crate::request::{Alias, RequestType};
use crate::restriction::{Decided, Restriction};
use crate::role::Pseudonym;
use crate::step::{ObjectRef, StepKind};

/// The person is found: the restriction stands. Whether an objection is upheld an officer decides (Art. 18(1)(d)).
pub(super) fn after_trace(job: &Job, aliases: &[Alias], processors: &[(u32, ObjectRef)], now: Timestamp) -> Decision {
    let restriction = Restriction { aliases: aliases.to_vec(), set_at: Some(now), ..restriction_of(job) };
    // Nobody weighs an objection to direct marketing: it is granted as it comes (Art. 21(3)).
    if restriction.purpose.is_some() {
        let words = "granted without weighing; the data is not used for direct marketing";
        let mut decision = completed(job, restriction, words, now);
        decision.next.extend(tell_processors(processors, now));
        return decision;
    }
    if job.request_type == RequestType::Objection {
        let job = Job { status: JobStatus::AwaitingApproval, restriction: Some(Box::new(restriction)), ..job.clone() };
        let remind = waiting(StepKind::Approve, now + APPROVAL_REMINDER);
        return Decision { job: Some(Box::new(job)), next: vec![remind], settles: Vec::new() };
    }
    completed(job, restriction, "the data of the person is kept and not used", now)
}

/// The objection is upheld: the restriction stays.
pub(super) fn after_upholding(job: &Job, by: &Pseudonym, reason: &str, now: Timestamp) -> Decision {
    let decided = Decided { by: by.clone(), at: now, reason: reason.to_owned() };
    let restriction = Restriction { upheld: Some(decided), ..restriction_of(job) };
    let decision = completed(job, restriction, "upheld; the data of the person is kept and not used", now);
    Decision { settles: vec![StepKind::Approve], ..decision }
}

/// The restriction ends; what was kept to tell the person of it goes.
pub(super) fn after_lifting(job: &Job, now: Timestamp) -> Decision {
    if !job.restricts() {
        return Decision::default();
    }
    let restriction = Restriction { lifted_at: Some(now), ..restriction_of(job) };
    // A refused objection has its `expire` already.
    let next = if job.status == JobStatus::Completed { vec![ready(StepKind::Expire, now)] } else { Vec::new() };
    let notes = Some(job.notes_with("the restriction is lifted"));
    let job = Job { restriction: Some(Box::new(restriction)), resolution_notes: notes, ..job.clone() };
    Decision { job: Some(Box::new(job)), next, settles: Vec::new() }
}

/// What the person has taken back restricts no more.
pub(super) fn taken_back(mut decision: Decision, now: Timestamp) -> Decision {
    if let Some(restriction) = decision.job.as_mut().and_then(|job| job.restriction.as_mut())
        && restriction.stands()
    {
        restriction.lifted_at = Some(now);
    }
    decision
}

/// No `expire` yet: the address is kept until the person was told that the restriction ends.
fn completed(job: &Job, restriction: Restriction, notes: &str, now: Timestamp) -> Decision {
    let next = if job.contact.is_some() { vec![ready(StepKind::NotifyDecided, now)] } else { Vec::new() };
    let job = Job {
        status: JobStatus::Completed,
        completed_at: Some(now),
        resolution_notes: Some(job.notes_with(notes)),
        restriction: Some(Box::new(restriction)),
        ..job.clone()
    };
    Decision { job: Some(Box::new(job)), next, settles: Vec::new() }
}

fn restriction_of(job: &Job) -> Restriction {
    job.restriction.as_deref().cloned().unwrap_or_default()
}
