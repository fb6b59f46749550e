//! What must hold of erasures on their way (INV-E1, E3 to E5, E7, E9): from the journal and what was erased in the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adapters_memory::{Commit, Effect, Sources, State, Verb, Write};
use domain::datum::Datum;
use domain::erasure::{Erasure, SHARDS_PER_GENERATION};
use domain::hold::{Hold, HoldScope, HoldStatus};
use domain::ids::{HoldId, JobId};
use domain::job::{Job, JobStatus};
use domain::record::Record;
use domain::request::RequestType;
use domain::step::{Checkpoint, Step, StepKind, StepState};

use super::Expected;
use crate::sample::Person;

/// Whether a row of the sources is a person's.
#[must_use]
pub fn is_of(row: &Datum, person: Person) -> bool {
    String::from_utf8_lossy(&row.to_json()).contains(person.canary)
}

/// What was learnt from the commits so far.
#[derive(Default)]
struct Seen<'a> {
    jobs: BTreeMap<&'a JobId, &'a Job>,
    steps: BTreeMap<(&'a JobId, StepKind, u32), &'a Step>,
    /// Plans whose irreversible part has begun.
    begun: BTreeSet<(&'a JobId, &'a str)>,
    /// Jobs whose search after the erasure found nothing.
    confirmed: BTreeSet<&'a JobId>,
    holds: BTreeMap<&'a HoldId, &'a Hold>,
}

pub(super) fn check(state: &State, expected: &Expected, broken: &mut Vec<String>) {
    let mut seen = Seen::default();
    let mut effects = state.effects.iter().peekable();
    for (number, commit) in state.journal.iter().enumerate() {
        while let Some(effect) = effects.next_if(|effect| effect.after_commits <= number) {
            seen.check_effect(effect, expected, broken);
        }
        seen.learn(commit);
        for write in &commit.writes {
            seen.check_write(commit, write, broken);
        }
    }
    for effect in effects {
        seen.check_effect(effect, expected, broken);
    }
}

impl<'a> Seen<'a> {
    fn learn(&mut self, commit: &'a Commit) {
        for record in commit.writes.iter().filter_map(|write| write.after.as_deref()) {
            match record {
                Record::Job(job) => drop(self.jobs.insert(&job.id, job)),
                Record::Step(step) => drop(self.steps.insert((&step.job, step.kind, step.shard), step)),
                Record::Hold(hold) => drop(self.holds.insert(&hold.id, hold)),
                _ => {}
            }
        }
    }

    fn check_write(&mut self, commit: &'a Commit, write: &'a Write, broken: &mut Vec<String>) {
        match (write.before.as_deref(), write.after.as_deref(), write.verb) {
            (Some(Record::Job(before)), Some(Record::Job(after)), Verb::Put(_)) => check_job(before, after, broken),
            (None, Some(Record::Step(step)), _) if step.kind == StepKind::BeginErasure => {
                self.check_begin(commit, step, broken);
            }
            (Some(_), Some(Record::Step(step)), Verb::Put(_)) if self.is_confirmed(step) => {
                self.confirmed.insert(&step.job);
            }
            (_, Some(Record::Suppression(entry)), Verb::Put(_)) if !self.confirmed.contains(&entry.job) => {
                broken.push("INV-E9 a person is suppressed before it is confirmed that nothing is left".to_owned());
            }
            (Some(Record::Key(key)), None, Verb::Delete) if key.owner.starts_with("subject#") => {
                let of_tenant = |job: &&JobId| self.jobs.get(*job).is_some_and(|job| job.tenant == commit.tenant);
                if !self.confirmed.iter().any(of_tenant) {
                    broken.push("INV-E9 a subject's key is shredded before the erasure is confirmed".to_owned());
                }
            }
            _ => {}
        }
        if let Some(Record::Job(job)) = write.after.as_deref()
            && is_erased(job)
            && !self.confirmed.contains(&job.id)
        {
            broken.push("INV-E5 an erasure is completed that was not confirmed".to_owned());
        }
    }

    /// Whether a search covered every shard that was erased and found nothing.
    fn is_confirmed(&self, step: &Step) -> bool {
        let is_done = step.kind == StepKind::Confirm && step.state == StepState::Done;
        let Some(Checkpoint::Confirm(found)) = step.checkpoint.as_ref().filter(|_| is_done) else { return false };
        let shards = self.steps.range((&step.job, StepKind::Erase, 0)..=(&step.job, StepKind::Erase, u32::MAX));
        let mut shards = shards.filter(|((.., shard), _)| shard / SHARDS_PER_GENERATION == step.shard);
        let all_done = shards.clone().all(|(_, shard)| shard.state == StepState::Done);
        found.residual == 0 && all_done && shards.by_ref().count() == found.shards_done as usize
    }

    /// INV-E3, INV-E4: the irreversible part begins with a plan that was approved, and looked at again after the grace.
    fn check_begin(&mut self, commit: &Commit, step: &'a Step, broken: &mut Vec<String>) {
        let job = self.jobs.get(&step.job).copied();
        let Some((job, erasure)) = job.and_then(|job| Some((job, job.erasure.as_deref()?))) else {
            return broken.push("INV-E7 what is no erasure begins to erase".to_owned());
        };
        if !job.request_type.changes_data() {
            broken.push(format!("INV-E7 a job of type {} begins to erase", job.request_type));
        }
        let Erasure { plan: Some(plan), approval: Some(approval), grace_ends_at: Some(ends_at), .. } = erasure else {
            return broken.push("INV-E4 an erasure begins without an approval".to_owned());
        };
        if plan.hash != approval.plan_hash {
            broken.push("INV-E4 an erasure begins with another plan than was approved".to_owned());
        }
        if approval.by == job.requester {
            broken.push("INV-E4 somebody approved an erasure of their own".to_owned());
        }
        if *ends_at > commit.at {
            broken.push("INV-E3 an erasure begins before its grace is over".to_owned());
        }
        if plan.planned_at < (*ends_at).max(approval.at) {
            broken.push("INV-E4 an erasure begins without a second look at its plan".to_owned());
        }
        self.begun.insert((&step.job, plan.hash.as_str()));
    }

    /// Whether an effective hold covers whom a job is about.
    fn is_held(&self, job: &Job) -> bool {
        let covers = |hold: &Hold| match &hold.scope {
            HoldScope::Subject { aliases } => {
                let mut known = job.erasure.iter().flat_map(|erasure| &erasure.aliases).chain(&job.subject_ref);
                known.any(|alias| aliases.contains(alias))
            }
            HoldScope::Organization { alias, .. } => {
                job.erasure.iter().any(|erasure| erasure.also_held_under.contains(alias))
            }
            HoldScope::Tenant => true,
        };
        let of_tenant = self.holds.values().filter(|hold| hold.tenant == job.tenant);
        of_tenant.filter(|hold| hold.status == HoldStatus::Effective).any(|hold| covers(hold))
    }

    /// Whatever goes was approved, is as it was when it was approved, and belongs to the person and the tenant.
    fn check_effect(&self, effect: &Effect, expected: &Expected, broken: &mut Vec<String>) {
        let begun: Vec<&(&JobId, &str)> = self
            .begun
            .iter()
            .filter(|(id, _)| self.jobs.get(id).is_some_and(|job| job.tenant == effect.tenant && job.is_open()))
            .collect();
        if begun.is_empty() {
            broken.push("INV-E3 something was erased while no erasure of the tenant was under way".to_owned());
        }
        // Where several erasures run, it is that of whom the record is about; that of an organisation is about nobody.
        let is_about =
            |id: &JobId| expected.accepted.iter().any(|(_, job, person)| job == id && meets(effect, *person));
        let own: Vec<&(&JobId, &str)> = begun.iter().filter(|(id, _)| is_about(id)).copied().collect();
        let concerned = if own.is_empty() { &begun } else { &own };
        let is_held = |(id, _): &&(&JobId, &str)| self.jobs.get(id).is_some_and(|job| self.is_held(job));
        if !concerned.is_empty() && concerned.iter().all(is_held) {
            broken.push("INV-E1 something was erased under an effective hold".to_owned());
        }
        let ended = |id: &JobId| {
            let erasure = self.jobs.get(id).and_then(|job| job.erasure.as_ref());
            erasure.and_then(|erasure| erasure.grace_ends_at).is_some_and(|at| at <= effect.at)
        };
        if !concerned.iter().any(|(id, _)| ended(id)) {
            broken.push("INV-E3 something was erased before the grace was over".to_owned());
        }
        let what = place(&effect.before, effect);
        let people = expected.accepted.iter().filter(|(_, id, _)| begun.iter().any(|(job, _)| *job == id));
        let mut people = people.map(|(.., person)| *person).peekable();
        if people.peek().is_some() && !people.any(|person| meets(effect, person)) {
            broken.push(format!("INV-E4 a record of {} went that is not the person's", effect.collection));
        }
        let approved = |(id, hash, sources): &(JobId, String, Arc<Sources>)| {
            begun.contains(&&(id, hash.as_str())) && place(sources, effect) == what
        };
        if !expected.approved.is_empty() && !expected.approved.iter().any(approved) {
            broken.push(format!("INV-E4 a record of {} went that is not as it was approved", effect.collection));
        }
    }
}

/// What an effect met.
#[derive(PartialEq)]
enum Place<'a> {
    Row(&'a Datum),
    Medium(Option<&'a str>),
}

fn place<'a>(sources: &'a Sources, effect: &Effect) -> Option<Place<'a>> {
    if let Some(objects) = sources.media.get(&effect.collection) {
        return Some(Place::Medium(objects.get(&effect.locator).map(|object| object.etag.as_str())));
    }
    let row = sources.tables.get(&effect.collection)?.row(effect.locator.parse().ok()?)?;
    Some(Place::Row(row))
}

/// Whether what an effect met was a person's.
pub(super) fn meets(effect: &Effect, person: Person) -> bool {
    match place(&effect.before, effect) {
        Some(Place::Row(row)) => is_of(row, person) && owned_by(row, effect),
        Some(Place::Medium(etag)) => etag.is_some() && effect.locator.contains(person.canary),
        None => false,
    }
}

fn owned_by(row: &Datum, effect: &Effect) -> bool {
    row.get("tenant").and_then(Datum::as_text) == Some(effect.tenant.as_str())
}

pub(super) fn is_erased(job: &Job) -> bool {
    job.status == JobStatus::Completed && job.request_type == RequestType::Erasure
}

fn check_job(before: &Job, after: &Job, broken: &mut Vec<String>) {
    let (Some(was), Some(is)) = (&before.erasure, &after.erasure) else { return };
    if was.receipt.is_some() && was.receipt != is.receipt {
        broken.push("INV-E5 a receipt was replaced".to_owned());
    }
    if was.begun_at.is_some() && matches!(after.status, JobStatus::Cancelled | JobStatus::Rejected) {
        broken.push(format!("INV-E3 an erasure that had begun was {}", after.status));
    }
    if was.grace_ends_at.is_some() && was.grace_ends_at != is.grace_ends_at {
        broken.push("INV-E3 the end of a grace period moved".to_owned());
    }
}
