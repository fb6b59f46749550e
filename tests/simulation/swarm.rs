//! Random swarms: several stories at once, everything that can happen happening at random. A printed seed replays a run.

use adapters_memory::{Chaos, SplitMix};
use domain::job::JobStatus;
use habeas_tests::executor::{Task, run_together};
use habeas_tests::handlers::Handlers;
use habeas_tests::invariants::{Expected, check_always, check_at_rest, check_canaries};
use habeas_tests::sample::{ADA, BOB, EVE};
use habeas_tests::story::Story;
use habeas_tests::world::World;
use jiff::SignedDuration;
use workflow::act_on_job::Act;

/// Things that happen in one run.
const HAPPENINGS: u64 = 120;

/// One random run; gives what was broken and how many faults were injected.
pub(crate) fn run(seed: u64) -> (Vec<String>, u64) {
    let mut random = SplitMix::new(seed);
    let mut world = World::new(seed);
    let chaos =
        Chaos { random: SplitMix::new(random.next()), crash: 8, fail: 12, lose_answer: 8, retried: 8, throttle: 6 };
    world.memory.change(|state| state.faults.set_chaos(Some(chaos)));
    world.memory.change(|state| state.tick = SignedDuration::from_millis(1));
    let mut stories: Vec<Story> = [ADA, BOB, EVE].into_iter().map(Story::new).collect();
    let mut broken = Vec::new();
    for _ in 0..HAPPENINGS {
        happen(&mut world, &mut stories, &mut random);
        if random.happens(50) {
            broken.extend(world.memory.inspect(|state| check_always(state, &told(&stories))));
        }
    }
    let injected = world.memory.inspect(|state| state.faults.injected());
    // Faults end; whatever was accepted must come to its end (INV-L1).
    world.memory.change(|state| state.faults.set_chaos(None));
    for story in stories.iter_mut().filter(|story| story.job.is_none()) {
        story.submit(&mut world);
    }
    world.advance(SignedDuration::from_hours(24 * 20));
    for story in &mut stories {
        broken.append(&mut story.broken);
    }
    broken
        .extend(world.memory.inspect(|state| [check_at_rest(state, &told(&stories)), check_canaries(state)].concat()));
    broken.extend(objects_left(&world, &stories));
    broken.sort();
    broken.dedup();
    (broken, injected)
}

fn told(stories: &[Story]) -> Expected {
    let accepted = stories.iter().flat_map(|story| story.expected.accepted.clone()).collect();
    let links_handed_out = stories.iter().map(|story| story.expected.links_handed_out).sum();
    Expected { accepted, links_handed_out, ..Expected::default() }
}

fn happen(world: &mut World, stories: &mut [Story], random: &mut SplitMix) {
    let at = usize::try_from(random.below(stories.len() as u64)).unwrap_or(0);
    match random.below(20) {
        0..2 if stories[at].job.is_none() => stories[at].submit(world),
        2..10 => deliver_any(world, random),
        10 => duplicate_any(world, random),
        11 => redeliver_any(world, random),
        12 => lose_any(world, random),
        13 => drop(world.memory.change(|state| state.queues.purge())),
        14 => world.sweep(),
        15 => outage(world, random),
        16 => deliver_two_at_once(world, random),
        17 => prove(world, &mut stories[at]),
        18 => fetch(world, &mut stories[at]),
        19 if random.happens(60) => cancel(world, &stories[at]),
        _ => world.memory.advance(SignedDuration::from_secs(5)),
    }
}

/// Nothing runs for a while: minutes, or now and then up to forty days.
fn outage(world: &World, random: &mut SplitMix) {
    let longest = if random.happens(100) { 40 * 24 * 3_600 } else { 400 };
    world.memory.advance(SignedDuration::from_secs(i64::try_from(random.below(longest)).unwrap_or(0)));
}

fn visible(world: &World, random: &mut SplitMix) -> Option<u64> {
    world.memory.inspect(|state| {
        let ids: Vec<u64> = state.queues.visible(state.now).map(|(id, _)| id).collect();
        let at = usize::try_from(random.below(ids.len() as u64)).ok()?;
        ids.get(at).copied()
    })
}

pub(crate) fn deliver_any(world: &mut World, random: &mut SplitMix) {
    let Some(id) = visible(world, random) else { return world.sweep() };
    let delivery = world.memory.change(|state| state.queues.receive_this(id, state.now));
    if let Some(delivery) = delivery {
        world.deliver(&delivery);
    }
}

pub(crate) fn duplicate_any(world: &World, random: &mut SplitMix) {
    if let Some(id) = visible(world, random) {
        world.memory.change(|state| state.queues.duplicate(id));
    }
}

pub(crate) fn lose_any(world: &World, random: &mut SplitMix) {
    if let Some(id) = visible(world, random) {
        world.memory.change(|state| state.queues.acknowledge(id));
    }
}

pub(crate) fn redeliver_any(world: &mut World, random: &mut SplitMix) {
    let nudge = world.memory.inspect(|state| {
        let at = usize::try_from(random.below(state.queues.sent.len() as u64)).ok()?;
        state.queues.sent.get(at).map(|sent| sent.nudge.clone())
    });
    if let Some(nudge) = nudge {
        world.handle(&nudge);
    }
}

pub(crate) fn deliver_two_at_once(world: &mut World, random: &mut SplitMix) {
    let (Some(one), Some(other)) = (visible(world, random), visible(world, random)) else { return };
    let nudges = world
        .memory
        .inspect(|state| [one, other].map(|id| state.queues.waiting.get(&id).map(|message| message.nudge.clone())));
    let [Some(one), Some(other)] = nudges else { return };
    let sandboxes = [Handlers::new(&world.memory), Handlers::new(&world.memory)];
    let ends_at = world.memory.now() + world.slice;
    let work = |at: usize, nudge| {
        let sandbox: &Handlers = &sandboxes[at];
        Box::pin(async move {
            let nudge: std::sync::Arc<domain::step::Nudge> = nudge;
            let worker = match nudge.step.queue() {
                domain::step::QueueName::Export => &sandbox.export_worker,
                domain::step::QueueName::Erasure => &sandbox.erasure_worker,
                domain::step::QueueName::Notification => &sandbox.notification_worker,
            };
            worker.once(&nudge, ends_at).await.is_ok()
        }) as Task<'_, bool>
    };
    run_together(&world.memory, vec![work(0, one), work(1, other)], random);
}

/// Only somebody whose code has come types it.
pub(crate) fn prove(world: &mut World, story: &mut Story) {
    let Some(job) = story.job.clone() else { return };
    let waits = world.job(&habeas_tests::sample::tenant(story.person.tenant), &job);
    let has_code = habeas_tests::story::newest_mail(world, &job, "notify_code").is_some();
    if has_code && waits.is_some_and(|job| job.status == JobStatus::AwaitingVerification) {
        story.try_to_prove(world);
    }
}

pub(crate) fn fetch(world: &mut World, story: &mut Story) {
    let Some(job) = story.job.clone() else { return };
    let tenant = habeas_tests::sample::tenant(story.person.tenant);
    if world.job(&tenant, &job).is_some_and(|job| job.status == JobStatus::Completed) {
        story.try_to_fetch(world, &job, None);
    }
}

pub(crate) fn cancel(world: &mut World, story: &Story) {
    let Some(job) = story.job.clone() else { return };
    let staff = habeas_tests::sample::officer(story.person.tenant);
    let tenant = habeas_tests::sample::tenant(story.person.tenant);
    drop(world.call(&tenant, async |handlers| handlers.act.act(&staff, &job, &Act::Cancel).await));
}

/// INV-X3: once every job has ended and its life is over, no object of any is left.
fn objects_left(world: &World, stories: &[Story]) -> Option<String> {
    let open = |story: &Story| {
        let job = story.job.as_ref().and_then(|id| world.job(&habeas_tests::sample::tenant(story.person.tenant), id));
        job.is_none_or(|job| job.is_open())
    };
    if stories.iter().any(open) {
        return None;
    }
    let is_left = |key: &&std::sync::Arc<str>| !key.starts_with("receipts/");
    let left = world.memory.inspect(|state| state.objects.stored.keys().find(is_left).cloned());
    left.map(|key| format!("INV-X3 {} outlives its job", key.split('/').next().unwrap_or_default()))
}
