//! What a simulation does to messages and workers beside faults in port calls.

use domain::ids::{HoldId, TenantId};
use domain::record::Record;
use domain::sensitive::Sensitive;
use domain::step::{Nudge, QueueName, StepKind};
use jiff::SignedDuration;
use workflow::refusal::Refusal;

use crate::executor::{Ended, Held, Task};
use crate::handlers::{Handlers, LEASE};
use crate::sample::{ADA, officer};
use crate::story::{place_hold, release_hold};
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
pub(crate) async fn work(handlers: &Handlers, nudge: &Nudge, slice: SignedDuration) -> bool {
    let worker = match nudge.step.queue() {
        QueueName::Export => &handlers.export_worker,
        QueueName::Erasure => &handlers.erasure_worker,
        QueueName::Notification => &handlers.notification_worker,
    };
    worker.once(nudge, handlers.submit.clock.now() + slice).await.is_ok()
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
            Meanwhile::Cancel | Meanwhile::CancelAndClean => {
                let staff = officer(nudge.tenant.as_str());
                let act = workflow::act_on_job::Act::Cancel;
                Held::new(&memory, Box::pin(async { drop(other_sandbox.act.act(&staff, &nudge.job, &act).await) }))
                    .finish();
                let expire = Nudge { step: StepKind::Expire, shard: 0, version: 0, ..nudge.clone() };
                if twist.meanwhile == Meanwhile::CancelAndClean {
                    Held::new(&memory, Box::pin(work(&other_sandbox, &expire, slice))).finish();
                }
            }
            Meanwhile::Vouch => {
                let staff = officer(nudge.tenant.as_str());
                let seen = Sensitive::new("passport: canary".to_owned());
                Held::new(
                    &memory,
                    Box::pin(async { drop(other_sandbox.verify.manual(&staff, &nudge.job, &seen).await) }),
                )
                .finish();
            }
            Meanwhile::Sweep => {
                memory.advance(SignedDuration::from_hours(1));
                acting(None);
                Held::new(&memory, Box::pin(async { drop(other_sandbox.sweep.run().await) })).finish();
                acting(Some(&nudge.tenant));
            }
            Meanwhile::Hold => {
                Held::new(&memory, Box::pin(async { drop(place_hold(&other_sandbox, ADA).await) })).finish();
            }
        }
        let done = first.finish();
        acting(None);
        if twist.meanwhile == Meanwhile::Hold {
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
