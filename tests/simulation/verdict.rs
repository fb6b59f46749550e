//! What a schedule has left, looked at in every way.

use std::collections::BTreeMap;

use adapters_memory::Call;
use habeas_tests::invariants::{check_always, check_at_rest};
use habeas_tests::story::Story;
use habeas_tests::world::World;

use crate::marks::Mark;

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
    pub(crate) fn since(self, mark: &Mark) -> Self {
        Self { made: self.made - mark.calls, ..self }
    }
}

/// Comes to rest, delivers every message there ever was once more, and checks everything.
pub(crate) fn verdict(world: &mut World, story: &Story) -> Verdict {
    let mut verdict = glance(world, story);
    verdict.broken.extend(redeliver_everything(world));
    verdict.broken.extend(world.memory.inspect(|state| check_at_rest(state, &story.expected)));
    verdict.broken.sort();
    verdict.broken.dedup();
    verdict
}

/// Checks what must hold at any time.
pub(crate) fn glance(world: &World, story: &Story) -> Verdict {
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
