//! The world: memory adapters, a clock that stands, seeded ids, and every handler. Messages and sweeps run when told to.

use std::collections::HashSet;

use adapters_memory::{Delivery, MemoryWorld, Snapshot, State};
use domain::event::AuditEvent;
use domain::ids::{JobId, TenantId};
use domain::job::Job;
use domain::key::TenantKey;
use domain::record::{DEADLINE_SHARDS, DIGEST_SHARD, Record};
use domain::step::{Nudge, QueueName};
use jiff::{SignedDuration, Timestamp};

use crate::executor::{Ended, run};
use crate::handlers::Handlers;
use crate::sample;
use crate::weather::{Twist, Weather};

/// How the handling of a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// Acknowledged.
    Done,
    /// To come again.
    Again,
    /// The process died.
    Crashed,
}

/// A world with its handlers.
pub struct World {
    /// What lies under the ports.
    pub memory: MemoryWorld,
    /// One sandbox of each function.
    pub handlers: Handlers,
    /// How long a worker takes work.
    pub slice: SignedDuration,
    /// Processes that died.
    pub crashes: u64,
    /// How messages fare.
    pub weather: Weather,
    /// What happens beside one of the deliveries.
    pub twist: Option<Twist>,
    /// Messages delivered so far.
    pub deliveries: u64,
    /// Asked before each message is received; what it answers with `true` ends there.
    pub watcher: Option<Watcher>,
    /// Whether the watcher has ended the run.
    pub is_stopped: bool,
    /// Hashes of archives that were found to hold what they must.
    pub checked_archives: HashSet<u64>,
}

/// Looks at the world between two messages; given the number of those delivered.
pub type Watcher = Box<dyn FnMut(&MemoryWorld, u64) -> bool>;

impl World {
    /// The sample world, quiet, on a Monday morning.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let memory = MemoryWorld::new(seed, "2026-03-02T09:00:00Z".parse().unwrap());
        sample::load(&memory);
        Self::over(memory)
    }

    /// Fresh handlers over a state.
    #[must_use]
    pub fn over(memory: MemoryWorld) -> Self {
        let handlers = Handlers::new(&memory);
        Self {
            memory,
            handlers,
            slice: SignedDuration::from_secs(96),
            crashes: 0,
            weather: Weather::Fair,
            twist: None,
            deliveries: 0,
            watcher: None,
            is_stopped: false,
            checked_archives: HashSet::new(),
        }
    }

    /// Goes back to a state; what sandboxes kept is gone.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.memory.restore(snapshot);
        self.handlers = Handlers::new(&self.memory);
    }

    /// Starts new sandboxes, as after a crash.
    pub fn restart(&mut self) {
        self.crashes += 1;
        self.purge_if_foul();
        self.handlers = Handlers::new(&self.memory);
    }

    /// Runs a call of a handler on behalf of a tenant; a crash starts new sandboxes.
    pub fn call<T>(&mut self, tenant: &TenantId, task: impl AsyncFnOnce(&Handlers) -> T) -> Ended<T> {
        self.memory.change(|state| state.acting_for = Some(tenant.clone()));
        let ended = run(&self.memory, task(&self.handlers));
        self.memory.change(|state| state.acting_for = None);
        if matches!(ended, Ended::Crashed) {
            self.restart();
        }
        ended
    }

    /// Handles one nudge as its worker would.
    pub fn handle(&mut self, nudge: &Nudge) -> Handled {
        let ends_at = self.memory.now() + self.slice;
        self.memory.change(|state| state.acting_for = Some(nudge.tenant.clone()));
        let worker = match nudge.step.queue() {
            QueueName::Export => &self.handlers.export_worker,
            QueueName::Erasure => &self.handlers.erasure_worker,
            QueueName::Notification => &self.handlers.notification_worker,
        };
        let ended = run(&self.memory, worker.once(nudge, ends_at));
        self.memory.change(|state| state.acting_for = None);
        match ended {
            Ended::With(Ok(())) => Handled::Done,
            Ended::With(Err(_)) => Handled::Again,
            Ended::Crashed => {
                self.restart();
                Handled::Crashed
            }
        }
    }

    /// Handles a received message; what isn't done stays hidden until its time is over.
    pub fn deliver(&mut self, delivery: &Delivery) -> Handled {
        let number = self.deliveries;
        self.deliveries += 1;
        let twist = self.twist.filter(|twist| twist.delivery == number);
        let handled = match twist {
            Some(twist) if self.twisted(&delivery.nudge, twist) => Handled::Done,
            Some(_) => Handled::Again,
            None => self.handle(&delivery.nudge),
        };
        if self.weather == Weather::Doubled {
            self.handle(&delivery.nudge);
        }
        if handled == Handled::Done {
            self.memory.change(|state| state.queues.acknowledge(delivery.id));
        }
        handled
    }

    /// Runs the sweeps once; those of deadlines and digests only if one is due.
    pub fn sweep(&mut self) {
        let now = self.memory.now();
        let is_due =
            |state: &State| state.wake.iter().any(|(shard, at, _)| DEADLINE_SHARDS.contains(shard) && *at <= now);
        if self.memory.inspect(is_due) && matches!(run(&self.memory, self.handlers.deadlines.run()), Ended::Crashed) {
            self.restart();
        }
        let wants_digest = |state: &State| state.wake.iter().any(|(shard, at, _)| *shard == DIGEST_SHARD && *at <= now);
        if self.memory.inspect(wants_digest) && matches!(run(&self.memory, self.handlers.digests.run()), Ended::Crashed)
        {
            self.restart();
        }
        if matches!(run(&self.memory, self.handlers.sweep.run()), Ended::Crashed) {
            self.restart();
        }
    }

    /// Handles messages and runs sweeps until nothing is due for two hours; time jumps from one to the next.
    ///
    /// # Panics
    /// If the world never comes to rest.
    pub fn run_until_idle(&mut self) {
        self.run_until(self.memory.now() + SignedDuration::from_hours(2));
    }

    /// The same, until a time; the clock ends there only if something was due.
    ///
    /// # Panics
    /// If the world never comes to rest.
    pub fn run_until(&mut self, horizon: Timestamp) {
        self.run_until_seen(horizon, |_| false);
    }

    /// The same, until a time or until something is seen between two messages.
    ///
    /// # Panics
    /// If the world never comes to rest.
    pub fn run_until_seen(&mut self, horizon: Timestamp, mut is_seen: impl FnMut(&MemoryWorld) -> bool) {
        self.purge_if_foul();
        for _ in 0..100_000 {
            if self.is_watched_to_its_end() || is_seen(&self.memory) {
                return;
            }
            if let Some(delivery) = self.receive() {
                self.deliver(&delivery);
                self.purge_if_foul();
                continue;
            }
            let Some(next) = self.next_due_at().filter(|at| *at <= horizon) else { return };
            let now = self.memory.now().max(next);
            self.memory.set_now(now);
            if self.memory.inspect(|state| state.wake.iter().any(|(shard, at, _)| *shard <= DIGEST_SHARD && *at <= now))
            {
                self.sweep();
            }
        }
        panic!("the world never comes to rest")
    }

    fn is_watched_to_its_end(&mut self) -> bool {
        if let Some(watcher) = &mut self.watcher {
            self.is_stopped |= watcher(&self.memory, self.deliveries);
        }
        self.is_stopped
    }

    /// Only what a sweep has just sent is ever received in foul weather.
    fn purge_if_foul(&self) {
        if self.weather == Weather::Purged {
            self.memory.change(|state| state.queues.purge());
        }
    }

    fn receive(&self) -> Option<Delivery> {
        self.memory.change(|state| {
            let now = state.now;
            match self.weather {
                Weather::Fair | Weather::Doubled => state.queues.receive(None, now),
                // One in turn: whoever always lost the same messages would lose work for ever, which no queue does.
                Weather::Purged => {
                    let visible: Vec<u64> = state.queues.visible(now).map(|(id, _)| id).collect();
                    let turn = usize::try_from(self.deliveries).unwrap_or(0).checked_rem(visible.len())?;
                    state.queues.receive_this(visible[turn], now)
                }
                Weather::Reversed => {
                    let newest = state.queues.visible(now).last().map(|(id, _)| id)?;
                    state.queues.receive_this(newest, now)
                }
            }
        })
    }

    /// Moves the clock and does everything that falls due on the way.
    pub fn advance(&mut self, by: SignedDuration) {
        let until = self.memory.now() + by;
        self.run_until(until);
        self.memory.set_now(until.max(self.memory.now()));
        self.run_until(self.memory.now());
    }

    /// When something is due next: a hidden message or an entry of the sweep's index.
    #[must_use]
    pub fn next_due_at(&self) -> Option<Timestamp> {
        self.memory.inspect(|state| {
            let message = state.queues.next_visible_at();
            // What has ended waits for retention, which is another story.
            let wake = state.wake.iter().filter(|(shard, _, _)| *shard <= DIGEST_SHARD).map(|(_, at, _)| *at).min();
            message.into_iter().chain(wake).min()
        })
    }

    /// A job as stored.
    #[must_use]
    pub fn job(&self, tenant: &TenantId, id: &JobId) -> Option<Job> {
        self.memory.inspect(|state| match state.items.get(&TenantKey::job(tenant, id)).map(AsRef::as_ref) {
            Some(Record::Job(job)) => Some(Job::clone(job)),
            _ => None,
        })
    }

    /// Every job as stored.
    #[must_use]
    pub fn jobs(&self) -> Vec<Job> {
        let job = |record: &Record| if let Record::Job(job) = record { Some(Job::clone(job)) } else { None };
        self.memory.inspect(|state| state.items.values().filter_map(|record| job(record)).collect())
    }

    /// The audit trail of a job, oldest first.
    #[must_use]
    pub fn audit_trail(&self, id: &JobId) -> Vec<AuditEvent> {
        let of_job = |record: &Record| match record {
            Record::Event(event) if event.job.as_ref() == Some(id) => Some(AuditEvent::clone(event)),
            _ => None,
        };
        self.memory.inspect(|state| state.items.values().filter_map(|record| of_job(record)).collect())
    }
}
