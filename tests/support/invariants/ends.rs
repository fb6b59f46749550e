//! What must hold of erasures that have ended (INV-E5, E8, E9): nothing is left but a receipt that says what went.

use std::collections::{BTreeMap, BTreeSet};

use adapters_memory::{Effect, MemoryReceiptSigner, State};
use audit_log::key::ReceiptKey;
use audit_log::receipt::{Receipt, verify};
use domain::ids::JobId;
use domain::job::{Archive, Job, Scope};
use domain::record::{KeyRecord, Record};
use domain::step::{StepKind, StepState};
use workflow::sealing::sha256;

use super::Expected;
use super::erasure::{is_erased, is_of, meets};
use crate::sample::Person;

/// The receipt that a job refers to, read and verified.
///
/// # Errors
/// Says what is wrong with it.
pub fn receipt_of(state: &State, job: &Job) -> Result<Receipt, String> {
    let reference = job.receipt().ok_or("a job has ended without a receipt")?;
    let object = state.objects.stored.get(reference.key.as_str()).ok_or("the receipt is not where it should be")?;
    if sha256(&object.bytes) != reference.sha256 {
        return Err("the receipt is not the one that was signed".to_owned());
    }
    let key = ReceiptKey::from_der(&MemoryReceiptSigner::public_key_der()).map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&object.bytes);
    verify(&text, &key).and_then(|signed| signed.read()).map_err(|error| error.to_string())
}

/// INV-E5, INV-E9: what has ended left nothing of the person but a receipt that says what went.
pub(super) fn check_ends(state: &State, expected: &Expected, broken: &mut Vec<String>) {
    for (_, id, person) in &expected.accepted {
        let job = state.items.values().find_map(|record| match record.as_ref() {
            Record::Job(job) if job.id == *id => Some(job),
            _ => None,
        });
        let Some(job) = job else { continue };
        if let Some(archive) = job.archive.as_ref().filter(|_| job.scope != Scope::AuditLog) {
            check_export(state, job, archive, broken);
        }
        if !is_erased(job) {
            continue;
        }
        if state.sources.tables.values().flat_map(|table| table.rows()).any(|row| is_of(row, *person)) {
            broken.push("INV-E5 an erasure is completed and rows are left".to_owned());
        }
        match receipt_of(state, job) {
            Ok(receipt) => {
                check_receipt(state, job, (&receipt, &others_of(expected, *person, job)), broken);
                super::processors::check(state, job, *person, &receipt, broken);
            }
            Err(error) => broken.push(format!("INV-E5 {error}")),
        }
        check_keys(state, expected, job, broken);
    }
}

/// The receipt of an export is of this archive, and counts what is in it.
fn check_export(state: &State, job: &Job, archive: &Archive, broken: &mut Vec<String>) {
    let receipt = match receipt_of(state, job) {
        Ok(receipt) => receipt,
        Err(error) => return broken.push(format!("INV-E5 {error}")),
    };
    let rows: u64 = receipt.sources.iter().filter_map(|source| source.counts.get("rows")).sum();
    let is_its_own = receipt.archive.as_ref().is_some_and(|it| it.sha256 == archive.sha256 && it.rows == rows);
    if receipt.job != job.id.as_str() || !is_its_own || rows != archive.rows {
        broken.push("INV-E5 the receipt of an export is of something else".to_owned());
    }
}

/// Other people of the tenant who asked for something themselves: what went of theirs is in receipts of their own.
fn others_of(expected: &Expected, person: Person, job: &Job) -> Vec<Person> {
    let others = expected.accepted.iter().filter(|(tenant, _, other)| *tenant == job.tenant && *other != person);
    let is_of_all = job.scope == Scope::Organization || person.email.is_empty();
    if is_of_all { Vec::new() } else { others.map(|(.., other)| *other).collect() }
}

fn check_receipt(state: &State, job: &Job, (receipt, others): (&Receipt, &[Person]), broken: &mut Vec<String>) {
    let approved = job.erasure.as_ref().and_then(|erasure| erasure.approval.as_ref());
    let names_it = receipt.job == job.id.as_str() && receipt.tenant == job.tenant.as_str();
    if !names_it || approved.is_none_or(|approval| approval.plan_hash != receipt.plan_hash) {
        broken.push("INV-E5 the receipt is of something else than was approved".to_owned());
    }
    if receipt.residual_until.is_none_or(|until| until <= receipt.completed_at) {
        broken.push("INV-E9 the receipt forgets the backups".to_owned());
    }
    let mut went: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let is_others = |effect: &Effect| others.iter().any(|other| meets(effect, *other));
    for effect in state.effects.iter().filter(|effect| effect.tenant == job.tenant && !is_others(effect)) {
        went.entry(&effect.collection).or_default().insert(&effect.locator);
    }
    let counted = told_together(state, job, receipt);
    let went: BTreeMap<String, u64> =
        went.into_iter().map(|(source, rows)| (source.to_owned(), rows.len() as u64)).collect();
    if counted != went {
        broken.push(format!("INV-E5 the receipt says {counted:?}, what went is {went:?}"));
    }
}

/// What a receipt counts by source; a replay that died and was run again begins two erasures that repeat the same one, and
/// their receipts share what was back.
fn told_together(state: &State, job: &Job, receipt: &Receipt) -> BTreeMap<String, u64> {
    let repeats = |job: &Job| Some((job.tenant.clone(), job.erasure.as_ref()?.repeats.as_ref()?.job.clone()));
    let mut receipts = vec![receipt.clone()];
    if let Some(repeated) = repeats(job) {
        let jobs = state.items.values().filter_map(|record| match record.as_ref() {
            Record::Job(other) => Some(other),
            _ => None,
        });
        let others = jobs.filter(|other| other.id != job.id && repeats(other).as_ref() == Some(&repeated));
        receipts.extend(others.filter(|other| is_erased(other)).filter_map(|other| receipt_of(state, other).ok()));
    }
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for source in receipts.iter().flat_map(|receipt| &receipt.sources) {
        *counted.entry(source.source.clone()).or_default() += source.counts.values().sum::<u64>();
    }
    counted.retain(|_, count| *count > 0);
    counted
}

/// Whether what the person did before the receipt was signed can still be told.
fn has_act_key(state: &State, job: &Job, subject: &str) -> bool {
    let receipt = job.erasure.as_ref().and_then(|erasure| erasure.receipt.as_ref());
    let Some(signed_at) = receipt.map(|receipt| receipt.signed_at) else { return false };
    let prefix = format!("{subject}/");
    state.items.values().any(|record| {
        let Record::Event(event) = record.as_ref() else { return false };
        let owner = event.actor_detail.as_ref().map(|detail| detail.owner.as_str());
        let owner = owner.filter(|owner| owner.starts_with(&prefix) && event.tenant == job.tenant);
        let key = owner.map(|owner| KeyRecord::key_of(&job.tenant, owner));
        event.at < signed_at && key.is_some_and(|key| state.items.contains_key(&key))
    })
}

fn check_keys(state: &State, expected: &Expected, job: &Job, broken: &mut Vec<String>) {
    let aliases = job.erasure.iter().flat_map(|erasure| &erasure.aliases);
    for alias in aliases {
        let subject = format!("subject#{}", alias.as_str());
        let is_left =
            |record: &Record| matches!(record, Record::Key(key) if key.tenant == job.tenant && key.owner == subject);
        if state.items.values().any(|record| is_left(record)) || has_act_key(state, job, &subject) {
            broken.push("INV-E9 a key of the person outlives the erasure".to_owned());
        }
        let is_entry = |record: &Record| matches!(record, Record::Suppression(entry) if entry.alias == *alias);
        // What was given to somebody else by a correction is theirs now.
        let has_begun = |record: &Record, id: &JobId| matches!(record, Record::Job(job) if job.id == *id && job.erasure.as_ref().is_some_and(|it| it.begun_at.is_some()));
        let given = expected.renamed.iter().filter(|renamed| renamed.job != job.id && renamed.aliases[1] == *alias);
        let is_given = given.into_iter().any(|it| state.items.values().any(|record| has_begun(record, &it.job)));
        if !is_given && !state.items.values().any(|record| is_entry(record)) {
            broken.push("INV-E8 a person who was erased is not suppressed".to_owned());
        }
    }
    // Until its last notice is accepted the key is needed; `expire` waits for that.
    let ends_later = |record: &Record| matches!(record, Record::Step(step) if step.job == job.id && step.kind == StepKind::Expire && step.state != StepState::Done);
    let own = format!("job#{}", job.id);
    if state.items.values().any(|record| ends_later(record)) {
        return;
    }
    if state.items.values().any(|record| matches!(record.as_ref(), Record::Key(key) if key.owner == own)) {
        broken.push("INV-E9 the job's key outlives the erasure".to_owned());
    }
}
