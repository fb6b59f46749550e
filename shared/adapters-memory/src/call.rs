//! The one door through which every port call goes: it counts, lets others run, and injects what was planned.

use std::future::{pending, poll_fn};
use std::task::Poll;

use workflow::ports::{PortError, PortErrorKind};

use crate::faults::Fault;
use crate::state::State;
use crate::world::MemoryWorld;

impl MemoryWorld {
    /// Makes one call. The effect happens at once and whole; it runs twice where the SDK is said to have retried.
    pub(crate) async fn call<T, E, F>(&self, operation: &'static str, effect: F) -> Result<T, E>
    where
        T: Send,
        E: From<PortError> + Send,
        F: FnMut(&mut State) -> Result<T, E> + Send,
    {
        if self.inspect(|state| state.faults.interleaves) {
            yield_once().await;
        }
        match self.change(|state| run(state, operation, effect)) {
            Some(answer) => answer,
            None => pending().await,
        }
    }
}

/// The answer of a call; `None` if the process died in it.
fn run<T, E, F>(state: &mut State, operation: &'static str, mut effect: F) -> Option<Result<T, E>>
where
    E: From<PortError>,
    F: FnMut(&mut State) -> Result<T, E>,
{
    state.now += state.tick;
    let (number, before) = state.faults.enter(operation);
    match before {
        Some(Fault::Crash) => return None,
        Some(Fault::Fail(kind)) => return Some(Err(PortError::new(kind, operation).into())),
        Some(Fault::Throttle(_)) => return Some(Err(PortError::new(PortErrorKind::Transient, operation).into())),
        Some(Fault::LoseAnswer | Fault::RetriedBySdk) | None => {}
    }
    let answer = effect(state);
    match state.faults.leave(number) {
        Some(Fault::Crash) => None,
        Some(Fault::LoseAnswer) => Some(answer.and(Err(PortError::new(PortErrorKind::Transient, operation).into()))),
        Some(Fault::RetriedBySdk) => {
            state.is_retry = true;
            let second = effect(state);
            state.is_retry = false;
            Some(second)
        }
        Some(Fault::Fail(_) | Fault::Throttle(_)) | None => Some(answer),
    }
}

/// Lets other tasks run once.
pub async fn yield_once() {
    let mut has_yielded = false;
    poll_fn(|context| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
