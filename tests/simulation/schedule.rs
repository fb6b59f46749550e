//! One schedule: a story, the faults planned in it, the weather, and the verdict over all of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use adapters_memory::{Call, Fault, MemoryWorld, Mutants, Point, Snapshot};
use habeas_tests::handlers::Handlers;
use habeas_tests::invariants::{check_always, check_at_rest, check_canaries};
use habeas_tests::story::Story;
use habeas_tests::weather::{Twist, Weather};
use habeas_tests::world::{Watcher, World};
use jiff::SignedDuration;

use crate::likeness::likeness;

/// What is done to a story.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schedule {
    /// Faults at port calls, by the number of the call in the run.
    pub(crate) faults: Vec<(Point, Fault)>,
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
    /// Calls in all, also those before the mark it started from.
    pub(crate) calls: Vec<Call>,
    /// Calls that were made in this run.
    pub(crate) made: u64,
    /// Messages delivered.
    pub(crate) deliveries: u64,
    /// Whether the end was taken from a state that is alike.
    pub(crate) is_known: bool,
}

impl Verdict {
    /// The same, without the calls that lie before a mark.
    fn since(self, mark: &Mark) -> Self {
        Self { made: self.made - mark.calls, ..self }
    }
}

/// A place in the story without faults from which a schedule can start.
struct Mark {
    /// The state, unless it was forgotten again: stories of weeks have too many moments.
    snapshot: Option<Snapshot>,
    story: Story,
    act: usize,
    calls: u64,
    deliveries: u64,
    /// What decides the future, where nothing is to go wrong any more. Between two acts people remember nothing.
    like: Option<u64>,
}

/// Moments of an act whose states are kept at most; beyond that every second one is forgotten.
const MOST_KEPT: usize = 256;

/// States in which each fault has been tried until the next message, by act.
pub(crate) type Tried = HashSet<(usize, u64)>;

/// A story that is ready to be run again and again, from the last mark before its first fault.
pub(crate) struct Stage {
    world: World,
    marks: Vec<Mark>,
    /// Likenesses of states from which the rest of the story was seen to end well, by act.
    known_to_end_well: Rc<RefCell<HashSet<(usize, u64)>>>,
}

impl Stage {
    /// Plays a story in one weather and marks each message and each act.
    pub(crate) fn new(story: Story, mutants: Mutants, weather: Weather) -> Self {
        let mut world = World::new(1);
        world.weather = weather;
        // Time must move with each call: two writes of one moment can't overwrite each other's event, which hides much.
        world.memory.change(|state| state.tick = SignedDuration::from_millis(1));
        Self::in_world(story, mutants, world)
    }

    /// The same with slices that end after a few calls, so that every step saves and goes on.
    pub(crate) fn sliced(story: Story, calls: i64) -> Self {
        let mut world = World::new(1);
        world.memory.change(|state| state.tick = SignedDuration::from_secs(1));
        world.slice = SignedDuration::from_secs(calls);
        Self::in_world(story, Mutants::NONE, world)
    }

    fn in_world(story: Story, mutants: Mutants, mut world: World) -> Self {
        world.memory.change(|state| {
            state.mutants = mutants;
            // Deflating would take a fifth of the time; crowds, swarms and flows do it.
            state.packs_nothing = true;
        });
        // Some bugs are in what the handlers are wired of.
        world.handlers = Handlers::new(&world.memory);
        let (marks, _) = mark(&mut world, story, 0);
        Self { world, marks, known_to_end_well: Rc::default() }
    }

    /// A stage on which a schedule's faults have their place already, with the run's own marks and its verdict.
    pub(crate) fn branch(&mut self, schedule: &Schedule) -> (Self, Verdict) {
        let story = self.begin(schedule);
        let act = self.mark_of(schedule).act;
        let mut world = World::over(self.world.memory.fork());
        (world.slice, world.deliveries, world.weather) = (self.world.slice, self.world.deliveries, self.world.weather);
        world.checked_archives.clone_from(&self.world.checked_archives);
        let (marks, story) = mark(&mut world, story, act);
        let verdict = verdict(&mut world, &story);
        (Self { world, marks, known_to_end_well: Rc::clone(&self.known_to_end_well) }, verdict)
    }

    /// Calls between two messages, where the state at the first is unlike any in which each fault was tried; tried now.
    pub(crate) fn untried(&self, tried: &mut Tried) -> Vec<Range<u64>> {
        let ends = self.marks.iter().skip(1).map(|mark| mark.calls).chain([u64::MAX]);
        let calls = self.marks.iter().zip(ends).filter(|(mark, end)| mark.calls < *end);
        let mut is_new = |mark: &Mark| mark.like.is_none_or(|like| tried.insert((mark.act, like)));
        calls.filter_map(|(mark, end)| is_new(mark).then_some(mark.calls..end)).collect()
    }

    /// Runs a schedule to its very end; what lies before its first fault is taken from memory.
    pub(crate) fn run(&mut self, schedule: &Schedule) -> Verdict {
        let mut story = self.begin(schedule);
        let act = self.mark_of(schedule).act;
        for act in &story.acts()[act..] {
            act.play(&mut story, &mut self.world);
        }
        verdict(&mut self.world, &story).since(self.mark_of(schedule))
    }

    /// Runs a schedule until it has come back to a state whose like is known to end well, or to its end.
    pub(crate) fn run_until_known(&mut self, schedule: &Schedule) -> Verdict {
        let mut story = self.begin(schedule);
        let first = self.mark_of(schedule).act;
        let passed: Rc<RefCell<Vec<(usize, u64)>>> = Rc::default();
        for (number, act) in story.acts().iter().enumerate().skip(first) {
            // People in the middle of an act remember what the state does not show.
            self.world.watcher = act.is_left_alone().then(|| {
                let (known, passing) = (Rc::clone(&self.known_to_end_well), Rc::clone(&passed));
                let twisted_after = schedule.twist.map(|twist| twist.delivery);
                let watcher: Watcher = Box::new(move |memory, deliveries| {
                    if twisted_after.is_some_and(|delivery| deliveries <= delivery) {
                        return false;
                    }
                    let like = memory.inspect(|state| state.faults.is_settled().then(|| likeness(state)));
                    let Some(like) = like else { return false };
                    passing.borrow_mut().push((number, like));
                    known.borrow().contains(&(number, like))
                });
                watcher
            });
            act.play(&mut story, &mut self.world);
            self.world.watcher = None;
            if self.world.is_stopped {
                self.world.is_stopped = false;
                let verdict = Verdict { is_known: true, ..glance(&self.world, &story) };
                return verdict.since(self.mark_of(schedule));
            }
        }
        let verdict = verdict(&mut self.world, &story);
        if verdict.broken.is_empty() {
            self.known_to_end_well.borrow_mut().extend(passed.borrow_mut().drain(..));
        }
        verdict.since(self.mark_of(schedule))
    }

    fn begin(&mut self, schedule: &Schedule) -> Story {
        let at = self.mark_index(schedule);
        let (mark, world) = (&self.marks[at], &mut self.world);
        world.restore(mark.snapshot.as_ref().expect("a schedule starts where the state is kept"));
        world.deliveries = mark.deliveries;
        world.crashes = 0;
        world.twist = schedule.twist;
        world.memory.change(|state| {
            for (point, fault) in &schedule.faults {
                state.faults.plan(*point, *fault);
            }
        });
        mark.story.clone()
    }

    fn mark_of(&self, schedule: &Schedule) -> &Mark {
        &self.marks[self.mark_index(schedule)]
    }

    /// The last mark from which the schedule still sees all that it changes.
    fn mark_index(&self, schedule: &Schedule) -> usize {
        let first_call = schedule.faults.iter().map(|(point, _)| point.call).min();
        let comes_before = |mark: &Mark| {
            mark.snapshot.is_some()
                && first_call.is_none_or(|call| mark.calls <= call)
                && schedule.twist.is_none_or(|twist| mark.deliveries <= twist.delivery)
        };
        // Without a fault or a twist the whole story is wanted.
        let is_calm = first_call.is_none() && schedule.twist.is_none();
        if is_calm { 0 } else { self.marks.iter().rposition(comes_before).unwrap_or(0) }
    }

    /// The canary scan over everything the last run has left (INV-A4).
    pub(crate) fn canaries(&self) -> Vec<String> {
        self.world.memory.inspect(check_canaries)
    }
}

/// Plays a story from one of its acts and marks each message and each act.
fn mark(world: &mut World, mut story: Story, first: usize) -> (Vec<Mark>, Story) {
    let mut marks = Vec::new();
    for (number, act) in story.acts().iter().enumerate().skip(first) {
        let seen: Rc<RefCell<Vec<Mark>>> = Rc::default();
        let (marks_of_act, so_far) = (Rc::clone(&seen), story.clone());
        let mark_here = move |memory: &MemoryWorld, deliveries| {
            let calls = memory.inspect(|state| state.faults.calls().len() as u64);
            let like = memory.inspect(|state| state.faults.is_settled().then(|| likeness(state)));
            let (snapshot, story) = (Some(memory.snapshot()), so_far.clone());
            let mut marks = marks_of_act.borrow_mut();
            marks.push(Mark { snapshot, story, act: number, calls, deliveries, like });
            forget_some(&mut marks);
            false
        };
        mark_here(&world.memory, world.deliveries);
        // Only where nobody acts can the act be taken up again in its middle.
        world.watcher = act.is_left_alone().then(|| Box::new(mark_here) as Watcher);
        act.play(&mut story, world);
        world.watcher = None;
        marks.append(&mut seen.borrow_mut());
    }
    (marks, story)
}

/// Forgets every second state but the first, where there are too many.
fn forget_some(marks: &mut [Mark]) {
    if !marks.len().is_multiple_of(32) {
        return;
    }
    let kept: Vec<usize> = (0..marks.len()).filter(|at| marks[*at].snapshot.is_some()).collect();
    if kept.len() > MOST_KEPT {
        kept.iter().skip(1).step_by(2).for_each(|at| marks[*at].snapshot = None);
    }
}

/// Comes to rest, delivers every message there ever was once more, and checks everything.
fn verdict(world: &mut World, story: &Story) -> Verdict {
    let mut verdict = glance(world, story);
    verdict.broken.extend(redeliver_everything(world));
    verdict.broken.extend(world.memory.inspect(|state| check_at_rest(state, &story.expected)));
    verdict.broken.sort();
    verdict.broken.dedup();
    verdict
}

/// Checks what must hold at any time.
fn glance(world: &World, story: &Story) -> Verdict {
    world.memory.inspect(|state| {
        let mut notices: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, mail) in &state.outbox.sent {
            *notices.entry(&mail.notice_id).or_default() += 1;
        }
        let mut broken = story.broken.clone();
        broken.extend(check_always(state, &story.expected));
        Verdict {
            broken,
            injected: state.faults.injected(),
            doubled_mails: notices.values().map(|sent| sent - 1).sum(),
            calls: state.faults.calls().to_vec(),
            made: state.faults.calls().len() as u64,
            deliveries: world.deliveries,
            is_known: false,
        }
    })
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
