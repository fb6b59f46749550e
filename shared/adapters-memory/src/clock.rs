//! Time that stands until a test moves it, and bytes that follow from the seed.

use jiff::{SignedDuration, Timestamp};
use workflow::ports::{Clock, Entropy};

use crate::world::MemoryWorld;

/// Tells the world's time, shifted by the skew of its sandbox.
#[derive(Debug, Clone)]
pub struct MemoryClock {
    world: MemoryWorld,
    skew: SignedDuration,
}

impl MemoryClock {
    pub(crate) const fn new(world: MemoryWorld, skew: SignedDuration) -> Self {
        Self { world, skew }
    }
}

impl Clock for MemoryClock {
    fn now(&self) -> Timestamp {
        self.world.now() + self.skew
    }
}

/// Gives bytes of the world's seed.
#[derive(Debug, Clone)]
pub struct MemoryEntropy {
    world: MemoryWorld,
}

impl MemoryEntropy {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

impl Entropy for MemoryEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        self.world.change(|state| state.random.fill(buffer));
    }
}
