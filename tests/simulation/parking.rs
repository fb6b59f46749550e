//! Shares of an erasure that are parked while something else goes on: the last of them gets its step, or somebody starts
//! again what is parked. Whatever the order of the calls, what is parked in the end can be started again.

use adapters_memory::{Fault, Mutants, Point, Side, Snapshot};
use domain::ids::JobId;
use domain::job::JobStatus;
use domain::key::TenantKey;
use domain::request::RequestType;
use habeas_tests::executor::{Ended, Held, Task};
use habeas_tests::handlers::Handlers;
use habeas_tests::invariants::{Expected, check_always};
use habeas_tests::sample::{ADA, access, officer, signed_in, tenant};
use habeas_tests::world::World;
use jiff::SignedDuration;
use workflow::act_on_job::Act;
use workflow::submit_request::NewRequest;

/// Sources that are shut, in shares of their own.
const SHUT: [&str; 2] = ["app.notes", "shop.orders"];
/// More than starting again makes.
const MOST_CALLS: u32 = 12;
/// More than making the shares and parking two of them takes.
const MOST_CALLS_OF_SHARES: u64 = 48;

/// An erasure that was asked for; two of its shares can't be planned.
fn asked(seed: u64, mutants: Mutants) -> (World, JobId) {
    let mut world = World::new(seed);
    world.memory.change(|state| state.mutants = mutants);
    world.memory.change_sources(|sources| sources.denied.extend(SHUT.map(str::to_owned)));
    let request = NewRequest { request_type: RequestType::Erasure, ..access(ADA) };
    let own = signed_in(ADA);
    let accepted = world.call(&tenant("acme"), async |it| it.submit.submit(&own, request, None).await);
    let Ended::With(Ok(accepted)) = accepted else { panic!("a good request is accepted") };
    (world, accepted.job.id)
}

/// One of the shares is parked.
fn parked(seed: u64) -> (World, JobId) {
    let (mut world, job) = asked(seed, Mutants::NONE);
    let needed = TenantKey::job(&tenant("acme"), &job);
    world.watcher = Some(Box::new(move |memory, _| {
        memory.inspect(|state| {
            let job = state.items.get(&needed).map(|record| domain::record::Record::clone(record));
            job.and_then(domain::record::Record::into_job).is_some_and(|job| job.status == JobStatus::NeedsHuman)
        })
    }));
    world.run_until_idle();
    assert!(world.is_stopped, "nothing was parked");
    (world.watcher, world.is_stopped) = (None, false);
    (world, job)
}

/// Starting again stands between two of its calls while the other share is parked.
fn overlap(world: &mut World, base: &Snapshot, job: &JobId, (mutants, calls): (Mutants, u32)) -> Vec<String> {
    world.restore(base);
    world.memory.change(|state| state.mutants = mutants);
    let memory = world.memory.clone();
    let (handlers, staff) = (Handlers::new(&memory), officer("acme"));
    let start = async |handlers: &Handlers| drop(handlers.act.act(&staff, job, &Act::Process).await);
    let mut starting = Held::new(&memory, Box::pin(start(&handlers)) as Task<'_, ()>);
    starting.make_calls(calls);
    world.run_until_idle();
    starting.finish();
    let expected = Expected { accepted: vec![(tenant("acme"), job.clone(), ADA)], ..Expected::default() };
    let mut broken = memory.inspect(|state| check_always(state, &expected));
    memory.change_sources(|sources| sources.denied.clear());
    for _ in 0..2 {
        world.run_until_idle();
        let _: Ended<()> = world.call(&tenant("acme"), async |it| start(it).await);
    }
    world.run_until_idle();
    match world.job(&tenant("acme"), job).map(|job| job.status) {
        Some(JobStatus::AwaitingApproval) => {}
        other => broken.push(format!("INV-L1 the erasure was started again, and is {other:?}")),
    }
    broken
}

/// A scenario: a share is parked at every point of starting again.
pub(crate) fn start_meets_parking(mutants: Mutants, seed: u64) -> Vec<String> {
    let (mut world, job) = parked(seed);
    let base = world.memory.snapshot();
    let overlaps = (0..MOST_CALLS).map(|calls| overlap(&mut world, &base, &job, (mutants, calls)));
    overlaps.into_iter().find(|broken| !broken.is_empty()).unwrap_or_default()
}

/// A scenario: the step that makes the shares dies or fails at each of its calls, and comes again when they are
/// parked.
pub(crate) fn parked_before_all_are_made(mutants: Mutants, seed: u64) -> Vec<String> {
    let (mut world, job) = asked(seed, mutants);
    let base = world.memory.snapshot();
    let expected = Expected { accepted: vec![(tenant("acme"), job.clone(), ADA)], ..Expected::default() };
    for call in 0..MOST_CALLS_OF_SHARES {
        for (side, fault) in [(Side::Before, Fault::Crash), (Side::After, Fault::LoseAnswer)] {
            world.restore(&base);
            world.memory.change(|state| {
                state.faults.reset();
                state.faults.plan(Point { call, side }, fault);
            });
            world.run_until(world.memory.now() + SignedDuration::from_mins(15));
            let mut broken = world.memory.inspect(|state| check_always(state, &expected));
            match world.job(&tenant("acme"), &job).map(|job| job.status) {
                Some(JobStatus::NeedsHuman) => {}
                other => broken.push(format!("INV-L1 two shares are parked, and the erasure is {other:?}")),
            }
            if !broken.is_empty() {
                return broken;
            }
        }
    }
    Vec::new()
}
