//! 400 virtual days of requests under every law, with extensions, pauses, purged queues, lost keys and clocks that run off.
//! No date goes by in silence, no alert comes twice. `HABEAS_SEEDS=20000` runs that many seeds.

use std::collections::{BTreeMap, BTreeSet};

use adapters_memory::SplitMix;
use clock::{Calendar, Question, end_of_day};
use domain::ids::JobId;
use domain::job::{DeadlineAlert, Job, JobStatus, WaitingFor};
use domain::record::{DEADLINE_SHARDS, Record};
use domain::request::Regime;
use habeas_tests::executor::run;
use habeas_tests::sample::{BOB, access, caller, signed_in, tenant};
use habeas_tests::world::World;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use workflow::act_on_clock::{ActOnClock, ClockAct};
use workflow::legal_clock::LegalClock;

/// How often the sweep runs.
const PERIOD: SignedDuration = SignedDuration::from_mins(15);
/// How far a clock may be off.
const SKEW: SignedDuration = SignedDuration::from_mins(10);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Mistakes a build could make; each must be caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// 30 days instead of a month.
    ThirtyDays,
    /// A pause that moves the date of a law that knows none.
    PauseMovesCcpa,
    /// Alerts that travel by queue.
    AlertByQueue,
    /// Alerts that are passed on without being recorded.
    NotRecorded,
    /// A sweep that forgets the last day.
    NoLastDay,
}

/// What is known of a job from outside: how long its clock stood, and which dates it had since when.
struct Known {
    id: JobId,
    received_at: Timestamp,
    regime: Regime,
    pauses: Vec<clock::Pause>,
    extended: bool,
    dates: Vec<(Timestamp, Timestamp, bool)>,
}

struct Year {
    world: World,
    random: SplitMix,
    bug: Bug,
    known: Vec<Known>,
    broken: BTreeSet<String>,
    purged: u64,
}

impl Year {
    fn new(seed: u64, bug: Bug) -> Self {
        let world = World::new(seed);
        let random = SplitMix::new(seed ^ 0x5eed);
        Self { world, random, bug, known: Vec::new(), broken: BTreeSet::new(), purged: 0 }
    }

    fn live(mut self) -> Self {
        let days = match self.bug {
            Bug::None => 400,
            Bug::ThirtyDays | Bug::PauseMovesCcpa | Bug::AlertByQueue | Bug::NotRecorded | Bug::NoLastDay => 60,
        };
        let (start, end) = (self.world.memory.now(), self.world.memory.now() + DAY * days);
        let mut tick = start;
        while tick < end {
            tick += PERIOD;
            let until_next_alert = self.next_alert_at();
            // Nothing happens for hours: the sweeps in between find nothing and are skipped.
            if until_next_alert > tick && !self.random.happens(8) {
                continue;
            }
            let skew = i64::try_from(self.random.below(20)).unwrap() - 10;
            self.world.memory.set_now(tick + SignedDuration::from_mins(skew.clamp(-10, 10)));
            if self.random.happens(80) || self.known.is_empty() {
                self.submit();
            }
            self.act();
            if self.random.happens(500) {
                self.purged += 1;
                self.world.memory.change(|state| state.queues.purge());
            }
            self.sweep();
            // Alerts with each sweep: enough is seen.
            if self.bug == Bug::NotRecorded && self.world.memory.inspect(|state| state.warnings.len() > 50) {
                break;
            }
        }
        self.check();
        self
    }

    fn next_alert_at(&self) -> Timestamp {
        let next = self.world.memory.inspect(|state| {
            let deadlines = state.wake.iter().filter(|(shard, _, _)| DEADLINE_SHARDS.contains(shard));
            deadlines.map(|(_, at, _)| *at).min()
        });
        next.map_or(Timestamp::MAX, |at| at - SKEW)
    }

    fn jobs(&self) -> BTreeMap<JobId, Job> {
        let job = |record: &Record| match record {
            Record::Job(job) => Some((job.id.clone(), Job::clone(job))),
            _ => None,
        };
        self.world.memory.inspect(|state| state.items.values().filter_map(|record| job(record)).collect())
    }

    fn submit(&mut self) {
        let regimes = [Regime::Gdpr, Regime::UkGdpr, Regime::Ccpa, Regime::Hipaa, Regime::Lgpd];
        let regime = regimes[usize::try_from(self.random.below(5)).unwrap()];
        let mut request = access(BOB);
        request.regime = Some(regime);
        let person = signed_in(BOB);
        let task = self.world.handlers.submit.submit(&person, request, None);
        let Ok(accepted) = run(&self.world.memory, task).answer() else { return };
        let mut job = accepted.job;
        if self.bug == Bug::ThirtyDays && regime == Regime::Gdpr {
            job.due_at = job.received_at + DAY * 30;
            self.plant(job.clone());
        }
        let (received_at, due_at) = (job.received_at, job.due_at);
        let dates = vec![(received_at, due_at, false)];
        self.known.push(Known { id: job.id, received_at, regime, pauses: Vec::new(), extended: false, dates });
    }

    fn plant(&self, job: Job) {
        self.world.memory.plant(Record::Job(Box::new(job)));
    }

    /// One act on one open job: moved by law or refused, or answered.
    fn act(&mut self) {
        let Ok(count) = u64::try_from(self.known.len()) else { return };
        let at = usize::try_from(self.random.below(count)).unwrap();
        let id = self.known[at].id.clone();
        let before = self.world.job(&tenant("acme"), &id).unwrap();
        if !before.is_open() {
            return;
        }
        let reason = || "because".to_owned();
        let act = match self.random.below(30) {
            0 | 1 => ClockAct::Extend { reason: reason() },
            2..=4 => ClockAct::Pause { waiting_for: WaitingFor::Identity, reason: reason() },
            5 => ClockAct::Pause { waiting_for: WaitingFor::Fee, reason: reason() },
            6..=12 => ClockAct::Resume { reason: reason() },
            13 => {
                let ended = Job { status: JobStatus::Cancelled, version: before.version + 1, ..before };
                return self.plant(ended);
            }
            _ => return,
        };
        let staff = caller("acme", "operator-1", &[domain::role::Role::Operator], None);
        let ports = habeas_tests::handlers::ports(&self.world.memory);
        let legal_clock = LegalClock { timezone: TimeZone::UTC, calendar: None, response_days: 30 };
        let task = async { ActOnClock { ports, legal_clock }.act(&staff, &id, &act).await };
        let done = run(&self.world.memory, task).answer().is_ok();
        if self.bug == Bug::PauseMovesCcpa
            && !done
            && before.regime == Regime::Ccpa
            && matches!(act, ClockAct::Pause { .. })
        {
            self.plant(Job { due_at: before.due_at + DAY * 5, ..before.clone() });
        }
        self.remember(at, &act, done);
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
                    known.pauses.last_mut().unwrap().to = now.max(known.pauses.last().unwrap().from)
                }
            }
        }
        known.dates.push((now, job.due_at, job.paused));
        let expected = independent(known);
        // While a clock stands, its date is that of the day it was stopped.
        if !job.paused && job.due_at != expected {
            self.broken.insert(format!("INV-L5 {} is due at another date than the law says", job.regime));
        }
    }

    fn sweep(&mut self) {
        if self.bug == Bug::AlertByQueue && self.world.memory.inspect(|state| state.queues.sent.len() % 2 == 0) {
            return;
        }
        run(&self.world.memory, self.world.handlers.deadlines.run()).answer().unwrap();
        match self.bug {
            Bug::NotRecorded => {
                for mut job in self.jobs().into_values().filter(|job| !job.timing.marks.is_empty()) {
                    job.timing.marks.clear();
                    self.plant(job);
                }
            }
            Bug::NoLastDay => self.world.memory.change(|state| {
                state.warnings.retain(|(_, warning)| warning.alert != DeadlineAlert::Due);
            }),
            Bug::None | Bug::ThirtyDays | Bug::PauseMovesCcpa | Bug::AlertByQueue => {}
        }
    }

    fn check(&mut self) {
        let now = self.world.memory.now();
        let warnings = self.world.memory.inspect(|state| state.warnings.clone());
        let mut seen = BTreeMap::new();
        for (at, warning) in &warnings {
            if !warning.alert.repeats()
                && seen.insert((warning.job.clone(), warning.due_at, warning.alert), *at).is_some()
            {
                self.broken.insert(format!("INV-L4 {} came twice", warning.alert));
            }
        }
        for job in self.jobs().values().filter(|job| job.is_open() && !job.paused) {
            let known = self.known.iter().find(|known| known.id == job.id).unwrap();
            if known.pauses.is_empty() && !known.extended && job.due_at != independent(known) {
                self.broken.insert(format!("{} is due at another date than the law says", job.regime));
            }
            let since = known.dates.iter().rev().take_while(|(_, due_at, paused)| *due_at == job.due_at && !paused);
            let since = since.map(|(at, _, _)| *at).last().unwrap_or(known.received_at);
            let days = [(DeadlineAlert::SevenDays, 7), (DeadlineAlert::OneDay, 1), (DeadlineAlert::Due, 0)];
            for (alert, days) in days {
                let due = (job.due_at - DAY * days).max(since);
                if due + PERIOD + SKEW * 2 > now {
                    continue;
                }
                match seen.get(&(job.id.clone(), job.due_at, alert)) {
                    Some(at) if *at <= due + PERIOD + SKEW * 2 => {}
                    Some(_) => drop(self.broken.insert(format!("INV-L4 {alert} came late"))),
                    None => drop(self.broken.insert(format!("INV-L4 {alert} never came"))),
                }
            }
        }
    }
}

/// The date by the package `clock` asked directly, and for plain periods by arithmetic written another way.
fn independent(known: &Known) -> Timestamp {
    let received_on = known.received_at.to_zoned(TimeZone::UTC).date();
    let plain = |span: jiff::Span| end_of_day(received_on + span, &TimeZone::UTC).unwrap();
    match (known.regime, known.extended) {
        (Regime::Ccpa, false) => plain(45.days()),
        (Regime::Ccpa, true) => plain(90.days()),
        (Regime::Hipaa, false) => plain(30.days()),
        (Regime::Hipaa, true) => plain(60.days()),
        (Regime::Lgpd, _) => plain(15.days()),
        (Regime::Gdpr | Regime::UkGdpr, _) => {
            let regime = if known.regime == Regime::Gdpr { clock::Regime::Gdpr } else { clock::Regime::UkGdpr };
            let calendar: Calendar = regime.usual_calendar().parse().unwrap();
            let mut question = Question::new(regime, known.received_at, TimeZone::UTC, calendar);
            question.extended = known.extended;
            question.pauses.clone_from(&known.pauses);
            clock::due(&question).unwrap().due_at
        }
    }
}

#[test]
fn no_date_goes_by_in_silence_for_400_days() {
    #[expect(clippy::disallowed_methods, reason = "the number of seeds is asked for on demand")]
    let seeds = std::env::var("HABEAS_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let (mut requests, mut purged, mut alerts) = (0, 0, 0);
    for seed in 0..seeds {
        let year = Year::new(seed, Bug::None).live();
        assert!(year.broken.is_empty(), "seed {seed}: {:?}", year.broken);
        requests += year.known.len();
        purged += year.purged;
        alerts += year.world.memory.inspect(|state| state.warnings.len());
    }
    println!("{seeds} seeds, {requests} requests, {alerts} alerts, queues purged {purged} times");
    assert!(requests > 0 && alerts > 0 && purged > 0, "a simulation in which nothing happens proves nothing");
}

#[test]
fn seeded_bugs_of_time_are_caught() {
    for bug in [Bug::ThirtyDays, Bug::PauseMovesCcpa, Bug::AlertByQueue, Bug::NotRecorded, Bug::NoLastDay] {
        let caught = (0..4).find_map(|seed| Year::new(seed, bug).live().broken.into_iter().next());
        println!("{bug:?}: {caught:?}");
        assert!(caught.is_some(), "{bug:?} was not caught");
    }
}
