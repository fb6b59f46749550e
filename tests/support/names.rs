//! Names nobody else uses: tenants, jobs, nonces. Seeded, so that a run can be repeated.

use adapters_memory::SplitMix;
use domain::ids::{JobId, OpNonce, TenantId};
use jiff::{SignedDuration, Timestamp};

/// Draws fresh names.
#[derive(Debug, Clone)]
pub struct Names {
    random: SplitMix,
    now: Timestamp,
}

impl Names {
    /// Names of a seed; ids carry times from `now` on.
    #[must_use]
    pub const fn new(seed: u64, now: Timestamp) -> Self {
        Self { random: SplitMix::new(seed), now }
    }

    /// The time of the next id; each is a second later than the one before.
    pub fn tick(&mut self) -> Timestamp {
        self.now += SignedDuration::from_secs(1);
        self.now
    }

    /// `N` bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// A tenant.
    ///
    /// # Panics
    /// Never: sixteen digits and letters are a slug.
    pub fn tenant(&mut self) -> TenantId {
        format!("tenant-{:016x}", self.random.next()).parse().unwrap()
    }

    /// A job, later than every one before.
    pub fn job(&mut self) -> JobId {
        JobId::new(self.tick(), self.bytes())
    }

    /// A nonce.
    pub fn nonce(&mut self) -> OpNonce {
        OpNonce::new(self.bytes())
    }
}
