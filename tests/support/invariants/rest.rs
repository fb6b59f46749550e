//! What is still under way, what has come to rest, and what the counters say of it.

use std::collections::BTreeMap;

use adapters_memory::State;
use domain::event::Level;
use domain::ids::TenantId;
use domain::job::{Job, JobStatus};
use domain::record::Record;
use domain::step::{Step, StepState};

use super::Expected;

fn jobs(state: &State) -> impl Iterator<Item = &Job> {
    state.items.values().filter_map(|record| match record.as_ref() {
        Record::Job(job) => Some(job.as_ref()),
        _ => None,
    })
}

fn steps<'a>(state: &'a State, job: &'a Job) -> impl Iterator<Item = &'a Step> {
    state.items.values().filter_map(move |record| match record.as_ref() {
        Record::Step(step) if step.job == job.id && step.tenant == job.tenant => Some(step.as_ref()),
        _ => None,
    })
}

/// INV-L2: whoever waits is in the sweep's index, whatever became of the messages.
pub(super) fn check_waiting(state: &State, broken: &mut Vec<String>) {
    for job in jobs(state) {
        let mut pending = 0;
        for step in steps(state, job).filter(|step| !matches!(step.state, StepState::Done | StepState::Parked)) {
            pending += 1;
            let is_indexed = step.next_check_at.is_some_and(|at| {
                let entry = (domain::record::wake_shard(&job.id), at);
                state.wake.iter().any(|(shard, when, key)| (*shard, *when) == entry && **key == step.key())
            });
            if !is_indexed {
                broken.push(format!("INV-L2 {} {} waits for nothing", step.kind, step.shard));
            }
        }
        let parked = steps(state, job).find(|step| step.state == StepState::Parked && step.kind.decides_job());
        if let Some(step) = parked.filter(|_| job.is_open() && job.status != JobStatus::NeedsHuman) {
            broken.push(format!(
                "INV-L2 {} is parked, and nobody can start it again: the job is {}",
                step.kind, job.status
            ));
        }
        // A job that waits for a start by hand is a person's to move.
        let waits_for_start = job.status == JobStatus::Pending && !job.automated;
        if job.is_open() && job.status != JobStatus::NeedsHuman && pending == 0 && !waits_for_start {
            broken.push(format!("INV-L2 a job is {} and nothing moves it", job.status));
        }
    }
}

/// INV-L1: whatever was accepted has ended, or waits for a person with an open alert.
pub(super) fn check_ends(state: &State, expected: &Expected, broken: &mut Vec<String>) {
    for (tenant, id, _) in &expected.accepted {
        let Some(job) = jobs(state).find(|job| job.id == *id && job.tenant == *tenant) else {
            broken.push("INV-L1 an accepted job is gone".to_owned());
            continue;
        };
        let logged = || {
            state.items.values().any(|record| {
                matches!(record.as_ref(), Record::Event(event) if event.job.as_ref() == Some(id) && event.level >= Level::Error)
            })
        };
        let alerted = || logged() && state.alerts.iter().any(|(_, alert)| alert.job == *id);
        let rests = job.status.is_terminal() || (job.status == JobStatus::NeedsHuman && alerted());
        if !rests {
            broken.push(format!("INV-L1 a job is still {}", job.status));
        }
    }
    let unasked = jobs(state).filter(|job| !expected.accepted.iter().any(|(_, id, _)| *id == job.id)).count();
    if unasked > 0 {
        broken.push(format!("INV-S4 {unasked} jobs that nobody was told of"));
    }
}

/// INV-Q1: counters equal what they count.
pub(super) fn check_counters(state: &State, broken: &mut Vec<String>) {
    let mut counted: BTreeMap<&TenantId, (i64, i64)> = BTreeMap::new();
    for job in jobs(state) {
        let (open, all) = counted.entry(&job.tenant).or_default();
        *open += i64::from(job.is_open());
        *all += 1;
    }
    let mut months: BTreeMap<&TenantId, i64> = BTreeMap::new();
    for record in state.items.values() {
        let Record::Counter(counter) = record.as_ref() else { continue };
        let tenant = counter.key.tenant();
        if counter.key.sort() == "counter#open_jobs" {
            let open = counted.get(tenant).map_or(0, |(open, _)| *open);
            if counter.value != open {
                broken.push(format!("INV-Q1 {open} jobs are open, {} are counted", counter.value));
            }
        } else {
            *months.entry(tenant).or_default() += counter.value;
        }
    }
    for (tenant, (_, all)) in counted {
        if months.get(tenant) != Some(&all) {
            broken.push(format!("INV-Q1 {all} jobs were accepted, {:?} are counted", months.get(tenant)));
        }
    }
}
