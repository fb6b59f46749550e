//! Time and randomness.

use jiff::Timestamp;

/// Tells the time. Correctness never depends on it, only due dates and leases do.
pub trait Clock: Send + Sync {
    /// The time now; read once per use case.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes from the operating system, or from a seed in tests.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }
}
