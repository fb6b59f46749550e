//! Identities that are corrected while something else goes on: the person is erased, or whoever has the right value, or the
//! person asks for a restriction under the wrong one. Whatever the order of the calls, nobody loses what protects them.

use adapters_memory::{MemoryWorld, Mutants, Snapshot, Table};
use domain::correction::{Corrected, Correction};
use domain::datum::Datum;
use domain::ids::JobId;
use domain::job::{Job, JobStatus};
use domain::record::Record;
use domain::request::{IdentityKind, RequestType};
use domain::step::{Nudge, StepKind};
use habeas_tests::executor::{Held, Task, run};
use habeas_tests::handlers::Handlers;
use habeas_tests::invariants::{Expected, check_always, check_at_rest, is_of};
use habeas_tests::sample::{ADA, BOB, Person, access, officer, signed_in, tenant};
use habeas_tests::story::{Kind, RENAMED, Story, keep_copies, renamed};
use habeas_tests::weather::{Weather, ask_to_restrict, work, work_on};
use habeas_tests::world::World;
use jiff::SignedDuration;
use workflow::act_on_job::Act;
use workflow::submit_request::NewRequest;

use crate::erasing::all_erasures;
use crate::faults::{self, Share};
use crate::holds::ready_to_erase;
use crate::report::Report;
use crate::twists;

/// More than a correction needs.
const MOST_DELIVERIES: u32 = 100;

/// Every fault at every call of the correction of an identity, from the request until the person was found by the right
/// value and a restriction was lifted under both; a debug build plays a sample.
#[test]
fn corrections_of_identities_survive_every_single_fault() {
    let mut report = Report::new("single faults in corrections of identities");
    for weather in Weather::ALL {
        let share = match weather {
            _ if all_erasures() => Share::All,
            Weather::Fair => Share::OneIn(43),
            Weather::Doubled | Weather::Reversed | Weather::Purged => Share::OneIn(211),
        };
        faults::erasure_singles(&mut report, Kind::RenamedIdentity, weather, share);
    }
    report.conclude();
}

/// A second worker, a cancellation, a sweep, a hold under either value, the end of a restriction or another one between two
/// calls; all places with `--release` or `HABEAS_ERASURES=all`.
#[test]
fn overlaps_in_corrections_of_identities_are_survived() {
    let mut report = Report::new("overlaps in corrections of identities");
    let share = if all_erasures() { Share::UntilKnown } else { Share::OneIn(97) };
    twists::every(&mut report, Mutants::NONE, Kind::RenamedIdentity, share);
    report.conclude();
}

#[test]
fn corrections_of_identities_meet_erasures_and_restrictions() {
    let mut report = Report::new("corrections of identities, erasures and restrictions");
    for (name, scenario) in crate::crowds::OF_CORRECTIONS {
        report.note_broken(name, scenario(Mutants::NONE, 0));
    }
    report.conclude();
}

/// A correction of Ada's address, asked for by herself.
struct Scene {
    world: World,
    base: Snapshot,
    job: JobId,
    expected: Expected,
    other: JobId,
}

/// Where the other job was met.
enum Met {
    /// Between two calls, or before the first.
    Within,
    /// After the last call of a delivery.
    After,
    /// There is no such delivery.
    Never,
}

fn ask(world: &mut World, person: Person, request: NewRequest) -> JobId {
    let own = signed_in(person);
    let accepted = world.call(&tenant("acme"), async |it| it.submit.submit(&own, request, None).await).answer();
    accepted.expect("a good request is accepted").job.id
}

fn correction(right: &str) -> NewRequest {
    let of = Corrected::Identity { kind: IdentityKind::Email, was: ADA.email.to_owned() };
    let corrections = vec![Correction { of, value: Datum::Text(right.to_owned()) }];
    NewRequest { request_type: RequestType::Rectification, corrections, ..access(ADA) }
}

/// Approves the plan that waits for it; says whether one did.
fn approve(world: &mut World, job: &JobId) -> bool {
    let before = stored(world, job);
    let plan = before.erasure.and_then(|erasure| erasure.plan).filter(|_| before.status == JobStatus::AwaitingApproval);
    let Some(plan) = plan else { return false };
    let (staff, act) = (officer("acme"), Act::Approve { plan_hash: plan.hash });
    world.call(&tenant("acme"), async |it| it.act.act(&staff, job, &act).await).answer().is_ok()
}

fn stored(world: &World, job: &JobId) -> Job {
    world.job(&tenant("acme"), job).expect("the job is there")
}

/// The next message of a job.
fn next_of(memory: &MemoryWorld, job: &JobId) -> Option<Nudge> {
    memory.change(|state| {
        let own = state.queues.visible(state.now).find(|(_, message)| message.nudge.job == *job)?.0;
        let delivery = state.queues.receive_this(own, state.now)?;
        state.queues.acknowledge(delivery.id);
        Some(Nudge::clone(&delivery.nudge))
    })
}

impl Scene {
    /// Bob has asked to be forgotten, and his rows are gone; nobody is suppressed yet. His address is the one that is right.
    fn beside_an_erasure(seed: u64, mutants: Mutants) -> Self {
        let mut world = World::new(seed);
        world.memory.change(|state| state.mutants = mutants);
        let request = NewRequest { request_type: RequestType::Erasure, grace_days: Some(0), ..access(BOB) };
        let other = ask(&mut world, BOB, request);
        world.run_until_idle();
        approve(&mut world, &other);
        world.watcher = Some(Box::new(|memory, _| {
            memory.inspect(|state| {
                let is_confirmed =
                    |record: &Record| matches!(record, Record::Step(step) if step.kind == StepKind::Conclude);
                state.items.values().any(|record| is_confirmed(record))
            })
        }));
        world.run_until_idle();
        assert!(world.is_stopped, "nothing was erased");
        (world.watcher, world.is_stopped) = (None, false);
        let job = ask(&mut world, ADA, correction(BOB.email));
        Self::of(world, (job, other), BOB.email)
    }

    /// Ada has asked for a restriction as well.
    fn beside_a_restriction(seed: u64, mutants: Mutants) -> Self {
        let mut world = World::new(seed);
        world.memory.change(|state| state.mutants = mutants);
        keep_copies(&world.memory);
        world.handlers = Handlers::new(&world.memory);
        let job = ask(&mut world, ADA, correction(RENAMED.email));
        world.run_until_idle();
        let (memory, handlers) = (world.memory.clone(), Handlers::new(&world.memory));
        let other = run(&memory, ask_to_restrict(&handlers, ADA)).answer().expect("a good request is accepted");
        Self::of(world, (job, other), RENAMED.email)
    }

    /// Ada wants to be forgotten, and her rows are about to go.
    fn beside_an_erasure_of_her_own(seed: u64, mutants: Mutants) -> Self {
        let mut world = World::new(seed);
        world.memory.change(|state| state.mutants = mutants);
        let job = ask(&mut world, ADA, correction(RENAMED.email));
        world.run_until_idle();
        let request = NewRequest { request_type: RequestType::Erasure, grace_days: Some(0), ..access(ADA) };
        let other = ask(&mut world, ADA, request);
        world.run_until_idle();
        approve(&mut world, &other);
        world.watcher = Some(Box::new(|memory, _| !ready_to_erase(memory).is_empty()));
        world.run_until_idle();
        assert!(world.is_stopped, "nothing is about to go");
        (world.watcher, world.is_stopped) = (None, false);
        let mut scene = Self::of(world, (job, other), RENAMED.email);
        // Rows that are corrected may go all the same.
        scene.expected.renamed.clear();
        scene
    }

    fn of(world: World, (job, other): (JobId, JobId), right: &'static str) -> Self {
        let mut story = Story::of(Kind::Rectification, ADA);
        story.job = Some(job.clone());
        let known = renamed(&world, &story, right).expect("the keys are there");
        let accepted = [(&job, ADA), (&other, if right == BOB.email { BOB } else { ADA })];
        let accepted = accepted.map(|(job, person)| (tenant("acme"), job.clone(), person)).into();
        let expected = Expected { accepted, renamed: vec![known], ..Expected::default() };
        // Each write has a time of its own.
        world.memory.change(|state| state.tick = SignedDuration::from_millis(1));
        let base = world.memory.snapshot();
        Self { world, base, job, expected, other }
    }

    /// The correction is played alone; between two calls of one of its deliveries the other job runs to its end.
    fn other_meets(&mut self, delivery: u32, calls: u32) -> Met {
        self.meet((&self.job.clone(), &self.other.clone()), delivery, calls)
    }

    /// The other way round.
    fn meets_other(&mut self, delivery: u32, calls: u32) -> Met {
        self.meet((&self.other.clone(), &self.job.clone()), delivery, calls)
    }

    fn meet(&mut self, (played, beside): (&JobId, &JobId), delivery: u32, calls: u32) -> Met {
        let memory = self.world.memory.clone();
        let slice = self.world.slice;
        let (mut number, mut met) = (0, Met::Never);
        loop {
            let Some(nudge) = next_of(&memory, played) else {
                if approve(&mut self.world, played) {
                    continue;
                }
                return met;
            };
            let handlers = Handlers::new(&memory);
            if number == delivery {
                let mut worker = Held::new(&memory, Box::pin(work(&handlers, &nudge, slice)) as Task<'_, bool>);
                worker.make_calls(calls);
                met = if worker.has_ended() { Met::After } else { Met::Within };
                approve(&mut self.world, beside);
                let others = Handlers::new(&memory);
                run(&memory, work_on(&memory, &others, beside, slice)).answer();
                worker.finish();
            } else {
                run(&memory, work(&handlers, &nudge, slice)).answer();
            }
            number += 1;
        }
    }

    /// Everything goes on until nothing is under way.
    fn verdict(&mut self) -> Vec<String> {
        let mut broken = self.world.memory.inspect(|state| check_always(state, &self.expected));
        self.world.run_until_idle();
        approve(&mut self.world, &self.job);
        self.world.run_until_idle();
        broken.extend(self.world.memory.inspect(|state| check_at_rest(state, &self.expected)));
        broken
    }
}

/// Plays each place of a scene, in a debug build every fourth of them, until something is broken.
fn each_place(
    mut scene: Scene,
    play: fn(&mut Scene, u32, u32) -> Met,
    and: fn(&Scene) -> Option<String>,
) -> Vec<String> {
    let mut places = 0;
    for delivery in 0..MOST_DELIVERIES {
        for calls in (0..).step_by(if all_erasures() { 1 } else { 4 }) {
            scene.world.restore(&scene.base);
            let met = play(&mut scene, delivery, calls);
            if matches!(met, Met::Never) {
                assert!(places > 10, "{places} places are not all of them");
                return Vec::new();
            }
            places += 1;
            let mut broken = scene.verdict();
            broken.extend(and(&scene));
            if !broken.is_empty() {
                broken.push(format!("after {calls} calls of delivery {delivery}"));
                return broken;
            }
            if matches!(met, Met::After) {
                break;
            }
        }
    }
    vec![format!("INV-L1 more than {MOST_DELIVERIES} deliveries")]
}

/// A scenario: the right value is that of somebody whose erasure is concluded at some point of the correction.
pub(crate) fn erasure_meets_correction(mutants: Mutants, seed: u64) -> Vec<String> {
    each_place(Scene::beside_an_erasure(seed, mutants), Scene::other_meets, |scene| {
        let rows = scene.world.memory.inspect(|state| {
            let rows = state.sources.tables.values().flat_map(Table::rows);
            rows.filter(|row| is_of(row, ADA)).count()
        });
        (rows != 7).then(|| format!("INV-E4 {rows} rows of a bystander are left"))
    })
}

/// A scenario: a restriction is carried out at some point of the correction.
pub(crate) fn restriction_meets_correction(mutants: Mutants, seed: u64) -> Vec<String> {
    let ended = |scene: &Scene| {
        let status = stored(&scene.world, &scene.job).status;
        (status != JobStatus::Completed).then(|| format!("INV-L1 the correction is not completed but {status}"))
    };
    let mut broken = each_place(Scene::beside_a_restriction(seed, mutants), Scene::other_meets, ended);
    broken.extend(each_place(Scene::beside_a_restriction(seed, mutants), Scene::meets_other, ended));
    broken
}

/// A scenario: the person is erased meanwhile. Nothing of the person is left, or a person looks.
pub(crate) fn own_erasure_meets_correction(mutants: Mutants, seed: u64) -> Vec<String> {
    let nothing = |_: &Scene| None;
    let mut broken = each_place(Scene::beside_an_erasure_of_her_own(seed, mutants), Scene::other_meets, nothing);
    broken.extend(each_place(Scene::beside_an_erasure_of_her_own(seed, mutants), Scene::meets_other, nothing));
    broken
}
