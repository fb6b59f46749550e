//! Swarms of erasures: two people of two tenants want to be forgotten while a third wants an archive, and officers place
//! holds, take requests back and start again what a shut source has stopped; all at random, the seed is the whole run.

use adapters_memory::{Chaos, SplitMix};
use domain::ids::HoldId;
use domain::job::{Job, JobStatus};
use domain::role::Role;
use habeas_tests::executor::Ended;
use habeas_tests::invariants::{Expected, check_always, check_at_rest, check_canaries, is_of};
use habeas_tests::sample::{ADA, BOB, EVE, PEOPLE, Person, caller, officer, tenant};
use habeas_tests::story::{Kind, Story, place_hold};
use habeas_tests::world::World;
use jiff::SignedDuration;
use workflow::act_on_job::Act;

use crate::swarm;

/// Things that happen in one run.
const HAPPENINGS: u64 = 160;
/// A source that is shut now and then.
const SHUT: &str = "shop.orders";

/// How the erasures ended, and what they met: a swarm that never meets a hold proves nothing of holds.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    erased: u64,
    cancelled: u64,
    held: u64,
    started_again: u64,
}

impl Tally {
    /// Whether each of them happened.
    pub(crate) fn is_full(&self) -> bool {
        [self.erased, self.cancelled, self.held, self.started_again].iter().all(|count| *count > 0)
    }
}

/// Seeds that have found something: a share that was parked before the last of them had its step, and whose job could not
/// be started again.
pub(crate) const FOUND: [u64; 2] = [211, 490];

/// One random run; gives what was broken and how many faults were injected.
pub(crate) fn run(seed: u64, tally: &mut Tally) -> (Vec<String>, u64) {
    let mut random = SplitMix::new(seed ^ 0x00e7_a5ed);
    let mut world = World::new(seed);
    let chaos =
        Chaos { random: SplitMix::new(random.next()), crash: 8, fail: 12, lose_answer: 8, retried: 8, throttle: 6 };
    world.memory.change(|state| {
        state.faults.set_chaos(Some(chaos));
        state.tick = SignedDuration::from_millis(1);
    });
    let kinds = [(Kind::Erasure, ADA), (Kind::Access, BOB), (Kind::Erasure, EVE)];
    let mut stories = kinds.map(|(kind, person)| Story::of(kind, person));
    let mut broken = Vec::new();
    for _ in 0..HAPPENINGS {
        happen(&mut world, &mut stories, &mut random, tally);
        if random.happens(40) {
            broken.extend(world.memory.inspect(|state| check_always(state, &told(&stories))));
        }
    }
    let injected = world.memory.inspect(|state| state.faults.injected());
    // Every other one meets a hold at the end of its grace period, for sure.
    end(&mut world, &mut stories, tally, seed.is_multiple_of(2));
    broken.extend(stories.iter_mut().flat_map(|story| std::mem::take(&mut story.broken)));
    broken
        .extend(world.memory.inspect(|state| [check_at_rest(state, &told(&stories)), check_canaries(state)].concat()));
    for story in &stories {
        broken.extend(ended_well(&world, story, tally));
    }
    broken.sort();
    broken.dedup();
    (broken, injected)
}

fn told(stories: &[Story]) -> Expected {
    Expected {
        accepted: stories.iter().flat_map(|story| story.expected.accepted.clone()).collect(),
        links_handed_out: stories.iter().map(|story| story.expected.links_handed_out).sum(),
        approved: stories.iter().flat_map(|story| story.expected.approved.clone()).collect(),
        renamed: Vec::new(),
    }
}

fn happen(world: &mut World, stories: &mut [Story; 3], random: &mut SplitMix, tally: &mut Tally) {
    let at = usize::try_from(random.below(3)).unwrap_or(0);
    match random.below(26) {
        0..3 if stories[at].job.is_none() => stories[at].submit(world),
        3..11 => swarm::deliver_any(world, random),
        11 => swarm::duplicate_any(world, random),
        12 => swarm::redeliver_any(world, random),
        13 => swarm::lose_any(world, random),
        14 => drop(world.memory.change(|state| state.queues.purge())),
        15 => world.sweep(),
        16 => swarm::deliver_two_at_once(world, random),
        17 | 18 => swarm::prove(world, &mut stories[at]),
        19 => swarm::fetch(world, &mut stories[at]),
        20 | 21 => approve(world, &mut stories[at]),
        22 if random.happens(150) => swarm::cancel(world, &stories[at]),
        22 => start_again(world, &stories[at], tally),
        23 if random.happens(300) => hold(world, stories[at].person),
        23 => {
            world.release_holds(&tenant(stories[at].person.tenant));
        }
        24 if random.happens(300) => world.memory.change_sources(|sources| sources.denied.push(SHUT.to_owned())),
        24 => world.memory.change_sources(|sources| sources.denied.clear()),
        // A few minutes, or now and then half of the grace period.
        25 => {
            let longest = if random.happens(250) { 4 * 24 * 3_600 } else { 400 };
            world.memory.advance(SignedDuration::from_secs(i64::try_from(random.below(longest)).unwrap_or(0)));
        }
        _ => world.memory.advance(SignedDuration::from_secs(5)),
    }
}

/// Faults end, holds are released, sources open: whatever was accepted must come to its end (INV-L1).
fn end(world: &mut World, stories: &mut [Story; 3], tally: &mut Tally, is_held: bool) {
    world.memory.change(|state| state.faults.set_chaos(None));
    world.memory.change_sources(|sources| sources.denied.clear());
    release_all(world);
    for story in stories.iter_mut().filter(|story| story.job.is_none()) {
        story.submit(world);
    }
    // Started again, proven, approved, and once more where the plan was made anew.
    for round in 0..3 {
        for story in stories.iter_mut() {
            start_again(world, story, tally);
            world.run_until_idle();
            // The newest code may be too old: then another one is asked for.
            swarm::prove(world, story);
            swarm::prove(world, story);
            world.run_until_idle();
            approve(world, story);
            if is_held && round == 0 {
                hold(world, story.person);
            }
        }
        world.advance(SignedDuration::from_hours(24 * 8));
        release_all(world);
    }
    world.advance(SignedDuration::from_hours(24 * 20));
}

fn release_all(world: &mut World) {
    for person in PEOPLE {
        world.release_holds(&tenant(person.tenant));
    }
}

fn job_of(world: &World, story: &Story) -> Option<Job> {
    world.job(&tenant(story.person.tenant), story.job.as_ref()?)
}

/// Another officer approves the plan that waits, if one does.
fn approve(world: &mut World, story: &mut Story) {
    let Some(job) = job_of(world, story).filter(|job| job.status == JobStatus::AwaitingApproval) else { return };
    let Some(plan) = job.erasure.and_then(|erasure| erasure.plan) else { return };
    let sources = world.memory.inspect(|state| std::sync::Arc::clone(&state.sources));
    story.expected.approved.push((job.id.clone(), plan.hash.clone(), sources));
    let dpo = caller(story.person.tenant, "dpo-2", &[Role::Dpo], None);
    let (tenant, act) = (tenant(story.person.tenant), Act::Approve { plan_hash: plan.hash });
    // Refused while a hold covers the person.
    drop(world.call(&tenant, async |handlers| handlers.act.act(&dpo, &job.id, &act).await));
}

fn start_again(world: &mut World, story: &Story, tally: &mut Tally) {
    let Some(job) = job_of(world, story).filter(|job| job.status == JobStatus::NeedsHuman) else { return };
    let staff = officer(story.person.tenant);
    let answer = world
        .call(&tenant(story.person.tenant), async |handlers| handlers.act.act(&staff, &job.id, &Act::Process).await);
    tally.started_again += u64::from(matches!(answer, Ended::With(Ok(_))));
}

fn hold(world: &mut World, person: Person) {
    drop::<Ended<Option<HoldId>>>(world.call(&tenant(person.tenant), async |handlers| {
        place_hold(handlers, person).await.ok().map(|view| view.hold.id)
    }));
}

/// Whoever was to be forgotten is, or nothing of them is lost; nobody else has lost anything.
fn ended_well(world: &World, story: &Story, tally: &mut Tally) -> Option<String> {
    let (person, job) = (story.person, job_of(world, story)?);
    let rows = world.memory.inspect(|state| {
        let rows = state.sources.tables.values().flat_map(adapters_memory::Table::rows);
        rows.filter(|row| is_of(row, person)).count()
    });
    let was_held = world.audit_trail(&job.id).iter().any(|event| event.to.as_deref() == Some("on_hold"));
    tally.held += u64::from(was_held);
    let whole = 1 + 2 * habeas_tests::sample::ROWS_EACH;
    match (story.kind, job.status) {
        (Kind::Access, _) => (rows != whole).then(|| format!("INV-E4 {rows} rows of a bystander are left")),
        (_, JobStatus::Completed) => {
            tally.erased += 1;
            (rows > 0).then(|| format!("INV-E5 {rows} rows of the erased are left"))
        }
        // Nobody proved in time who they are, or somebody thought again.
        (_, JobStatus::Cancelled | JobStatus::Expired) => {
            tally.cancelled += 1;
            (rows != whole).then(|| format!("INV-E3 {rows} rows are left though the erasure was taken back"))
        }
        (_, other) => Some(format!("INV-L1 an erasure is still {other}")),
    }
}
