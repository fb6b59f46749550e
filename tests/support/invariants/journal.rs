//! One pass over every committed write: versions, events, states, fences, guards, codes.

use std::collections::{BTreeMap, BTreeSet};

use adapters_memory::{Commit, State, Verb, Write};
use domain::ids::{JobId, TenantId};
use domain::job::{Job, JobStatus};
use domain::key::TenantKey;
use domain::record::{Challenge, Record};
use domain::step::{Step, StepState};
use domain::transition::Expect;

/// What was learnt from the commits so far.
#[derive(Default)]
struct Seen<'a> {
    jobs: BTreeMap<&'a JobId, &'a Job>,
    /// Versions by the tenant, the job, none for what the tenant has once, and the item.
    events: BTreeMap<(&'a TenantId, Option<&'a JobId>, &'a str), BTreeSet<u64>>,
    used_codes: BTreeSet<&'a str>,
}

pub(super) fn check(state: &State, broken: &mut Vec<String>) {
    let mut seen = Seen::default();
    for commit in &state.journal {
        check_commit(commit, &mut seen, broken);
    }
    for record in state.items.values() {
        check_trail(record, &seen, broken);
    }
}

fn check_commit<'a>(commit: &'a Commit, seen: &mut Seen<'a>, broken: &mut Vec<String>) {
    let mut announced: BTreeSet<(&str, u64)> = BTreeSet::new();
    for write in &commit.writes {
        if write.key.tenant() != &commit.tenant && write.key.tenant().as_str() != "nobody" {
            broken.push("INV-T1 a commit reaches into another tenant".to_owned());
        }
        if let (Verb::Put(_), Some(Record::Event(event))) = (write.verb, write.after.as_deref())
            && let Some(item) = &event.item
        {
            announced.insert((&item.item, item.version));
            if !seen.events.entry((&commit.tenant, event.job.as_ref(), &item.item)).or_default().insert(item.version) {
                broken.push(format!("INV-A1 two events for {} version {}", item.item, item.version));
            }
        }
    }
    for write in &commit.writes {
        check_write(commit, write, &mut announced, seen, broken);
    }
    for (item, version) in announced {
        broken.push(format!("INV-A1 an event for {item} version {version} without the write"));
    }
}

fn check_write<'a>(
    commit: &'a Commit,
    write: &'a Write,
    announced: &mut BTreeSet<(&'a str, u64)>,
    seen: &mut Seen<'a>,
    broken: &mut Vec<String>,
) {
    let (before, after) = (write.before.as_deref(), write.after.as_deref());
    match write.verb {
        Verb::Put(_) => {}
        Verb::Check(Expect::OpenJob) => {
            if let Some(Record::Job(job)) = before
                && job.status.is_terminal()
            {
                broken.push(format!("INV-S1 work went on although the job is {}", job.status));
            }
            return;
        }
        Verb::Delete if before.and_then(Record::version).is_some() => {
            broken.push(format!("INV-A1 {} was deleted", write.key.sort()));
            return;
        }
        Verb::Check(Expect::NoHold) => {
            if before.is_some_and(|guard| !guard.is_free_guard()) {
                broken.push("INV-E1 something was claimed past a hold".to_owned());
            }
            return;
        }
        Verb::Delete | Verb::Add(_) | Verb::Guard(_) | Verb::Check(_) => return,
    }
    let Some(after) = after else { return };
    if let Some(version) = after.version() {
        let sort = write.key.sort();
        if version != before.and_then(Record::version).unwrap_or(0) + 1 {
            broken.push(format!("INV-S1 {sort} went to version {version} out of turn"));
        }
        if !announced.remove(&(sort, version)) {
            broken.push(format!("INV-A1 {sort} version {version} without its event"));
        }
    }
    match (before, after) {
        (before, Record::Job(job)) => check_job(before, job, seen, broken),
        (before, Record::Step(step)) => check_step(commit, before, step, seen, broken),
        (_, Record::Challenge(challenge)) => check_challenge(challenge, seen, broken),
        (Some(_), Record::Event(event)) => broken.push(format!("INV-A2 event {} was written over", event.id)),
        (Some(before), Record::Idempotency(_)) if before.is_forgotten_by(commit.at) => {}
        (Some(_), Record::Idempotency(_)) => broken.push("INV-S4 an idempotency record was written over".to_owned()),
        (Some(_), Record::Retention(_)) => broken.push("a version of a policy was written over".to_owned()),
        (Some(_), Record::MailMark(_)) => broken.push("a report about a mail was written over".to_owned()),
        (Some(_), Record::Key(_)) => broken.push("INV-E9 a key was written over".to_owned()),
        (
            None,
            Record::Event(_) | Record::Idempotency(_) | Record::Key(_) | Record::Retention(_) | Record::MailMark(_),
        )
        | (
            _,
            Record::Ticket(_)
            | Record::DataMapPointer(_)
            | Record::Suppression(_)
            | Record::Hold(_)
            | Record::RetentionRun(_)
            | Record::Notices(_)
            | Record::Complaint(_)
            | Record::Guard(_)
            | Record::Claim(_)
            | Record::Counter(_),
        ) => {}
    }
}

fn check_job<'a>(before: Option<&Record>, job: &'a Job, seen: &mut Seen<'a>, broken: &mut Vec<String>) {
    match before {
        Some(Record::Job(before)) => {
            let (from, to) = (before.status, job.status);
            if from != to && !from.may_become(to) {
                broken.push(format!("INV-S1 a job went from {from} to {to}"));
            }
            if before.request_type != job.request_type {
                broken.push("INV-E7 a job changed its type".to_owned());
            }
            if before.due_at != job.due_at {
                broken.push("INV-L5 a due date moved".to_owned());
            }
        }
        Some(other) => broken.push(format!("INV-S1 a job was written over {other:?}")),
        None if matches!(job.status, JobStatus::AwaitingVerification | JobStatus::Pending) => {}
        None => broken.push(format!("INV-S1 a job began as {}", job.status)),
    }
    if job.archive.is_some() && job.verification.is_none() {
        broken.push("INV-X1 an archive for nobody who proved an identity".to_owned());
    }
    seen.jobs.insert(&job.id, job);
}

fn check_step(commit: &Commit, before: Option<&Record>, step: &Step, seen: &Seen<'_>, broken: &mut Vec<String>) {
    let name = || format!("{} {}", step.kind, step.shard);
    let before = match before {
        Some(Record::Step(before)) => Some(before.as_ref()),
        _ => None,
    };
    if let Some(before) = before {
        let claims = step.fence == before.fence + 1 && step.state == StepState::Claimed;
        // A hold ends a claim whose lease is over for good.
        let held = step.fence == before.fence + 1
            && (before.state, step.state) == (StepState::Claimed, StepState::Waiting)
            && before.lease_until.is_some_and(|until| until <= commit.at);
        if !claims && !held && step.fence != before.fence {
            broken.push(format!("INV-S3 {} was written under an old fence", name()));
        }
        if claims && before.lease_until.is_some_and(|until| until > commit.at) {
            broken.push(format!("INV-S2 {} was claimed while a lease runs", name()));
        }
        if before.state == StepState::Done {
            broken.push(format!("INV-S2 {} was done already", name()));
        }
    }
    let ended = seen.jobs.get(&step.job).is_some_and(|job| job.status.is_terminal());
    // The job's own last transition makes or ends steps with it; later only endings are lawful.
    let ended_before =
        ended && !commit.writes.iter().any(|write| matches!(write.after.as_deref(), Some(Record::Job(_))));
    if ended_before && step.kind.needs_open_job() && step.state != StepState::Done {
        broken.push(format!("INV-S1 {} went on after the job had ended", name()));
    }
}

fn check_challenge<'a>(challenge: &'a Challenge, seen: &mut Seen<'a>, broken: &mut Vec<String>) {
    if challenge.attempts > Challenge::MAX_ATTEMPTS {
        broken.push(format!("INV-X4 {} attempts counted", challenge.attempts));
    }
    if challenge.used && !seen.used_codes.insert(&challenge.code_hash) {
        broken.push("INV-X4 a code was used twice".to_owned());
    }
}

/// As many events as versions (INV-A1), and no item beside the journal.
fn check_trail(record: &Record, seen: &Seen<'_>, broken: &mut Vec<String>) {
    let (job, version) = match record {
        Record::Job(job) => (Some(&job.id), job.version),
        Record::Step(step) => (Some(&step.job), step.version),
        Record::Challenge(challenge) => (Some(&challenge.job), challenge.version),
        Record::Ticket(ticket) => (Some(&ticket.job), ticket.version),
        Record::Hold(hold) => (None, hold.version),
        Record::RetentionRun(run) => (None, run.version),
        Record::Event(_)
        | Record::Idempotency(_)
        | Record::Key(_)
        | Record::DataMapPointer(_)
        | Record::Suppression(_)
        | Record::Guard(_)
        | Record::Retention(_)
        | Record::Notices(_)
        | Record::MailMark(_)
        | Record::Complaint(_)
        | Record::Claim(_)
        | Record::Counter(_) => {
            return;
        }
    };
    let key: TenantKey = record.key();
    let events = seen.events.get(&(key.tenant(), job, key.sort()));
    let complete = events.is_some_and(|versions| {
        versions.len() as u64 == version && versions.last() == Some(&version) && versions.first() == Some(&1)
    });
    if !complete {
        broken.push(format!("INV-A1 {} has version {version} and events {events:?}", key.sort()));
    }
    if matches!(record, Record::Step(_)) && job.is_none_or(|job| !seen.jobs.contains_key(job)) {
        broken.push(format!("INV-A1 {} has no job", key.sort()));
    }
}
