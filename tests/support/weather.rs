//! What a simulation does to messages and workers beside faults in port calls.

use adapters_memory::MemoryWorld;
use domain::ids::{HoldId, JobId, TenantId};
use domain::record::Record;
use domain::request::RequestType;
use domain::sensitive::Sensitive;
use domain::step::{Nudge, QueueName, StepKind};
use jiff::SignedDuration;
use workflow::act_on_job::Act;
use workflow::refusal::Refusal;
use workflow::submit_request::NewRequest;

use crate::executor::{Ended, Held, Task};
use crate::handlers::{Handlers, LEASE};
use crate::sample::{ADA, Person, access, officer, signed_in};
use crate::story::{RENAMED, place_hold, release_hold};
use crate::world::World;

/// How messages fare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weather {
    /// Each arrives once, in order.
    #[default]
    Fair,
    /// Each is handled twice in a row.
    Doubled,
    /// The newest arrives first.
    Reversed,
    /// Every queue is emptied before anything is received, and after each crash: only the sweep is left.
    Purged,
}

impl Weather {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Fair, Self::Doubled, Self::Reversed, Self::Purged];
}

/// Something that happens while a worker stands between two calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meanwhile {
    /// Another worker gets the same message and runs to its end.
    Second,
    /// The lease runs out first, then another worker runs to its end.
    SecondAfterLease,
    /// The lease runs out, another worker makes so many calls; then the first goes on, then the second.
    Overlap(u32),
    /// Somebody cancels the job.
    Cancel,
    /// Somebody cancels the job, and what it left is cleaned up.
    CancelAndClean,
    /// An officer vouches for the identity.
    Vouch,
    /// The sweep runs an hour later.
    Sweep,
    /// An officer places a hold on Ada; an hour later another one releases it.
    Hold,
    /// The same, under the address that a correction says is right.
    HoldUnderRight,
    /// An officer lifts every restriction.
    Lift,
    /// Ada asks for a restriction of her own, which stands at once.
    RestrictAgain,
}

/// At which delivery, after how many calls, what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twist {
    /// The delivery, counted from 0.
    pub delivery: u64,
    /// Calls the first worker makes before it stands still.
    pub calls: u32,
    /// What happens then.
    pub meanwhile: Meanwhile,
}

/// Hands a nudge to the worker of its queue.
pub async fn work(handlers: &Handlers, nudge: &Nudge, slice: SignedDuration) -> bool {
    let worker = match nudge.step.queue() {
        QueueName::Export => &handlers.export_worker,
        QueueName::Erasure => &handlers.erasure_worker,
        QueueName::Notification => &handlers.notification_worker,
    };
    worker.once(nudge, handlers.submit.clock.now() + slice).await.is_ok()
}

/// What people do while a worker stands still; refusals are theirs to bear.
async fn somebody_acts(
    memory: &MemoryWorld,
    handlers: &Handlers,
    (nudge, slice): (&Nudge, SignedDuration),
    meanwhile: Meanwhile,
) {
    let staff = officer(nudge.tenant.as_str());
    match meanwhile {
        Meanwhile::Cancel | Meanwhile::CancelAndClean => {
            drop(handlers.act.act(&staff, &nudge.job, &Act::Cancel).await);
            let expire = Nudge { step: StepKind::Expire, shard: 0, version: 0, ..nudge.clone() };
            if meanwhile == Meanwhile::CancelAndClean {
                work(handlers, &expire, slice).await;
            }
        }
        Meanwhile::Vouch => {
            let seen = Sensitive::new("passport: canary".to_owned());
            drop(handlers.verify.manual(&staff, &nudge.job, &seen).await);
        }
        Meanwhile::Hold => drop(place_hold(handlers, ADA).await),
        Meanwhile::HoldUnderRight => drop(place_hold(handlers, RENAMED).await),
        Meanwhile::Lift => {
            let restricts = |record: &Record| match record {
                Record::Job(job) if job.restricts() && job.tenant == nudge.tenant => Some(job.id.clone()),
                _ => None,
            };
            let jobs: Vec<JobId> =
                memory.inspect(|state| state.items.values().filter_map(|record| restricts(record)).collect());
            for job in jobs {
                let act = Act::Lift { reason: "found to be right".to_owned(), told_by: None };
                drop(handlers.act.act(&staff, &job, &act).await);
            }
        }
        Meanwhile::RestrictAgain => {
            if let Some(job) = ask_to_restrict(handlers, ADA).await {
                work_on(memory, handlers, &job, slice).await;
            }
        }
        Meanwhile::Second | Meanwhile::SecondAfterLease | Meanwhile::Overlap(_) | Meanwhile::Sweep => {}
    }
}

/// Somebody who is signed in asks for a restriction.
pub async fn ask_to_restrict(handlers: &Handlers, person: Person) -> Option<JobId> {
    let request = NewRequest { request_type: RequestType::Restriction, ..access(person) };
    handlers.submit.submit(&signed_in(person), request, None).await.ok().map(|accepted| accepted.job.id)
}

/// Workers handle the messages of one job until there are none to be had.
pub async fn work_on(memory: &MemoryWorld, handlers: &Handlers, job: &JobId, slice: SignedDuration) {
    loop {
        let delivery = memory.change(|state| {
            let own = state.queues.visible(state.now).find(|(_, message)| message.nudge.job == *job)?.0;
            state.queues.receive_this(own, state.now)
        });
        let Some(delivery) = delivery else { return };
        if work(handlers, &delivery.nudge, slice).await {
            memory.change(|state| state.queues.acknowledge(delivery.id));
        }
    }
}

impl World {
    /// Lets two things happen at once: the worker of a message and something else. Says whether the message is done.
    ///
    /// # Panics
    /// If a worker waits for something that is not in the world.
    pub(crate) fn twisted(&mut self, nudge: &Nudge, twist: Twist) -> bool {
        let slice = self.slice;
        let memory = self.memory.clone();
        let acting = |tenant: Option<&TenantId>| memory.change(|state| state.acting_for = tenant.cloned());
        acting(Some(&nudge.tenant));
        let sandbox = Handlers::new(&memory);
        let mut first = Held::new(&memory, Box::pin(work(&sandbox, nudge, slice)) as Task<'_, bool>);
        first.make_calls(twist.calls);
        let is_late = matches!(twist.meanwhile, Meanwhile::SecondAfterLease | Meanwhile::Overlap(_));
        if is_late {
            memory.advance(LEASE + SignedDuration::from_secs(1));
        }
        let other_sandbox = Handlers::new(&memory);
        match twist.meanwhile {
            Meanwhile::Second | Meanwhile::SecondAfterLease => {
                Held::new(&memory, Box::pin(work(&other_sandbox, nudge, slice))).finish();
            }
            Meanwhile::Overlap(calls) => {
                let mut second = Held::new(&memory, Box::pin(work(&other_sandbox, nudge, slice)));
                second.make_calls(calls);
                let done = first.finish();
                second.finish();
                acting(None);
                return done.unwrap_or(false);
            }
            Meanwhile::Cancel
            | Meanwhile::CancelAndClean
            | Meanwhile::Vouch
            | Meanwhile::Hold
            | Meanwhile::HoldUnderRight
            | Meanwhile::Lift
            | Meanwhile::RestrictAgain => {
                let acts = somebody_acts(&memory, &other_sandbox, (nudge, slice), twist.meanwhile);
                Held::new(&memory, Box::pin(acts)).finish();
            }
            Meanwhile::Sweep => {
                memory.advance(SignedDuration::from_hours(1));
                acting(None);
                Held::new(&memory, Box::pin(async { drop(other_sandbox.sweep.run().await) })).finish();
                acting(Some(&nudge.tenant));
            }
        }
        let done = first.finish();
        acting(None);
        if matches!(twist.meanwhile, Meanwhile::Hold | Meanwhile::HoldUnderRight) {
            self.run_until(memory.now() + SignedDuration::from_hours(1));
            self.release_holds(&nudge.tenant);
        }
        done.unwrap_or(false)
    }

    /// Another officer releases every hold of a tenant; says whether all are released now.
    pub fn release_holds(&mut self, tenant: &TenantId) -> bool {
        let hold = |record: &Record| match record {
            Record::Hold(hold) if hold.tenant == *tenant && !hold.cleared => Some(hold.id.clone()),
            _ => None,
        };
        let holds: Vec<HoldId> =
            self.memory.inspect(|state| state.items.values().filter_map(|record| hold(record)).collect());
        let mut all = true;
        for hold in holds {
            let answer = self.call(tenant, async |handlers| release_hold(handlers, tenant.as_str(), &hold).await);
            all &= matches!(answer, Ended::With(Ok(_) | Err(Refusal::HoldReleased)));
        }
        all
    }
}
