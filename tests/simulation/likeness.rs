//! When two states are alike: everything that decides what happens next, without names that only differ by chance.
//!
//! Left out are nonces, versions, fences of steps that are done, and the names of objects; times count by how far off
//! they are. A run that comes to a state like one that ended well needs no second look at the same end.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use adapters_memory::State;
use domain::job::Job;
use domain::record::{Challenge, Record};
use domain::step::{Checkpoint, Step, StepState};
use jiff::Timestamp;

/// A hash of what decides the future of a state.
pub(crate) fn likeness(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    for record in state.items.values() {
        hash_record(record, state.now, &mut hasher);
    }
    for message in state.queues.waiting.values() {
        (message.nudge.step, message.nudge.shard, message.receives, off(message.visible_at, state.now))
            .hash(&mut hasher);
    }
    let mut objects: BTreeMap<&str, bool> = BTreeMap::new();
    for key in state.objects.stored.keys() {
        objects.insert(key.split('/').next().unwrap_or_default(), true);
    }
    objects.hash(&mut hasher);
    state.sources.denied.hash(&mut hasher);
    for (name, table) in &state.sources.tables {
        name.hash(&mut hasher);
        table.numbered().for_each(|(number, _)| number.hash(&mut hasher));
    }
    // Which rows were rewritten, in whatever order.
    let changed: BTreeMap<(&str, &str), ()> =
        state.effects.iter().map(|effect| ((effect.collection.as_str(), effect.locator.as_str()), ())).collect();
    changed.hash(&mut hasher);
    state.sources.media.values().for_each(|objects| objects.len().hash(&mut hasher));
    let mut notices: BTreeMap<&str, ()> = BTreeMap::new();
    notices.extend(state.outbox.sent.iter().map(|(_, mail)| (mail.notice_id.as_str(), ())));
    notices.hash(&mut hasher);
    hasher.finish()
}

fn hash_record(record: &Record, now: Timestamp, hasher: &mut DefaultHasher) {
    match record {
        Record::Job(job) => hash_job(job, now, hasher),
        Record::Step(step) => hash_step(step, now, hasher),
        Record::Challenge(challenge) => hash_challenge(challenge, now, hasher),
        Record::Counter(counter) => (counter.key.sort(), counter.value).hash(hasher),
        Record::Key(key) => key.owner.hash(hasher),
        Record::Idempotency(record) => (&record.scope, &record.body).hash(hasher),
        Record::Ticket(ticket) => ticket.job.hash(hasher),
        Record::DataMapPointer(pointer) => pointer.hash.hash(hasher),
        Record::Suppression(record) => record.alias.hash(hasher),
        Record::Hold(hold) => (hold.status, hold.cleared).hash(hasher),
        Record::Guard(guard) => (guard.key.sort(), guard.holds.len()).hash(hasher),
        Record::Claim(claim) => (claim.kind, claim.shard, &claim.scope).hash(hasher),
        Record::Retention(policy) => (&policy.organization_id, policy.version).hash(hasher),
        Record::RetentionRun(run) => (&run.collection, run.phase, run.chunk).hash(hasher),
        Record::Notices(settings) => settings.digest_at.map(|at| off(at, now)).hash(hasher),
        Record::MailMark(mark) => (mark.fate, mark.kind, mark.shard).hash(hasher),
        Record::Complaint(complaint) => complaint.alias.hash(hasher),
        Record::Event(_) => {}
    }
}

fn hash_job(job: &Job, now: Timestamp, hasher: &mut DefaultHasher) {
    (job.status, job.codes_sent, job.contact.is_some(), &job.parked_because).hash(hasher);
    if let Some(erasure) = &job.erasure {
        (erasure.generation, erasure.is_approved(), erasure.plan.is_some(), erasure.receipt.is_some()).hash(hasher);
        erasure.grace_ends_at.map(|at| off(at, now)).hash(hasher);
        erasure.begun_at.is_some().hash(hasher);
    }
    if let Some(restriction) = &job.restriction {
        (restriction.set_at.is_some(), restriction.lift.is_some(), restriction.lifted_at.is_some()).hash(hasher);
    }
    job.verification.as_ref().map(|verification| verification.method).hash(hasher);
    job.archive
        .as_ref()
        .map(|archive| (archive.bytes, archive.rows, archive.files, off(archive.expires_at, now)))
        .hash(hasher);
}

fn hash_step(step: &Step, now: Timestamp, hasher: &mut DefaultHasher) {
    (step.kind, step.shard, step.state).hash(hasher);
    if step.state != StepState::Done {
        (step.attempts, step.stalls, step.input.is_some()).hash(hasher);
        step.lease_until.map(|at| off(at, now)).hash(hasher);
        step.not_before.map(|at| off(at, now)).hash(hasher);
        step.next_check_at.map(|at| off(at, now)).hash(hasher);
    }
    match &step.checkpoint {
        Some(Checkpoint::Locate(it)) => (0, it.waves, it.frozen, it.shards.len(), it.created).hash(hasher),
        Some(Checkpoint::Collect(it)) => {
            (1, it.lookups_done, it.cursor.is_some()).hash(hasher);
            for part in &it.parts {
                (part.zip_bytes, part.bytes, part.rows).hash(hasher);
            }
        }
        Some(Checkpoint::Anonymize(it)) => {
            (11, it.parts.len(), it.gathered.len(), it.rows, it.read).hash(hasher);
        }
        Some(Checkpoint::Package(it)) => {
            let risk = it.risk.as_ref().map(|it| (it.risk.score, it.kept.is_some()));
            (2, it.upload_id.is_some(), it.uploaded.len(), it.bytes, risk).hash(hasher);
        }
        Some(Checkpoint::PlanErasure(it)) => {
            (4, it.chunks.len(), it.lookups_done, it.cursor.is_some(), it.order.is_some()).hash(hasher);
        }
        Some(Checkpoint::SealPlan(it)) => (13, it.risk.risk.score, it.risk.kept.is_some()).hash(hasher),
        Some(Checkpoint::BeginErasure(it)) => (5, it.created, it.shards).hash(hasher),
        Some(Checkpoint::Erase(it)) => {
            (6, it.chunks_done, it.targets_done).hash(hasher);
            for source in &it.sources {
                (&source.source, source.deleted, source.anonymised, source.corrected).hash(hasher);
                (source.gone, source.drifted).hash(hasher);
            }
        }
        Some(Checkpoint::Notify(it)) => {
            (8, it.rounds).hash(hasher);
            it.deliveries.iter().for_each(|delivery| (&delivery.to, delivery.outcome).hash(hasher));
        }
        Some(Checkpoint::Processor(it)) => {
            (9, &it.processor, it.status, it.rounds, it.told_at.is_some(), it.answered_at.is_some()).hash(hasher);
            off(it.answer_by, now).hash(hasher);
        }
        Some(Checkpoint::Revoke(it)) => (10, it.lookups_done, it.revoked, it.failed, it.left, it.rounds).hash(hasher),
        Some(Checkpoint::Quarantine(it)) => {
            (11, it.shards_done, it.chunks_done, it.targets_done, it.flagged.len(), it.is_remembered).hash(hasher);
        }
        Some(Checkpoint::Lift(it)) => (12, it.done).hash(hasher),
        Some(Checkpoint::Confirm(it)) => (7, it.shards_done, it.residual, it.reported).hash(hasher),
        None => 3.hash(hasher),
    }
}

fn hash_challenge(challenge: &Challenge, now: Timestamp, hasher: &mut DefaultHasher) {
    (challenge.attempts, challenge.used).hash(hasher);
    if !challenge.used {
        off(challenge.expires_at, now).hash(hasher);
    }
}

/// How far off a time is: exact in the near, by the hour beyond one.
fn off(at: Timestamp, now: Timestamp) -> i64 {
    let seconds = at.duration_since(now).as_secs();
    if seconds.abs() < 3_600 { seconds } else { seconds / 3_600 * 3_600 }
}
