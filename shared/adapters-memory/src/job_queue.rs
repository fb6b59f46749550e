//! Queues with the vices of real ones, under the test's control: late, doubled, lost, out of order.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::record::Record;
use domain::step::{Nudge, QueueName};
use jiff::{SignedDuration, Timestamp};
use workflow::ports::{JobQueue, PortError, PortErrorKind};

use crate::mutants::Mutant;
use crate::state::State;
use crate::world::MemoryWorld;

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it says.
    pub nudge: Arc<Nudge>,
    /// When it can be received.
    pub visible_at: Timestamp,
    /// How often it was received.
    pub receives: u32,
}

/// A message that was sent, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What it says.
    pub nudge: Arc<Nudge>,
    /// When.
    pub at: Timestamp,
}

/// A message in a worker's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its receipt.
    pub id: u64,
    /// What it says.
    pub nudge: Arc<Nudge>,
    /// How often it was received, this time included.
    pub receives: u32,
}

/// Both queues.
#[derive(Debug, Clone)]
pub struct Queues {
    /// Messages that were sent and not acknowledged, by receipt.
    pub waiting: BTreeMap<u64, Message>,
    /// Messages that were received too often.
    pub dead: Vec<Message>,
    /// Every message ever sent.
    pub sent: Vec<Sent>,
    /// How long a received message stays hidden.
    pub visibility: SignedDuration,
    /// After how many receives a message is dead.
    pub maximum_receives: u32,
    next_id: u64,
}

impl Default for Queues {
    fn default() -> Self {
        let visibility = SignedDuration::from_secs(720);
        Self {
            waiting: BTreeMap::new(),
            dead: Vec::new(),
            sent: Vec::new(),
            visibility,
            maximum_receives: 5,
            next_id: 0,
        }
    }
}

impl Queues {
    /// Puts a message in its queue.
    pub fn put(&mut self, nudge: Arc<Nudge>, visible_at: Timestamp) -> u64 {
        self.next_id += 1;
        self.waiting.insert(self.next_id, Message { nudge, visible_at, receives: 0 });
        self.next_id
    }

    /// Receipts of the messages that can be received now, oldest first.
    pub fn visible(&self, now: Timestamp) -> impl Iterator<Item = (u64, &Message)> {
        self.waiting.iter().filter(move |(_, message)| message.visible_at <= now).map(|(id, message)| (*id, message))
    }

    /// Receives the oldest message of a queue, or of both.
    pub fn receive(&mut self, queue: Option<QueueName>, now: Timestamp) -> Option<Delivery> {
        let fits = |message: &Message| queue.is_none_or(|queue| message.nudge.step.queue() == queue);
        let id = self.visible(now).find(|(_, message)| fits(message)).map(|(id, _)| id)?;
        self.receive_this(id, now)
    }

    /// Receives one message; a message received too often goes to the dead ones instead.
    pub fn receive_this(&mut self, id: u64, now: Timestamp) -> Option<Delivery> {
        let message = self.waiting.get_mut(&id)?;
        if message.receives >= self.maximum_receives {
            let message = self.waiting.remove(&id)?;
            self.dead.push(message);
            return None;
        }
        message.receives += 1;
        message.visible_at = now + self.visibility;
        Some(Delivery { id, nudge: Arc::clone(&message.nudge), receives: message.receives })
    }

    /// Deletes a received message.
    pub fn acknowledge(&mut self, id: u64) {
        self.waiting.remove(&id);
    }

    /// Gives a received message back.
    pub fn give_back(&mut self, id: u64, visible_at: Timestamp) {
        if let Some(message) = self.waiting.get_mut(&id) {
            message.visible_at = visible_at;
        }
    }

    /// Deletes every message; says how many.
    pub fn purge(&mut self) -> usize {
        let count = self.waiting.len();
        self.waiting.clear();
        count
    }

    /// Delivers a waiting message once more.
    pub fn duplicate(&mut self, id: u64) -> Option<u64> {
        let message = self.waiting.get(&id)?.clone();
        Some(self.put(message.nudge, message.visible_at))
    }

    /// When the next hidden message can be received.
    #[must_use]
    pub fn next_visible_at(&self) -> Option<Timestamp> {
        self.waiting.values().map(|message| message.visible_at).min()
    }
}

/// Sends to the queues of the world.
#[derive(Debug, Clone)]
pub struct MemoryJobQueue {
    world: MemoryWorld,
}

impl MemoryJobQueue {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl JobQueue for MemoryJobQueue {
    async fn send(&self, nudges: &[Nudge], delay_seconds: u32) -> Result<(), PortError> {
        self.world
            .call("send", |state| {
                if delay_seconds > 900 {
                    return Err(PortError::new(PortErrorKind::Corrupt, "send"));
                }
                if !state.mutants.has(Mutant::SendBeforeCommit) {
                    nudges.iter().for_each(|nudge| send_one(state, nudge, delay_seconds));
                }
                Ok(())
            })
            .await
    }
}

/// Sends one nudge, and notes it if it announces what is not committed.
pub(crate) fn send_one(state: &mut State, nudge: &Nudge, delay_seconds: u32) {
    state.check_tenant("send", &nudge.tenant);
    let stored = crate::job_store::read_item(state, &nudge.step_key()).and_then(|record| match record {
        Record::Step(step) => Some(step.version),
        Record::Job(_)
        | Record::Event(_)
        | Record::Challenge(_)
        | Record::Ticket(_)
        | Record::Idempotency(_)
        | Record::Key(_)
        | Record::Suppression(_)
        | Record::DataMapPointer(_)
        | Record::Hold(_)
        | Record::Guard(_)
        | Record::Claim(_)
        | Record::Retention(_)
        | Record::RetentionRun(_)
        | Record::Notices(_)
        | Record::MailMark(_)
        | Record::Complaint(_)
        | Record::Counter(_) => None,
    });
    if stored.is_none_or(|version| version < nudge.version) {
        state.violations.push(format!("INV-S5 a nudge for {} announces what is not committed", nudge.step));
    }
    let nudge = Arc::new(nudge.clone());
    let at = state.now;
    state.queues.sent.push(Sent { nudge: Arc::clone(&nudge), at });
    state.queues.put(nudge, at + SignedDuration::from_secs(i64::from(delay_seconds)));
}
