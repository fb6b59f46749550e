//! One year of one controller: who asks, who acts, what fails, and what each seeded bug does instead.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use adapters_memory::{SplitMix, State};
use domain::ids::{JobId, OpNonce};
use domain::job::{DeadlineAlert, Job};
use domain::key::{Partition, TenantKey};
use domain::notice::{NoticeName, NoticeSettings, Recipient};
use domain::record::{DEADLINE_SHARDS, Record, WAKE_SHARDS};
use domain::sensitive::Sensitive;
use domain::step::{Nudge, Step, StepKind, StepState};
use habeas_tests::executor::run;
use habeas_tests::handlers::{Handlers, ports};
use habeas_tests::sample::tenant;
use habeas_tests::world::World;
use jiff::{SignedDuration, Timestamp};
use workflow::act_on_clock::ActOnClock;
use workflow::legal_clock::LegalClock;

use super::Bug;
use super::checking::Counts;
use super::ending::Ended;
use super::law::{Known, Law};

/// How often the sweep runs.
pub(super) const PERIOD: SignedDuration = SignedDuration::from_mins(15);
/// How far a clock may be off.
pub(super) const SKEW: SignedDuration = SignedDuration::from_mins(10);
pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);
/// In one of so many years the mails to officers are followed as well.
const WITH_MAILS: u64 = 8;

pub(super) struct Year {
    pub(super) world: World,
    pub(super) law: Law,
    pub(super) known: Vec<Known>,
    pub(super) broken: BTreeSet<String>,
    pub(super) happened: Counts,
    /// Whether officers are mailed.
    pub(super) mails: bool,
    pub(super) clock_acts: ActOnClock,
    pub(super) random: SplitMix,
    pub(super) bug: Bug,
    /// Places in `known` of jobs that are not answered.
    pub(super) open: Vec<usize>,
    /// The keyring while nobody can read it, and until when.
    pub(super) locked: Option<(Timestamp, Vec<Arc<Record>>)>,
    mail_is_back_at: Option<Timestamp>,
    /// The first time of each alert that comes once for a date, and how many warnings were looked at for it.
    pub(super) seen: BTreeMap<(JobId, Timestamp, DeadlineAlert), Timestamp>,
    pub(super) warnings_seen: usize,
    /// Requests that were answered, and while nobody could read a key.
    pub(super) ended: Vec<Ended>,
    pub(super) outages: Vec<(Timestamp, Timestamp)>,
    /// From when to when no mail went.
    pub(super) mail_outages: Vec<(Timestamp, Timestamp)>,
    retired_on: Timestamp,
    /// Stands before every key.
    first_key: Arc<TenantKey>,
}

impl Year {
    pub(super) fn new(seed: u64, bug: Bug) -> Self {
        let (world, law) = (World::new(seed), Law::of(seed));
        let clock_acts = ActOnClock { ports: ports(&world.memory), legal_clock: legal_clock(&law) };
        let mails = seed.is_multiple_of(WITH_MAILS) || bug == Bug::MailNotNoted;
        let (known, open) = (Vec::new(), Vec::new());
        let (broken, happened, random) = (BTreeSet::new(), Counts::default(), SplitMix::new(seed ^ 0x5eed));
        let (locked, mail_is_back_at) = (None, None);
        let (seen, warnings_seen, ended) = (BTreeMap::new(), 0, Vec::new());
        let (outages, mail_outages) = (Vec::new(), Vec::new());
        let (retired_on, first_key) =
            (world.memory.now(), Arc::new(TenantKey::new(&tenant("-"), Partition::Tenant, "")));
        let mut year = Self {
            world,
            law,
            known,
            broken,
            happened,
            mails,
            clock_acts,
            random,
            bug,
            open,
            locked,
            mail_is_back_at,
            seen,
            warnings_seen,
            ended,
            outages,
            mail_outages,
            retired_on,
            first_key,
        };
        year.restart();
        year.set_policy();
        if mails {
            year.name_officer();
        }
        year
    }

    /// Fresh sandboxes that know nothing of before.
    fn restart(&mut self) {
        self.world.handlers = Handlers::new(&self.world.memory);
        self.world.handlers.submit.legal_clock = legal_clock(&self.law);
        self.clock_acts = ActOnClock { ports: ports(&self.world.memory), legal_clock: legal_clock(&self.law) };
    }

    fn name_officer(&self) {
        let nonce = OpNonce::new([7; 16]);
        let mut settings = NoticeSettings::unset(&tenant("acme"), nonce, self.world.memory.now());
        let notices = vec![NoticeName::RequestDueSoon, NoticeName::RequestOverdue];
        let email = Sensitive::new("officer@example.org".to_owned());
        settings.recipients = vec![Recipient { name: "dpo".to_owned(), email, language: None, notices }];
        settings.version = 1;
        self.world.memory.plant(Record::Notices(Box::new(settings)));
    }

    pub(super) fn live(mut self, days: i32) -> Self {
        let start = self.world.memory.now();
        let (end, mut tick, mut busy_at) = (start + DAY * days, start, start);
        while tick < end {
            // Nothing happens for hours: the sweeps in between find nothing and are skipped.
            let ahead = self.next_at().min(busy_at).duration_since(tick);
            tick += PERIOD * i32::try_from((ahead.as_secs() + 899).div_euclid(900)).unwrap_or(1).max(1);
            let skew = i64::try_from(self.random.below(20)).unwrap() - 10;
            self.world.memory.set_now(tick + SignedDuration::from_mins(skew));
            if busy_at <= tick {
                busy_at = tick + PERIOD * i32::try_from(1 + self.random.below(48)).unwrap();
                self.somebody_is_busy(tick);
            }
            self.end_outages(tick);
            self.sweep();
            self.tell_officers();
            if self.retired_on + DAY <= tick {
                self.retired_on = tick;
                self.retire();
            }
            // Alerts with each sweep: enough is seen.
            if self.bug == Bug::NotRecorded && self.world.memory.inspect(|state| state.warnings.len() > 50) {
                break;
            }
        }
        self.check();
        self
    }

    /// When something is due: a look at a date, or a mail to an officer.
    fn next_at(&self) -> Timestamp {
        let mails = self.mails.then(|| self.world.memory.inspect(|state| officers(state).map(|(at, _)| at).min()));
        let next = self.first_of(DEADLINE_SHARDS).into_iter().chain(mails.flatten()).min();
        next.map_or(Timestamp::MAX, |at| at.checked_sub(SKEW).unwrap_or(at))
    }

    /// When the first entry of some shards of the index is due.
    pub(super) fn first_of(&self, shards: Range<u8>) -> Option<Timestamp> {
        let first = |state: &State, shard: u8| {
            let from = (shard, Timestamp::MIN, Arc::clone(&self.first_key));
            state.wake.range(from..).next().filter(|(found, _, _)| *found == shard).map(|(_, at, _)| *at)
        };
        self.world.memory.inspect(|state| shards.filter_map(|shard| first(state, shard)).min())
    }

    fn somebody_is_busy(&mut self, tick: Timestamp) {
        if self.random.happens(40) || self.known.is_empty() {
            self.submit();
        }
        self.act();
        if self.random.happens(15) {
            self.happened.purges += 1;
            self.world.memory.change(|state| state.queues.purge());
        }
        if self.locked.is_none() && self.random.happens(3) {
            self.happened.key_outages += 1;
            let until = tick + DAY * i32::try_from(1 + self.random.below(9)).unwrap();
            self.outages.push((tick, until));
            self.locked = Some((until, self.lock_keys()));
        }
        if self.mails && self.mail_is_back_at.is_none() && self.random.happens(20) {
            self.happened.mail_outages += 1;
            self.world.memory.change(|state| state.outbox.is_down = true);
            // Receivers are tried for nine hours; a second outage may come right after the first.
            let until = tick + SignedDuration::from_mins(15 * i64::try_from(self.random.below(24)).unwrap());
            self.mail_outages.push((tick, until));
            self.mail_is_back_at = Some(until);
        }
    }

    /// Takes every key away, and every sandbox that remembers one.
    fn lock_keys(&mut self) -> Vec<Arc<Record>> {
        let taken = self.world.memory.change(|state| {
            let keys = state.items.iter().filter(|(key, _)| key.partition().is_keyring());
            let taken: Vec<Arc<Record>> = keys.map(|(_, record)| Arc::clone(record)).collect();
            state.items.retain(|key, _| !key.partition().is_keyring());
            taken
        });
        self.restart();
        taken
    }

    fn end_outages(&mut self, tick: Timestamp) {
        if self.mail_is_back_at.is_some_and(|at| at <= tick) {
            self.mail_is_back_at = None;
            self.world.memory.change(|state| state.outbox.is_down = false);
        }
        if let Some((_, keys)) = self.locked.take_if(|(until, _)| *until <= tick) {
            for record in keys {
                self.world.memory.plant(Record::clone(&record));
            }
            self.restart();
        }
    }

    pub(super) fn jobs(&self) -> BTreeMap<JobId, Job> {
        let job = |record: &Record| match record {
            Record::Job(job) => Some((job.id.clone(), Job::clone(job))),
            _ => None,
        };
        self.world.memory.inspect(|state| state.items.values().filter_map(|record| job(record)).collect())
    }

    fn sweep(&mut self) {
        let queued = self.world.memory.inspect(|state| state.queues.sent.len());
        let stands = match self.bug {
            Bug::AlertByQueue => queued.is_multiple_of(2),
            Bug::SweepNeedsKeys => self.locked.is_some(),
            _ => false,
        };
        // A sweep that finds nothing changes nothing.
        let is_due = self.first_of(DEADLINE_SHARDS).is_some_and(|at| at <= self.world.memory.now());
        if stands || !is_due {
            return;
        }
        run(&self.world.memory, self.world.handlers.deadlines.run()).answer().unwrap();
        if self.bug == Bug::NotRecorded {
            for mut job in self.jobs().into_values().filter(|job| !job.timing.marks.is_empty()) {
                job.timing.marks.clear();
                self.plant(job);
            }
        }
        if self.bug == Bug::NoLastDay {
            let due = DeadlineAlert::Due;
            self.world.memory.change(|state| state.warnings.retain(|(_, warning)| warning.alert != due));
        }
    }

    /// What `job-sweep` and the notification worker do for the steps that tell officers.
    fn tell_officers(&mut self) {
        if !self.mails {
            return;
        }
        let now = self.world.memory.now();
        let due: Vec<Step> = self.world.memory.inspect(|state| {
            let due = officers(state).filter(|(at, _)| *at <= now);
            due.filter_map(|(_, key)| Record::clone(&state.items[key]).into_step()).map(|step| *step).collect()
        });
        for step in due {
            self.world.handle(&Nudge::for_step(&step));
            if self.bug == Bug::MailNotNoted {
                let again = Step { state: StepState::Ready, next_check_at: Some(now + DAY), checkpoint: None, ..step };
                self.world.memory.plant(Record::Step(Box::new(again)));
            }
        }
    }
}

fn legal_clock(law: &Law) -> LegalClock {
    LegalClock { timezone: law.timezone.clone(), calendar: law.calendar.clone(), response_days: 30 }
}

/// The entries of steps that tell officers.
fn officers(state: &State) -> impl Iterator<Item = (Timestamp, &Arc<TenantKey>)> {
    let steps = state.wake.iter().take_while(|(shard, _, _)| *shard < WAKE_SHARDS);
    steps.filter(|(_, _, key)| is_officers(key)).map(|(_, at, key)| (*at, key))
}

fn is_officers(key: &TenantKey) -> bool {
    key.sort().starts_with("step#") && key.sort().contains(StepKind::NotifyDeadline.as_str())
}
