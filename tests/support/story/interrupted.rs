//! Erasures that do not go straight: parked and started again, held and released, taken back during the grace period.

use domain::hold::HoldStatus;
use domain::ids::HoldId;
use domain::job::{Job, JobStatus, VerificationMethod};
use domain::request::{Identity, IdentityKind};
use domain::role::Role;
use domain::sensitive::Sensitive;
use jiff::SignedDuration;
use workflow::act_on_job::Act as Doing;
use workflow::caller::Caller;
use workflow::holds::{HoldView, NewHold, NewScope};
use workflow::refusal::Refusal;
use workflow::submit_request::Idempotency;

use super::erasure::{GRACE, contents, has_begun};
use super::{Act, Story, TRIES};
use crate::executor::Ended;
use crate::handlers::Handlers;
use crate::sample::{Person, caller, officer};
use crate::world::World;

/// The source that is shut now and then.
const SHUT: &str = "app.notes";

/// An officer of holds: the one who places them, or another one.
fn officer_of_holds(tenant: &str, places: bool) -> Caller {
    caller(tenant, if places { "counsel" } else { "third" }, &[Role::Dpo], None)
}

/// Places a hold on a person, always the same one.
///
/// # Errors
/// As the handler refuses.
pub async fn place_hold(handlers: &Handlers, person: Person) -> Result<HoldView, Refusal> {
    let identity = Identity::new(IdentityKind::Email, person.email).expect("everybody has an address");
    let words = |text: &str| Sensitive::new(text.to_owned());
    let new =
        NewHold { scope: NewScope::Subject(vec![identity]), matter: words("a matter"), reason: words("a reason") };
    let again = Idempotency { key: "hold".to_owned(), route: "POST /holds".to_owned(), body: b"hold".to_vec() };
    handlers.holds.place(&officer_of_holds(person.tenant, true), &new, Some(&again)).await
}

/// Releases a hold as another officer.
///
/// # Errors
/// As the handler refuses.
pub async fn release_hold(handlers: &Handlers, tenant: &str, hold: &HoldId) -> Result<HoldView, Refusal> {
    handlers.holds.release(&officer_of_holds(tenant, false), hold).await
}

fn was_vouched_for(job: &Job) -> bool {
    job.verification.as_ref().is_some_and(|proof| proof.method == VerificationMethod::Manual)
}

impl Story {
    pub(super) const PARKED_ERASURE: &[Act] = &[
        Act::People(Self::submit),
        Act::Alone(World::run_until_idle),
        Act::People(Self::shut_a_source),
        Act::People(Self::prove),
        Act::Alone(World::run_until_idle),
        Act::People(Self::start_again),
        Act::Alone(World::run_until_idle),
        Act::People(Self::approve),
        Act::People(Self::shut_a_source),
        Act::Alone(|world| world.advance(GRACE)),
        Act::People(Self::start_again),
        Act::Alone(|world| world.run_until_seen(world.memory.now() + SignedDuration::from_hours(2), has_begun)),
        Act::People(Self::shut_a_source),
        Act::Alone(|world| world.advance(SignedDuration::from_hours(2))),
        Act::People(Self::start_again),
        Act::Alone(|world| world.advance(SignedDuration::from_hours(6))),
        Act::People(Self::see_erased),
    ];

    pub(super) const HELD_ERASURE: &[Act] = &[
        Act::People(Self::submit),
        Act::Alone(World::run_until_idle),
        Act::People(Self::prove),
        Act::Alone(World::run_until_idle),
        Act::People(Self::approve),
        Act::People(Self::hold),
        Act::Alone(|world| world.advance(GRACE)),
        Act::People(Self::see_held),
        Act::People(Self::release),
        Act::Alone(|world| world.advance(SignedDuration::from_hours(6))),
        Act::People(Self::see_erased),
    ];

    pub(super) const CANCELLED_ERASURE: &[Act] = &[
        Act::People(Self::submit),
        Act::Alone(World::run_until_idle),
        Act::People(Self::prove),
        Act::Alone(World::run_until_idle),
        Act::People(Self::approve),
        Act::People(Self::cancel),
        Act::Alone(|world| world.advance(GRACE)),
        Act::People(Self::see_erased),
    ];

    fn shut_a_source(&mut self, world: &mut World) {
        world.memory.change_sources(|sources| sources.denied.push(SHUT.to_owned()));
    }

    /// Somebody opens the source and starts the erasure again, until there is an answer.
    fn start_again(&mut self, world: &mut World) {
        world.memory.change_sources(|sources| sources.denied.clear());
        let (staff, mut unanswered) = (officer(self.person.tenant), false);
        for _ in 0..TRIES {
            let Some(job) = self.stored(world) else { return };
            match job.status {
                JobStatus::NeedsHuman => {}
                JobStatus::Cancelled => return,
                // Vouched for by an officer, it was planned before the source was shut.
                JobStatus::AwaitingApproval if was_vouched_for(&job) => return,
                _ if unanswered => return,
                other => {
                    return self.broken.push(format!("INV-L1 a shut source did not stop the erasure, it is {other}"));
                }
            }
            let answer =
                world.call(&self.tenant(), async |handlers| handlers.act.act(&staff, &job.id, &Doing::Process).await);
            match answer {
                Ended::With(Ok(_)) => return,
                Ended::With(Err(Refusal::Busy | Refusal::Port(_))) | Ended::Crashed => unanswered = true,
                Ended::With(Err(refusal)) => self.broken.push(format!("INV-L1 starting again was refused: {refusal}")),
            }
        }
        self.broken.push("INV-L1 the erasure was never started again".to_owned());
    }

    /// An officer places a hold until it is effective.
    fn hold(&mut self, world: &mut World) {
        for _ in 0..TRIES {
            match world.call(&self.tenant(), async |handlers| place_hold(handlers, self.person).await) {
                Ended::With(Ok(view)) if view.hold.status == HoldStatus::Effective => return,
                // Work under way: it is over within its lease.
                Ended::With(Ok(_)) => world.advance(SignedDuration::from_mins(5)),
                Ended::With(Err(Refusal::Port(_))) | Ended::Crashed => {}
                Ended::With(Err(refusal)) => self.broken.push(format!("INV-E2 a hold was refused: {refusal}")),
            }
        }
        self.broken.push("INV-E2 the hold never became effective".to_owned());
    }

    /// The grace period is over, and nothing has gone.
    fn see_held(&mut self, world: &mut World) {
        let Some(job) = self.stored(world) else { return };
        if !matches!(job.status, JobStatus::OnHold | JobStatus::Cancelled) {
            self.broken.push(format!("INV-E1 a held erasure is {}", job.status));
        }
        if self.left.as_ref().is_some_and(|left| contents(left, &[]) != contents(&Self::sources(world), &[])) {
            self.broken.push("INV-E1 something was erased under an effective hold".to_owned());
        }
    }

    /// Another officer releases it until there is an answer.
    fn release(&mut self, world: &mut World) {
        if !(0..TRIES).any(|_| world.release_holds(&self.tenant())) {
            self.broken.push("INV-E1 another officer could not release the hold".to_owned());
        }
    }

    /// The person thinks again during the grace period, until there is an answer.
    fn cancel(&mut self, world: &mut World) {
        let staff = officer(self.person.tenant);
        for _ in 0..TRIES {
            let Some(job) = self.stored(world).filter(|job| job.status != JobStatus::Cancelled) else { return };
            let answer =
                world.call(&self.tenant(), async |handlers| handlers.act.act(&staff, &job.id, &Doing::Cancel).await);
            match answer {
                Ended::With(Ok(_)) => return,
                Ended::With(Err(Refusal::Busy | Refusal::Port(_))) | Ended::Crashed => {}
                Ended::With(Err(refusal)) => self.broken.push(format!("INV-E3 cancelling was refused: {refusal}")),
            }
        }
        self.broken.push("INV-E3 the erasure could not be taken back during its grace".to_owned());
    }
}
