//! One schedule: a story, the faults planned in it, the weather, and the verdict over all of it.

use std::collections::BTreeMap;

use adapters_memory::{Call, Fault, Mutants, Point, Snapshot};
use habeas_tests::invariants::{check_at_rest, check_canaries};
use habeas_tests::sample::Person;
use habeas_tests::story::Story;
use habeas_tests::weather::{Twist, Weather};
use habeas_tests::world::World;

/// What is done to a story.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schedule {
    /// Faults at port calls, by the number of the call in the run.
    pub(crate) faults: Vec<(Point, Fault)>,
    /// How messages fare.
    pub(crate) weather: Weather,
    /// What happens beside a delivery.
    pub(crate) twist: Option<Twist>,
}

/// How a schedule ended.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// What was broken; empty is good.
    pub(crate) broken: Vec<String>,
    /// Faults that happened.
    pub(crate) injected: u64,
    /// Notices that were mailed more than once.
    pub(crate) doubled_mails: u64,
    /// Calls in all.
    pub(crate) calls: Vec<Call>,
    /// Messages delivered.
    pub(crate) deliveries: u64,
}

/// A story that is ready to be run again and again, from the start or from one of its acts.
pub(crate) struct Stage {
    world: World,
    /// The state before each act, the story so far, and the calls made so far.
    acts: Vec<(Snapshot, Story, u64, u64)>,
}

impl Stage {
    /// Plays a story in fair weather and remembers where each act begins.
    pub(crate) fn new(person: Person, mutants: Mutants) -> Self {
        let mut world = World::new(1);
        world.memory.change(|state| state.mutants = mutants);
        let mut story = Story::new(person);
        let mut acts = Vec::new();
        for act in Story::ACTS {
            let calls = world.memory.inspect(|state| state.faults.calls().len() as u64);
            acts.push((world.memory.snapshot(), story.clone(), calls, world.deliveries));
            act(&mut story, &mut world);
        }
        Self { world, acts }
    }

    /// Runs a schedule; what lies before its first fault is taken from memory.
    pub(crate) fn run(&mut self, schedule: &Schedule) -> Verdict {
        let first = self.first_act(schedule);
        let (snapshot, story, _, deliveries) = &self.acts[first];
        let mut story = story.clone();
        let world = &mut self.world;
        world.restore(snapshot);
        world.deliveries = *deliveries;
        world.crashes = 0;
        world.weather = schedule.weather;
        world.twist = schedule.twist;
        world.memory.change(|state| {
            for (point, fault) in &schedule.faults {
                state.faults.plan(*point, *fault);
            }
        });
        for act in &Story::ACTS[first..] {
            act(&mut story, world);
        }
        verdict(world, &story)
    }

    fn first_act(&self, schedule: &Schedule) -> usize {
        if schedule.weather != Weather::Fair {
            return 0;
        }
        let calls = schedule.faults.iter().map(|(point, _)| point.call).min();
        let begins_before = |(_, _, made, delivered): &(Snapshot, Story, u64, u64)| {
            calls.is_none_or(|call| *made <= call) && schedule.twist.is_none_or(|twist| *delivered <= twist.delivery)
        };
        self.acts.iter().rposition(begins_before).unwrap_or(0)
    }
}

/// Comes to rest, delivers every message there ever was once more, and checks everything.
pub(crate) fn verdict(world: &mut World, story: &Story) -> Verdict {
    let (injected, calls) = world.memory.inspect(|state| (state.faults.injected(), state.faults.calls().to_vec()));
    let deliveries = world.deliveries;
    let mut broken = story.broken.clone();
    broken.extend(redeliver_everything(world));
    broken.extend(world.memory.inspect(|state| check_at_rest(state, &story.expected)));
    let mut notices: BTreeMap<String, u64> = BTreeMap::new();
    world.memory.inspect(|state| {
        for (_, mail) in &state.outbox.sent {
            *notices.entry(mail.notice_id.clone()).or_default() += 1;
        }
    });
    let doubled_mails = notices.values().map(|sent| sent - 1).sum();
    broken.sort();
    broken.dedup();
    Verdict { broken, injected, doubled_mails, calls, deliveries }
}

/// INV-S6: delivering any old message again changes nothing.
fn redeliver_everything(world: &mut World) -> Option<String> {
    let (before, sent) = world.memory.inspect(|state| (state.items.clone(), state.queues.sent.clone()));
    for message in &sent {
        world.handle(&message.nudge);
    }
    let changed = world.memory.inspect(|state| state.items != before);
    changed.then(|| "INV-S6 an old message changed something".to_owned())
}

/// The canary scan over everything a run has left (INV-A4).
pub(crate) fn canaries(stage: &Stage) -> Vec<String> {
    stage.world.memory.inspect(check_canaries)
}
