//! One schedule: a story, the faults planned in it, the weather, and how it is run.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use adapters_memory::{Fault, Mutants, Point};
use habeas_tests::handlers::Handlers;
use habeas_tests::invariants::check_canaries;
use habeas_tests::story::Story;
use habeas_tests::weather::{Twist, Weather};
use habeas_tests::world::{Watcher, World};
use jiff::SignedDuration;

use crate::likeness::likeness;
use crate::marks::{Explored, Mark, mark};
use crate::verdict::{Verdict, glance, verdict};

/// What is done to a story.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schedule {
    /// Faults at port calls, by the number of the call in the run.
    pub(crate) faults: Vec<(Point, Fault)>,
    /// What happens beside a delivery.
    pub(crate) twist: Option<Twist>,
}

/// A story that is ready to be run again and again, from the last mark before its first fault.
pub(crate) struct Stage {
    world: World,
    marks: Vec<Mark>,
    explored: Explored,
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
        let explored = Explored::default();
        let (marks, ..) = mark(&mut world, story, 0, &explored);
        Self { world, marks, explored }
    }

    /// A stage on which a schedule's faults have their place already, with the run's own marks and its verdict; both end
    /// where it comes to a state that was explored.
    pub(crate) fn branch(&mut self, schedule: &Schedule) -> (Self, Verdict) {
        let story = self.begin(schedule);
        let act = self.mark_of(schedule).act;
        let mut world = World::over(self.world.memory.fork());
        (world.slice, world.deliveries, world.weather) = (self.world.slice, self.world.deliveries, self.world.weather);
        world.checked_archives.clone_from(&self.world.checked_archives);
        let (marks, story, is_known) = mark(&mut world, story, act, &self.explored);
        let verdict =
            if is_known { Verdict { is_known, ..glance(&world, &story) } } else { verdict(&mut world, &story) };
        if verdict.broken.is_empty() {
            let passed = marks.iter().filter_map(|mark| Some((mark.act, mark.like?)));
            self.explored.known_to_end_well.borrow_mut().extend(passed);
        }
        (Self { world, marks, explored: self.explored.clone() }, verdict)
    }

    /// Calls between two messages, where the state at the first is unlike any in which each fault was tried; tried now.
    pub(crate) fn untried(&self) -> Vec<Range<u64>> {
        let ends = self.marks.iter().skip(1).map(|mark| mark.calls).chain([u64::MAX]);
        let calls = self.marks.iter().zip(ends).filter(|(mark, end)| mark.calls < *end);
        let mut tried = self.explored.tried.borrow_mut();
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
                let (known, passing) = (Rc::clone(&self.explored.known_to_end_well), Rc::clone(&passed));
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
            self.explored.known_to_end_well.borrow_mut().extend(passed.borrow_mut().drain(..));
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
