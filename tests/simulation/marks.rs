//! The places of a story from which schedules start: its state at each message and each act, and what that state is like.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use adapters_memory::{MemoryWorld, Snapshot};
use habeas_tests::story::Story;
use habeas_tests::world::{Watcher, World};

use crate::likeness::likeness;

/// Moments of an act whose states are kept at most; beyond that every second one is forgotten.
const MOST_KEPT: usize = 256;

/// A place in a story from which a schedule can start.
pub(crate) struct Mark {
    /// The state, unless it was forgotten again: stories of weeks have too many moments.
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) story: Story,
    pub(crate) act: usize,
    pub(crate) calls: u64,
    pub(crate) deliveries: u64,
    /// What decides the future, where nothing is to go wrong any more. Between two acts people remember nothing.
    pub(crate) like: Option<u64>,
}

/// Likenesses of states, by act.
pub(crate) type Likes = Rc<RefCell<HashSet<(usize, u64)>>>;

/// States from which nothing new can come.
#[derive(Clone, Default)]
pub(crate) struct Explored {
    /// From these the rest of the story was seen to end well.
    pub(crate) known_to_end_well: Likes,
    /// In these each fault has been tried until the next message, and in what follows them too.
    pub(crate) tried: Likes,
}

impl Explored {
    fn has(&self, state: (usize, u64)) -> bool {
        self.tried.borrow().contains(&state) && self.known_to_end_well.borrow().contains(&state)
    }
}

/// Plays a story from one of its acts and marks each message and each act, until it comes to a state that was explored;
/// says whether it came to one.
pub(crate) fn mark(world: &mut World, mut story: Story, first: usize, explored: &Explored) -> (Vec<Mark>, Story, bool) {
    let mut marks = Vec::new();
    for (number, act) in story.acts().iter().enumerate().skip(first) {
        let seen: Rc<RefCell<Vec<Mark>>> = Rc::default();
        let (marks_of_act, so_far, explored) = (Rc::clone(&seen), story.clone(), explored.clone());
        let mark_here = move |memory: &MemoryWorld, deliveries| {
            let calls = memory.inspect(|state| state.faults.calls().len() as u64);
            let like = memory.inspect(|state| state.faults.is_settled().then(|| likeness(state)));
            let (snapshot, story) = (Some(memory.snapshot()), so_far.clone());
            let mut marks = marks_of_act.borrow_mut();
            marks.push(Mark { snapshot, story, act: number, calls, deliveries, like });
            forget_some(&mut marks);
            like.is_some_and(|like| explored.has((number, like)))
        };
        mark_here(&world.memory, world.deliveries);
        // Only where nobody acts can the act be taken up again in its middle.
        world.watcher = act.is_left_alone().then(|| Box::new(mark_here) as Watcher);
        act.play(&mut story, world);
        world.watcher = None;
        marks.append(&mut seen.borrow_mut());
        if std::mem::take(&mut world.is_stopped) {
            return (marks, story, true);
        }
    }
    (marks, story, false)
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
