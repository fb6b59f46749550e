//! The system's clock and generator, behind the ports of the workflow.

use std::sync::Arc;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use jiff::{SignedDuration, Timestamp};
use workflow::ports::{Clock, Entropy};

use crate::settings::Settings;

/// The system's time, moved by a fixed offset.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    offset: SignedDuration,
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one clock behind the port")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(self.offset).unwrap_or(now)
    }
}

/// The clock of jobs, grace periods and due dates: it follows `HABEAS_CLOCK_OFFSET`.
#[must_use]
pub fn system_clock(settings: &Settings) -> Arc<SystemClock> {
    Arc::new(SystemClock { offset: settings.clock_offset })
}

/// The clock of tokens, links and logs: it follows nothing.
#[must_use]
pub fn wall_clock() -> Arc<SystemClock> {
    Arc::new(SystemClock { offset: SignedDuration::ZERO })
}

/// When a slice of work ends: 20 % of the time left is kept for the checkpoint and the commit.
#[must_use]
pub fn slice_end(now: Timestamp, deadline: Timestamp) -> Timestamp {
    let left = deadline.duration_since(now).max(SignedDuration::ZERO);
    now.checked_add(left * 4 / 5).unwrap_or(now)
}

/// Random bytes of the operating system.
#[derive(Debug, Default)]
pub struct SystemEntropy {
    random: SystemRandom,
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        self.random.fill(buffer).expect("the operating system always has random bytes once it has started");
    }
}

/// The operating system's generator.
#[must_use]
pub fn system_entropy() -> Arc<SystemEntropy> {
    Arc::new(SystemEntropy::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_keeps_a_fifth_of_the_time_left() {
        let now = Timestamp::UNIX_EPOCH;
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(slice_end(now, at(100)), at(80));
        assert_eq!(slice_end(at(200), at(100)), at(200));
    }

    #[test]
    fn two_draws_differ() {
        let entropy: Arc<dyn Entropy> = system_entropy();
        assert_ne!(entropy.bytes::<16>(), entropy.bytes::<16>());
    }
}
