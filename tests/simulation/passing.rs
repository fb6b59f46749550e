//! A hold on one of two people whose erasures are one pass: at each call of the pass, nothing of theirs goes once it is
//! effective, and the answer to placing it names what still runs (INV-E1, INV-E2).

use adapters_memory::{MemoryWorld, Mutants, Snapshot, Table};
use domain::hold::HoldStatus;
use domain::ids::JobId;
use domain::step::Nudge;
use habeas_tests::executor::{Ended, Held, run};
use habeas_tests::handlers::Handlers;
use habeas_tests::invariants::{Expected, check_always, is_of};
use habeas_tests::sample::{ADA, BOB, Person, access, officer, signed_in, tenant};
use habeas_tests::story::{open_lake, place_hold};
use habeas_tests::world::World;
use jiff::SignedDuration;
use workflow::act_on_job::Act;
use workflow::submit_request::NewRequest;

use crate::holds::ready_to_erase;

/// More than one pass makes.
const MOST_CALLS: u32 = 40;

/// Two erasures with rows in the same objects, their erase steps ready and none claimed.
struct Scene {
    world: World,
    base: Snapshot,
    jobs: [JobId; 2],
    /// The first one's, of the share whose rows are in the objects.
    nudge: Nudge,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        open_lake(&world.memory);
        let jobs = [ADA, BOB].map(|person| planned(&mut world, person));
        for job in &jobs {
            let stored = world.job(&tenant("acme"), job).expect("the job is there");
            let plan_hash = stored.erasure.and_then(|erasure| erasure.plan).expect("there is a plan").hash;
            let (staff, act) = (officer("acme"), Act::Approve { plan_hash });
            world.call(&tenant("acme"), async |it| it.act.act(&staff, job, &act).await.map(|_| ())).answer().unwrap();
        }
        let both = jobs.clone();
        world.watcher = Some(Box::new(move |memory, _| {
            let ready = ready_to_erase(memory);
            both.iter().all(|job| ready.iter().any(|nudge| nudge.job == *job))
        }));
        world.run_until_idle();
        assert!(world.is_stopped, "the two were never ready at once");
        (world.watcher, world.is_stopped) = (None, false);
        let nudges = ready_to_erase(&world.memory).into_iter().filter(|nudge| nudge.job == jobs[0]);
        let base = world.memory.snapshot();
        let nudge = nudges.into_iter().find(|nudge| {
            world.restore(&base);
            world.handle(nudge);
            world.memory.inspect(|state| !state.rewritten.is_empty())
        });
        let nudge = nudge.expect("a share is of the objects");
        Self { world, base, jobs, nudge }
    }

    /// The pass stands between two of its calls while the hold is placed on the second person.
    fn overlap(&mut self, mutants: Mutants, calls: u32) -> Vec<String> {
        self.world.restore(&self.base);
        self.world.memory.change(|state| {
            state.mutants = mutants;
            state.faults.reset();
        });
        let memory = self.world.memory.clone();
        let (one, other) = (Handlers::new(&memory), Handlers::new(&memory));
        let ends_at = memory.now() + self.world.slice;
        let mut worker = Held::new(&memory, Box::pin(one.erasure_worker.once(&self.nudge, ends_at)));
        worker.make_calls(calls);
        let placed = run(&memory, place_hold(&other, BOB)).answer().expect("a hold is never refused for load");
        let is_effective = |status: HoldStatus| status == HoldStatus::Effective;
        let then = is_effective(placed.hold.status).then(|| left(&memory));
        drop(worker.finish());
        let mut broken = Vec::new();
        if then.is_some_and(|then| then != left(&memory)) {
            broken.push("INV-E1 a pass erased what was under an effective hold".to_owned());
        }
        if then.is_none() && placed.in_flight.is_empty() {
            broken.push("INV-E2 a hold that is not effective names nothing under way".to_owned());
        }
        self.world.run_until(memory.now() + SignedDuration::from_mins(20));
        if then.is_some_and(|then| then != left(&memory)) {
            broken.push("INV-E1 something was erased under an effective hold, later".to_owned());
        }
        let accepted = self.jobs.iter().zip([ADA, BOB]);
        let accepted = accepted.map(|(job, person)| (tenant("acme"), job.clone(), person)).collect();
        broken.extend(memory.inspect(|state| check_always(state, &Expected { accepted, ..Expected::default() })));
        broken
    }
}

/// An erasure that waits for its approval.
fn planned(world: &mut World, person: Person) -> JobId {
    let request =
        NewRequest { request_type: domain::request::RequestType::Erasure, grace_days: Some(0), ..access(person) };
    let own = signed_in(person);
    let accepted = world.call(&tenant("acme"), async |it| it.submit.submit(&own, request, None).await);
    let Ended::With(Ok(accepted)) = accepted else { panic!("a good request is accepted") };
    world.run_until_idle();
    accepted.job.id
}

/// Rows that the second person has left.
fn left(memory: &MemoryWorld) -> usize {
    memory.inspect(|state| {
        let rows = state.sources.tables.values().flat_map(Table::rows);
        rows.filter(|row| is_of(row, BOB)).count()
    })
}

/// A scenario: a hold at every point of a pass.
pub(crate) fn hold_meets_pass(mutants: Mutants, seed: u64) -> Vec<String> {
    let mut scene = Scene::new(seed);
    let mut overlaps = (0..MOST_CALLS).map(|calls| scene.overlap(mutants, calls));
    overlaps.find(|broken| !broken.is_empty()).unwrap_or_default()
}
