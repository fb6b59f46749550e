//! What becomes of the records of requests that were answered: nothing leaves before its time, nothing stays behind it.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapters_memory::MemoryWorld;
use domain::event::{Actor, AuditEvent};
use domain::ids::{JobId, OpNonce};
use domain::job::{Job, JobStatus};
use domain::key::Partition;
use domain::record::{ENDED_SHARDS, Record};
use domain::request::Regime;
use domain::retention::{ClassRule, Kept, RetentionClass, RetentionPolicy};
use domain::step::{Step, StepState};
use habeas_tests::executor::run;
use habeas_tests::sample::tenant;
use jiff::{SignedDuration, Timestamp};
use workflow::keyring::Keyring;
use workflow::retire_records::RetireRecords;
use workflow::sweep_retention::{Asked, Cap};

use super::Bug;
use super::year::{DAY, SKEW, Year};

/// The organisation whose records end early, and how early, in days.
const SHORT: (&str, i32, i32) = ("org-short", 20, 60);
/// How long after its time a record may stay: the sweep comes once a day, and at a tick.
const LATEST: SignedDuration = SignedDuration::from_hours(48);

/// A request that was answered.
pub(super) struct Ended {
    id: JobId,
    at: Timestamp,
    regime: Regime,
    is_short: bool,
}

impl Ended {
    /// When a class of its record is over; `None` beyond any year.
    fn over_at(&self, class: RetentionClass) -> Option<Timestamp> {
        let days = match (class, self.is_short) {
            (RetentionClass::JobExecutions, true) => SHORT.1,
            (RetentionClass::JobExecutions, false) => 90,
            (_, true) if self.regime != Regime::Ccpa => SHORT.2,
            (_, _) => return None,
        };
        Some(self.at + DAY * days)
    }
}

fn retire_over(memory: &MemoryWorld) -> RetireRecords {
    RetireRecords {
        store: memory.job_store(),
        feed: memory.audit_feed(),
        index: memory.audit_index(),
        evidence: memory.evidence_store(),
        keyring: Arc::new(Keyring::new(memory.job_store(), memory.key_service(), memory.entropy())),
        alerts: memory.alerts(),
        clock: memory.clock(),
        entropy: memory.entropy(),
        cap: Cap { rows: 10_000, percent: 10 },
        keep_days: 2_557,
    }
}

impl Year {
    pub(super) fn set_policy(&self) {
        let length = |class| match class {
            RetentionClass::JobExecutions => Some(SHORT.1),
            RetentionClass::Requests => Some(SHORT.2),
            _ => None,
        };
        let rule = |rule: ClassRule| match length(rule.class) {
            Some(days) => ClassRule { kept: Kept::For(u32::try_from(days).unwrap()), ..rule },
            None => rule,
        };
        self.world.memory.plant(Record::Retention(Box::new(RetentionPolicy {
            v: 1,
            tenant: tenant("acme"),
            organization_id: SHORT.0.to_owned(),
            version: 1,
            op_nonce: OpNonce::new([0; 16]),
            at: self.world.memory.now(),
            by: Actor::Worker,
            justification: None,
            rules: RetentionPolicy::default_rules().into_iter().map(rule).collect(),
        })));
    }

    /// A request is answered: everything that was to do for it is done.
    pub(super) fn end(&mut self, before: Job) {
        let (now, is_short) = (self.world.memory.now(), self.random.happens(50));
        for step in self.steps(&before) {
            self.world.memory.plant(Record::Step(Box::new(Step {
                state: StepState::Done,
                next_check_at: None,
                ..step
            })));
        }
        let completed_at = if self.bug == Bug::EndFromReceipt { before.received_at } else { now };
        let (id, regime) = (before.id.clone(), before.regime);
        self.ended.push(Ended { id: id.clone(), at: now, regime, is_short });
        self.plant(Job {
            status: JobStatus::Cancelled,
            version: before.version + 1,
            completed_at: Some(completed_at),
            organization_id: is_short.then(|| SHORT.0.to_owned()),
            ..before
        });
        if self.bug == Bug::EndedUnseen {
            let of_job = Partition::Job(id);
            self.world.memory.change(|state| state.wake.retain(|(_, _, key)| *key.partition() != of_job));
        }
    }

    fn steps(&self, job: &Job) -> Vec<Step> {
        let (key, of_job) = (job.key(), Partition::Job(job.id.clone()));
        self.world.memory.inspect(|state| {
            let items = state.items.range(Arc::new(key)..).take_while(|(key, _)| *key.partition() == of_job);
            items.filter_map(|(_, it)| Record::clone(it).into_step()).map(|step| *step).collect()
        })
    }

    /// The night of the retention sweep, where anything is due.
    pub(super) fn retire(&mut self) {
        let now = self.world.memory.now();
        if self.first_of(ENDED_SHARDS).is_some_and(|at| at <= now) {
            let asked = Asked { tenant: Some(tenant("acme")), ..Asked::default() };
            let ends_at = now + SignedDuration::from_mins(14);
            // Without keys nothing is archived, and nothing goes: the next night tries again.
            drop(run(&self.world.memory, retire_over(&self.world.memory).run(&asked, ends_at)));
        }
    }

    /// Each class of each record went in its time, or is still there.
    pub(super) fn check_ends(&mut self, jobs: &BTreeMap<JobId, Job>) {
        let purged = self.purged();
        let now = self.world.memory.now();
        for it in &self.ended {
            for class in [RetentionClass::JobExecutions, RetentionClass::Requests] {
                let went_at = purged.get(&(it.id.clone(), class.as_str().to_owned()));
                match (it.over_at(class), went_at) {
                    (None, None) => {}
                    (None, Some(_)) => drop(self.broken.insert(format!("{class} went and should have stayed"))),
                    (Some(over_at), Some(at)) if *at + SKEW * 2 < over_at => {
                        self.broken.insert(format!("{class} went before its time"));
                    }
                    (Some(over_at), at) => {
                        if at.copied().unwrap_or(now) > self.without_keys(over_at) + LATEST {
                            self.broken.insert(format!("{class} stayed behind its time"));
                        }
                    }
                }
            }
            let is_gone = purged.contains_key(&(it.id.clone(), RetentionClass::Requests.as_str().to_owned()));
            if jobs.contains_key(&it.id) == is_gone {
                self.broken.insert("a record is gone without an event, or stays with one".to_owned());
            }
        }
        self.happened.runs_gone =
            purged.keys().filter(|(_, class)| class == RetentionClass::JobExecutions.as_str()).count();
        self.happened.records_gone = purged.len() - self.happened.runs_gone;
    }

    /// When each class of each record went, as the events say.
    fn purged(&self) -> BTreeMap<(JobId, String), Timestamp> {
        let told = |record: &Record| {
            let event = record.as_event().filter(|it| it.resource_type == AuditEvent::PURGED)?;
            Some(((event.job.clone()?, event.from.clone()?), event.at))
        };
        self.world.memory.inspect(|state| state.items.values().filter_map(|it| told(it)).collect())
    }

    /// The same instant, or the end of the outages that reach over it: nothing goes unless it can be sealed.
    fn without_keys(&self, at: Timestamp) -> Timestamp {
        let reaches = |at: Timestamp, (from, until): &(Timestamp, Timestamp)| *from <= at + LATEST && at <= *until;
        self.outages.iter().fold(at, |at, outage| if reaches(at, outage) { outage.1.max(at) } else { at })
    }
}
