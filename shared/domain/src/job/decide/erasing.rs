//! What comes next in an erasure: plan, approval, grace, plan again, and only if nothing changed the irreversible part.

use jiff::{SignedDuration, Timestamp};

use super::{Decision, GATE_INTERVAL, ended, ready, waiting};
use crate::erasure::{Approval, Erasure, ErasurePlan, MAX_GENERATIONS, ReceiptRef, SHARDS_PER_GENERATION};
use crate::job::{Job, JobStatus};
use crate::request::{Alias, RequestType};
use crate::role::Pseudonym;
use crate::step::{ObjectRef, StepKind, StepSeed};

/// How often an approval that is missing is reminded of.
pub const APPROVAL_REMINDER: SignedDuration = SignedDuration::from_hours(24);

/// One share of a plan to be made.
#[must_use]
pub fn plan_shard(generation: u32, shard: u32, input: ObjectRef, now: Timestamp) -> StepSeed {
    let shard = generation * SHARDS_PER_GENERATION + shard;
    StepSeed { shard, input: Some(input), ..ready(StepKind::PlanErasure, now) }
}

/// One share of a plan to be carried out, under the number of the share that was planned.
#[must_use]
pub fn erase_shard(shard: u32, input: ObjectRef, now: Timestamp) -> StepSeed {
    StepSeed { shard, input: Some(input), ..ready(StepKind::Erase, now) }
}

/// The subject is found: the plan is sealed once every shard is planned.
pub(super) fn after_trace(
    job: &Job,
    (aliases, also_held_under): (&[Alias], &[Alias]),
    members: Option<&ObjectRef>,
    now: Timestamp,
) -> Decision {
    let (aliases, also_held_under) = (aliases.to_vec(), also_held_under.to_vec());
    let erasure = Erasure { aliases, also_held_under, members: members.cloned(), ..erasure_of(job) };
    let gate = StepSeed { shard: erasure.generation, ..waiting(StepKind::SealPlan, now + GATE_INTERVAL) };
    // A share may have been parked before the last of them had its step: then a person still has to start it again.
    let status = if job.status == JobStatus::NeedsHuman { job.status } else { JobStatus::InProgress };
    Decision { job: Some(with(job, status, erasure)), next: vec![gate], settles: Vec::new() }
}

/// A plan is frozen. What was approved, and has not changed since, begins once its grace is over (INV-E4).
pub(super) fn after_plan(job: &Job, plan: ErasurePlan, now: Timestamp) -> Decision {
    let before = repeated(erasure_of(job), &plan);
    let is_over = before.grace_ends_at.is_some_and(|end| end <= now);
    let erasure = Erasure { plan: Some(plan), ..before };
    let generation = erasure.generation;
    if erasure.is_approved() && is_over {
        let erasure = Erasure { begun_at: erasure.begun_at.or(Some(now)), ..erasure };
        let begin = StepSeed { shard: generation, ..ready(StepKind::BeginErasure, now) };
        return Decision { job: Some(with(job, job.status, erasure)), next: vec![begin], settles: Vec::new() };
    }
    let approve = StepSeed { shard: generation, ..waiting(StepKind::Approve, now + APPROVAL_REMINDER) };
    let tell = StepSeed { shard: generation, ..ready(StepKind::NotifyApproval, now) };
    let next = vec![approve, tell];
    Decision { job: Some(with(job, JobStatus::AwaitingApproval, erasure)), next, settles: Vec::new() }
}

/// An erasure that repeats another needs no approval of its own, and has no grace period.
fn repeated(erasure: Erasure, plan: &ErasurePlan) -> Erasure {
    let Some(repeats) = &erasure.repeats else { return erasure };
    let approval = Approval { plan_hash: plan.hash.clone(), by: repeats.approved_by.clone(), at: plan.planned_at };
    Erasure { approval: Some(approval), grace_ends_at: erasure.grace_ends_at.or(Some(plan.planned_at)), ..erasure }
}

/// Somebody approved the plan: the grace period runs, once for a job however often it is planned anew (INV-E3).
pub(super) fn after_approval(job: &Job, by: &Pseudonym, plan_hash: &str, pass_hours: u16, now: Timestamp) -> Decision {
    let before = erasure_of(job);
    let grace = SignedDuration::from_hours(24 * i64::from(before.grace_days));
    let ends_at = before.grace_ends_at.unwrap_or_else(|| meeting(now + grace, pass_hours, job.due_at, now));
    let approval = Approval { plan_hash: plan_hash.to_owned(), by: by.clone(), at: now };
    let quarantines = before.quarantines() && ends_at > now;
    let quarantined = before.quarantined || quarantines;
    let erasure = Erasure { approval: Some(approval), grace_ends_at: Some(ends_at), quarantined, ..before };
    let shard = erasure.generation;
    let mut next = vec![if ends_at <= now {
        StepSeed { shard, ..ready(StepKind::Grace, now) }
    } else {
        StepSeed { shard, ..waiting(StepKind::Grace, ends_at) }
    }];
    if job.contact.is_some() && ends_at > now {
        next.push(ready(StepKind::NotifyScheduled, now));
    }
    if quarantines {
        next.push(StepSeed { shard, ..ready(StepKind::Quarantine, now) });
    }
    if erasure.revokes() {
        next.push(StepSeed { shard, ..ready(StepKind::RevokeTokens, now) });
    }
    Decision { job: Some(with(job, JobStatus::Scheduled, erasure)), next, settles: vec![StepKind::Approve] }
}

/// The end of a grace period, put off to where others end too; not where there is none, nor beyond the due date.
fn meeting(ends_at: Timestamp, pass_hours: u16, due_at: Timestamp, now: Timestamp) -> Timestamp {
    let every = i64::from(pass_hours) * 3_600;
    if every == 0 || ends_at <= now {
        return ends_at;
    }
    let over = ends_at.as_second().rem_euclid(every);
    let is_full = over == 0 && ends_at.subsec_nanosecond() == 0;
    let met = Timestamp::from_second(ends_at.as_second() - over + every).ok();
    met.filter(|met| !is_full && *met <= due_at).unwrap_or(ends_at)
}

/// The grace period is over, or something was not as planned: everything is planned anew before anything goes.
pub(super) fn plan_again(job: &Job, now: Timestamp) -> Decision {
    let before = erasure_of(job);
    if before.generation >= MAX_GENERATIONS {
        return ended(job, JobStatus::Failed, "the data changed each time it was planned", now);
    }
    let erasure = Erasure { generation: before.generation + 1, ..before };
    let locate = StepSeed { shard: erasure.generation, ..ready(StepKind::Locate, now) };
    Decision { job: Some(with(job, JobStatus::InProgress, erasure)), next: vec![locate], settles: Vec::new() }
}

/// Every shard of the plan has its step: what is left is searched for once they are done.
pub(super) fn after_begin(job: &Job, now: Timestamp) -> Decision {
    let shard = erasure_of(job).generation;
    let gate = StepSeed { shard, ..waiting(StepKind::Confirm, now + GATE_INTERVAL) };
    Decision { job: None, next: vec![gate], settles: Vec::new() }
}

/// Nothing is left: processors are told (GDPR Art. 19), and the receipt waits until each has been.
pub(super) fn after_confirmation(processors: &[(u32, ObjectRef)], now: Timestamp) -> Decision {
    let mut next: Vec<StepSeed> = tell_processors(processors, now).collect();
    next.push(if next.is_empty() {
        ready(StepKind::Conclude, now)
    } else {
        waiting(StepKind::Conclude, now + GATE_INTERVAL)
    });
    Decision { job: None, next, settles: Vec::new() }
}

/// One step for each processor that is told.
pub(super) fn tell_processors(processors: &[(u32, ObjectRef)], now: Timestamp) -> impl Iterator<Item = StepSeed> + '_ {
    processors.iter().map(move |(shard, told)| StepSeed {
        shard: *shard,
        input: Some(told.clone()),
        ..ready(StepKind::TellProcessor, now)
    })
}

/// The receipt is signed.
pub(super) fn after_conclusion(job: &Job, receipt: ReceiptRef, notes: &str, now: Timestamp) -> Decision {
    let erasure = Erasure { receipt: Some(receipt), ..erasure_of(job) };
    let lift = lift_quarantine(job, now);
    let mut job = with(job, JobStatus::Completed, erasure);
    job.completed_at = Some(now);
    job.resolution_notes = Some(job.notes_with(notes));
    let mut next = vec![ready(StepKind::Expire, now)];
    next.extend(lift);
    if job.contact.is_some() {
        let corrects = job.request_type == RequestType::Rectification;
        next.push(ready(if corrects { StepKind::NotifyDecided } else { StepKind::NotifyErased }, now));
    }
    Decision { job: Some(job), next, settles: Vec::new() }
}

/// Rows in quarantine are given back however the erasure ends.
pub(super) fn lift_quarantine(job: &Job, now: Timestamp) -> Option<StepSeed> {
    let quarantined = job.erasure.as_ref().is_some_and(|erasure| erasure.quarantined);
    quarantined.then(|| ready(StepKind::LiftQuarantine, now))
}

/// What cancelling does not bring back is said.
pub(super) fn words_of_cancelling(job: &Job) -> &'static str {
    let erasure = job.erasure.as_deref();
    if erasure.is_some_and(|erasure| erasure.approval.is_some() && erasure.revokes()) {
        "cancelled on request; tokens that were revoked stay revoked"
    } else {
        "cancelled on request"
    }
}

fn erasure_of(job: &Job) -> Erasure {
    job.erasure.as_deref().cloned().unwrap_or_else(|| Erasure::new(crate::erasure::DEFAULT_GRACE_DAYS))
}

fn with(job: &Job, status: JobStatus, erasure: Erasure) -> Box<Job> {
    Box::new(Job { status, erasure: Some(Box::new(erasure)), ..job.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grace_periods_end_together_but_never_late() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (now, due) = (at("2026-03-02T09:00:00Z"), at("2026-04-01T00:00:00Z"));
        let end = at("2026-03-09T09:20:00.5Z");
        for (hours, expected) in [
            (0, "2026-03-09T09:20:00.5Z"),
            (1, "2026-03-09T10:00:00Z"),
            (24, "2026-03-10T00:00:00Z"),
            // Counted from 1970, so that every tenant's meet.
            (168, "2026-03-12T00:00:00Z"),
        ] {
            assert_eq!(meeting(end, hours, due, now), at(expected), "{hours}");
        }
        let full = at("2026-03-10T00:00:00Z");
        assert_eq!(meeting(full, 24, due, now), full);
        assert_eq!(meeting(end, 24, at("2026-03-09T23:59:59Z"), now), end, "beyond the due date");
        assert_eq!(meeting(end, 24, full, now), full);
        assert_eq!(meeting(now, 24, due, now), now, "no grace period");
    }
}
