//! Runs futures that never really wait, on this thread. A crash is a future that is dropped.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use adapters_memory::{MemoryWorld, SplitMix};

/// How a run of one task ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended<T> {
    /// With an answer.
    With(T),
    /// Its process died in a port call.
    Crashed,
}

impl<T> Ended<T> {
    /// The answer of a task that must not crash.
    ///
    /// # Panics
    /// If it crashed.
    pub fn answer(self) -> T {
        match self {
            Self::With(answer) => answer,
            Self::Crashed => panic!("the task crashed"),
        }
    }
}

/// Runs one task to its end, or to its crash.
///
/// # Panics
/// If the task waits for something that is not in the world.
pub fn run<T>(world: &MemoryWorld, task: impl Future<Output = T>) -> Ended<T> {
    let mut task = std::pin::pin!(task);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000_000 {
        if let Poll::Ready(answer) = task.as_mut().poll(&mut context) {
            return Ended::With(answer);
        }
        if world.change(|state| state.faults.take_crash()) {
            return Ended::Crashed;
        }
    }
    panic!("the task waits for something that is not in the world")
}

/// A task among others.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Runs tasks side by side, one port call at a time, in an order that `random` decides.
///
/// # Panics
/// If a task waits for something that is not in the world.
pub fn run_together<T>(world: &MemoryWorld, tasks: Vec<Task<'_, T>>, random: &mut SplitMix) -> Vec<Ended<T>> {
    let count = tasks.len();
    let mut live: Vec<(usize, Task<'_, T>)> = tasks.into_iter().enumerate().collect();
    let mut ended: Vec<Option<Ended<T>>> = std::iter::repeat_with(|| None).take(count).collect();
    let mut context = Context::from_waker(Waker::noop());
    world.change(|state| state.faults.interleaves = true);
    for _ in 0..1_000_000 {
        let Ok(bound) = u64::try_from(live.len()) else { break };
        if bound == 0 {
            break;
        }
        let at = usize::try_from(random.below(bound)).unwrap();
        let polled = live[at].1.as_mut().poll(&mut context);
        let crashed = world.change(|state| state.faults.take_crash());
        match polled {
            Poll::Ready(answer) => ended[live.swap_remove(at).0] = Some(Ended::With(answer)),
            Poll::Pending if crashed => ended[live.swap_remove(at).0] = Some(Ended::Crashed),
            Poll::Pending => {}
        }
    }
    world.change(|state| state.faults.interleaves = false);
    ended.into_iter().map(|one| one.expect("a task waits for something that is not in the world")).collect()
}

/// A task that makes as many calls as it is told to, and stands still in between.
pub struct Held<'a, T> {
    world: &'a MemoryWorld,
    task: Task<'a, T>,
    ended: Option<Option<T>>,
}

impl<'a, T> Held<'a, T> {
    /// A task that has not begun.
    #[must_use]
    pub fn new(world: &'a MemoryWorld, task: Task<'a, T>) -> Self {
        Self { world, task, ended: None }
    }

    /// Lets the task make so many calls.
    pub fn make_calls(&mut self, calls: u32) {
        // The first turn stops before the first call.
        for _ in 0..=calls {
            self.turn();
        }
    }

    /// Whether the task has come to its end, or has crashed.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Lets the task run to its end; `None` if it crashed.
    ///
    /// # Panics
    /// If it waits for something that is not in the world.
    pub fn finish(mut self) -> Option<T> {
        for _ in 0..1_000_000 {
            if let Some(ended) = self.ended {
                return ended;
            }
            self.turn();
        }
        panic!("the task waits for something that is not in the world")
    }

    fn turn(&mut self) {
        if self.ended.is_some() {
            return;
        }
        self.world.change(|state| state.faults.interleaves = true);
        let polled = self.task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let crashed = self.world.change(|state| {
            state.faults.interleaves = false;
            state.faults.take_crash()
        });
        match polled {
            Poll::Ready(answer) => self.ended = Some(Some(answer)),
            Poll::Pending if crashed => self.ended = Some(None),
            Poll::Pending => {}
        }
    }
}
