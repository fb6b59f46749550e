//! What people do in a year: they ask, and officers move clocks or answer. Seeded bugs of dates act here.

use clock::end_of_day;
use domain::job::{Job, WaitingFor};
use domain::record::Record;
use domain::request::Regime;
use domain::role::Role;
use habeas_tests::executor::run;
use habeas_tests::sample::{BOB, access, caller, signed_in, tenant};
use jiff::tz::TimeZone;
use workflow::act_on_clock::ClockAct;

use super::Bug;
use super::law::{Known, REGIMES};
use super::year::{DAY, Year};

impl Year {
    pub(super) fn submit(&mut self) {
        if self.locked.is_some() {
            return;
        }
        let regime = REGIMES[usize::try_from(self.random.below(5)).unwrap()];
        let mut request = access(BOB);
        request.regime = Some(regime);
        let person = signed_in(BOB);
        let task = self.world.handlers.submit.submit(&person, request, None);
        let Ok(accepted) = run(&self.world.memory, task).answer() else { return };
        let mut job = accepted.job;
        let wrong = match self.bug {
            Bug::ThirtyDays if regime == Regime::Gdpr => Some(job.received_at + DAY * 30),
            Bug::DaysOfGreenwich => {
                end_of_day(job.due_at.to_zoned(self.law.timezone.clone()).date(), &TimeZone::UTC).ok()
            }
            _ => None,
        };
        if let Some(due_at) = wrong {
            job.due_at = due_at;
            self.plant(job.clone());
        }
        let dates = vec![(job.received_at, job.due_at, false)];
        self.open.push(self.known.len());
        let (id, received_at) = (job.id, job.received_at);
        self.known.push(Known { id, received_at, regime, pauses: Vec::new(), extended: false, dates });
    }

    pub(super) fn plant(&self, job: Job) {
        self.world.memory.plant(Record::Job(Box::new(job)));
    }

    /// One act on one open job: moved by law or refused, or answered.
    pub(super) fn act(&mut self) {
        let Some(count) = u64::try_from(self.open.len()).ok().filter(|count| *count > 0) else { return };
        let place = usize::try_from(self.random.below(count)).unwrap();
        let at = self.open[place];
        let before = self.world.job(&tenant("acme"), &self.known[at].id).unwrap();
        let reason = || "because".to_owned();
        let act = match self.random.below(60) {
            0 | 1 => ClockAct::Extend { reason: reason() },
            2..=4 => ClockAct::Pause { waiting_for: WaitingFor::Identity, reason: reason() },
            5 => ClockAct::Pause { waiting_for: WaitingFor::Fee, reason: reason() },
            6..=12 => ClockAct::Resume { reason: reason() },
            13..=15 => {
                self.check_alerts(at, &before);
                self.open.swap_remove(place);
                return self.end(before);
            }
            _ => return,
        };
        if self.locked.is_some() {
            return;
        }
        let staff = caller("acme", "operator-1", &[Role::Operator], None);
        let done = run(&self.world.memory, self.clock_acts.act(&staff, &before.id, &act)).answer().is_ok();
        self.act_wrongly(&before, &act, done);
        self.remember(at, &act, done);
    }

    fn act_wrongly(&self, before: &Job, act: &ClockAct, done: bool) {
        let paused = matches!(act, ClockAct::Pause { .. });
        if self.bug == Bug::PauseMovesCcpa && !done && before.regime == Regime::Ccpa && paused {
            self.plant(Job { due_at: before.due_at + DAY * 5, ..before.clone() });
        }
        if self.bug == Bug::ExtensionFromToday && done && matches!(act, ClockAct::Extend { .. }) {
            let job = self.world.job(&tenant("acme"), &before.id).unwrap();
            self.plant(Job { due_at: self.world.memory.now() + DAY * 60, ..job });
        }
    }

    fn remember(&mut self, at: usize, act: &ClockAct, done: bool) {
        let now = self.world.memory.now();
        let job = self.world.job(&tenant("acme"), &self.known[at].id).unwrap();
        let known = &mut self.known[at];
        if done {
            match act {
                ClockAct::Extend { .. } => known.extended = true,
                ClockAct::Pause { waiting_for, .. } => {
                    let reason = workflow::legal_clock::reason_of(*waiting_for);
                    known.pauses.push(clock::Pause { from: now, to: now, reason });
                }
                ClockAct::Resume { .. } => {
                    let pause = known.pauses.last_mut().unwrap();
                    pause.to = now.max(pause.from);
                }
            }
        }
        known.dates.push((now, job.due_at, job.paused));
        // While a clock stands, its date is that of the day it was stopped.
        if !job.paused && job.due_at != self.law.due_at(&self.known[at]) {
            self.broken.insert(format!("INV-L5 {} is due at another date than the law says", job.regime));
        }
    }
}
