//! What must be true at the end of a year: every date by the law, every alert in time and once, every officer told once.

use std::collections::BTreeMap;

use domain::ids::JobId;
use domain::job::{DeadlineAlert, Job};
use domain::record::Record;
use domain::step::{StepKind, StepState};
use jiff::{SignedDuration, Timestamp};

use super::year::{DAY, PERIOD, SKEW, Year};

/// About how long a receiver is tried, with what the clocks run off.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(10);

/// What happened in a year, or in many.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) requests: usize,
    pub(super) alerts: usize,
    pub(super) extended: usize,
    pub(super) pauses: usize,
    pub(super) mails: usize,
    pub(super) purges: usize,
    pub(super) key_outages: usize,
    pub(super) mail_outages: usize,
    pub(super) runs_gone: usize,
    pub(super) records_gone: usize,
}

impl Counts {
    pub(super) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.alerts += other.alerts;
        self.extended += other.extended;
        self.pauses += other.pauses;
        self.mails += other.mails;
        self.purges += other.purges;
        self.key_outages += other.key_outages;
        self.mail_outages += other.mail_outages;
        self.runs_gone += other.runs_gone;
        self.records_gone += other.records_gone;
    }

    pub(super) fn has_everything(&self) -> bool {
        let Self { requests, alerts, extended, pauses, mails, purges, key_outages, mail_outages, .. } = *self;
        let others = [requests, alerts, extended, pauses, mails, purges, key_outages, mail_outages];
        others.iter().all(|count| *count > 0) && self.runs_gone > 0 && self.records_gone > 0
    }
}

impl Year {
    /// What happened.
    pub(super) fn counts(&self) -> Counts {
        let (alerts, mails) = self.world.memory.inspect(|state| (state.warnings.len(), state.outbox.sent.len()));
        let extended = self.known.iter().filter(|known| known.extended).count();
        let pauses = self.known.iter().map(|known| known.pauses.len()).sum();
        Counts { requests: self.known.len(), alerts, extended, pauses, mails, ..self.happened }
    }

    pub(super) fn check(&mut self) {
        let jobs = self.jobs();
        self.check_ends(&jobs);
        for known in &self.known {
            // What has ended may be gone by now.
            let Some(job) = jobs.get(&known.id) else { continue };
            if known.pauses.is_empty() && !known.extended && job.due_at != self.law.due_at(known) {
                self.broken.insert(format!("INV-L5 {} is due at another date than the law says", job.regime));
            }
        }
        for at in self.open.clone() {
            self.check_alerts(at, &jobs[&self.known[at].id]);
        }
        if self.mails {
            self.check_mails(&jobs);
        }
    }

    /// Alerts of a job that is still open: each in time, and once.
    pub(super) fn check_alerts(&mut self, at: usize, job: &Job) {
        self.see_alerts();
        if !job.paused {
            let wrong = self.silent(at, job);
            self.broken.extend(wrong);
        }
    }

    /// Notes the first time of each alert that comes once for a date; each warning is looked at once in a year.
    fn see_alerts(&mut self) {
        let from = self.warnings_seen;
        let new = self.world.memory.inspect(|state| state.warnings.get(from..).map(<[_]>::to_vec).unwrap_or_default());
        self.warnings_seen += new.len();
        for (at, warning) in new.into_iter().filter(|(_, warning)| !warning.alert.repeats()) {
            let alert = warning.alert;
            if self.seen.insert((warning.job, warning.due_at, alert), at).is_some() {
                self.broken.insert(format!("INV-L4 {alert} came twice"));
            }
        }
    }

    /// Alerts of an open job that came late, or never.
    fn silent(&self, at: usize, job: &Job) -> Vec<String> {
        let (now, known) = (self.world.memory.now(), &self.known[at]);
        let since = known.dates.iter().rev().take_while(|(_, due_at, paused)| *due_at == job.due_at && !paused);
        let since = since.map(|(at, _, _)| *at).last().unwrap_or(known.received_at);
        let days = [
            (DeadlineAlert::SevenDays, 7),
            (DeadlineAlert::FiveDays, 5),
            (DeadlineAlert::ThreeDays, 3),
            (DeadlineAlert::OneDay, 1),
            (DeadlineAlert::Due, 0),
        ];
        let wrong = days.into_iter().filter_map(|(alert, days)| {
            let latest = (job.due_at - DAY * days).max(since) + PERIOD + SKEW * 2;
            match self.seen.get(&(job.id.clone(), job.due_at, alert)) {
                _ if latest > now => None,
                Some(at) if *at <= latest => None,
                Some(_) => Some(format!("INV-L4 {alert} came late")),
                None => Some(format!("INV-L4 {alert} never came")),
            }
        });
        wrong.collect()
    }

    /// How many outages of mail fell into the time in which a receiver is tried.
    fn mail_outages_since(&self, created_at: Timestamp) -> usize {
        let tried_until = created_at + TRIED_FOR;
        self.mail_outages.iter().filter(|(from, until)| *from < tried_until && created_at < *until).count()
    }

    /// Of open jobs every alert was mailed, of every job none twice.
    fn check_mails(&mut self, jobs: &BTreeMap<JobId, Job>) {
        let (mails, steps) = self.world.memory.inspect(|state| {
            let mut mails: BTreeMap<String, usize> = BTreeMap::new();
            for (_, mail) in &state.outbox.sent {
                *mails.entry(mail.notice_id.clone()).or_default() += 1;
            }
            let step = |record: &Record| match record {
                Record::Step(step) if step.kind == StepKind::NotifyDeadline => Some(step.as_ref().clone()),
                _ => None,
            };
            (mails, state.items.values().filter_map(|record| step(record)).collect::<Vec<_>>())
        });
        if mails.values().any(|count| *count > 1) {
            self.broken.insert("INV-L4 an officer was told twice".to_owned());
        }
        let now = self.world.memory.now();
        for step in
            steps.iter().filter(|step| step.created_at + DAY < now && jobs.get(&step.job).is_some_and(Job::is_open))
        {
            let is_told = mails.contains_key(&format!("{}-{}-{}", step.job, step.kind, step.shard));
            // One outage is shorter than the tries; where a second followed it, the step waits for a person with an alarm.
            let is_given_up = step.state == StepState::Parked && self.mail_outages_since(step.created_at) > 1;
            if !is_told && !is_given_up {
                self.broken.insert("INV-L4 an officer was never told".to_owned());
            }
        }
    }
}
