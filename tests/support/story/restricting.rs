//! The life of a restriction: asked for by staff, proven, standing, and lifted by an officer once the person was told.

use domain::ids::{HoldId, JobId};
use domain::job::JobStatus;
use domain::record::Record;
use domain::request::RequestType;
use domain::role::Role;
use jiff::SignedDuration;
use workflow::act_on_job::Act as Doing;
use workflow::refusal::Refusal;
use workflow::submit_request::NewRequest;

use super::{Act, Kind, Story, TRIES, erasure, mails, organisation, rectifying, renaming};
use crate::executor::Ended;
use crate::sample::{access, caller};
use crate::world::World;

impl Story {
    pub(super) const RESTRICTION: &[Act] = &[
        Act::People(Self::submit),
        Act::Alone(World::run_until_idle),
        Act::People(Self::prove),
        Act::Alone(World::run_until_idle),
        Act::People(Self::lift),
        Act::Alone(|world| world.advance(SignedDuration::from_hours(6))),
        Act::People(Self::see_lifted),
    ];

    /// What is asked for, and on which route.
    pub(super) fn request(&self) -> (NewRequest, &'static str) {
        match self.kind {
            Kind::Access => (access(self.person), "POST /export"),
            Kind::Erasure
            | Kind::DriftingErasure
            | Kind::ParkedErasure
            | Kind::HeldErasure
            | Kind::RestoredErasure
            | Kind::CancelledErasure
            | Kind::SharedErasure => (erasure::request(self.person), "POST /requests"),
            Kind::Rectification => (rectifying::request(self.person), "POST /requests"),
            Kind::RenamedIdentity => (renaming::request(self.person), "POST /requests"),
            Kind::OrganisationDeletion => (organisation::request(), "POST /delete"),
            Kind::Restriction => {
                let request = NewRequest { request_type: RequestType::Restriction, ..access(self.person) };
                (request, "POST /requests")
            }
        }
    }

    /// An officer lifts the restriction that stands, until there is an answer.
    pub(super) fn lift(&mut self, world: &mut World) {
        // Somebody else may have lifted it, or taken the request back.
        let mut is_others = world.twist.is_some();
        for _ in 0..TRIES {
            let Some(job) = self.stored(world) else { return };
            let is_over =
                job.status == JobStatus::Cancelled || job.restriction.as_ref().is_some_and(|it| it.lift.is_some());
            if is_others && is_over {
                return;
            }
            if !job.restricts() || guards(world, &job.id) == 0 {
                return self.broken.push(format!("Art. 18 nothing is restricted, the job is {}", job.status));
            }
            let dpo = caller(self.person.tenant, "dpo-2", &[Role::Dpo], None);
            let act = Doing::Lift { reason: "found to be right".to_owned(), told_by: None };
            let answer = world.call(&self.tenant(), async |handlers| handlers.act.act(&dpo, &job.id, &act).await);
            match answer {
                Ended::With(Ok(_)) => return,
                Ended::With(Err(Refusal::Busy | Refusal::Port(_))) | Ended::Crashed => is_others = true,
                Ended::With(Err(refusal)) => self.broken.push(format!("Art. 18 lifting was refused: {refusal}")),
            }
        }
        self.broken.push("INV-L1 the restriction was never lifted".to_owned());
    }

    /// The person was told, and nothing restricts any more.
    pub(super) fn see_lifted(&mut self, world: &mut World) {
        let Some(job) = self.stored(world).filter(|job| job.status != JobStatus::Cancelled) else { return };
        if job.restricts() || guards(world, &job.id) > 0 {
            self.broken.push("INV-L1 the restriction still stands".to_owned());
        }
        if mails(world, &job.id, "notify_lifting").is_empty() {
            self.broken.push("Art. 18(3) a restriction ended and the person was not told".to_owned());
        }
    }
}

/// How many guards restrict somebody because of a job.
fn guards(world: &World, job: &JobId) -> usize {
    let is_its = |mark: &HoldId| mark.as_str().trim_start_matches("hold_") == job.as_str().trim_start_matches("job_");
    let restricts = |record: &Record| {
        record
            .as_guard()
            .is_some_and(|guard| guard.holds.iter().any(is_its) && guard.key.stored_partition().contains("restricted"))
    };
    world.memory.inspect(|state| state.items.values().filter(|record| restricts(record)).count())
}
