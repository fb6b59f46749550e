//! A stream in memory that takes masked events: all of them, or only the first ones when told to.

use async_trait::async_trait;
use workflow::ports::{EventBatch, EventSink, MaskedEvent, PortError};

use crate::world::MemoryWorld;

/// What was written, doubles included, and what will be refused.
#[derive(Debug, Clone, Default)]
pub struct MaskedStream {
    /// Every event in the order of its arrival.
    pub events: Vec<MaskedEvent>,
    /// How many events the next call takes at most.
    pub takes: Option<usize>,
}

/// The stream of the world.
#[derive(Debug, Clone)]
pub struct MemoryEventSink {
    world: MemoryWorld,
}

impl MemoryEventSink {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl EventSink for MemoryEventSink {
    async fn write(&self, batch: &EventBatch) -> Result<usize, PortError> {
        self.world
            .call("write_events", |state| {
                let stream = &mut state.stream;
                let count = stream.takes.take().unwrap_or(usize::MAX).min(batch.events.len());
                stream.events.extend_from_slice(&batch.events[..count]);
                Ok(count)
            })
            .await
    }
}
