//! Pauses between tries: full jitter, derived from what is tried, so that no randomness is needed here.

use std::time::Duration;

/// How often something is tried that another writer may be in the way of.
pub(crate) const TRIES: u32 = 5;

/// Waits before try `attempt + 1`: between nothing and 40 ms doubled with each try, 1 s at most.
#[expect(clippy::disallowed_methods, reason = "an adapter backs off between tries")]
pub(crate) async fn pause(seed: &str, attempt: u32) {
    tokio::time::sleep(pause_for(seed, attempt)).await;
}

fn pause_for(seed: &str, attempt: u32) -> Duration {
    let ceiling_ms = 40_u64.saturating_mul(1 << attempt.min(10)).min(1_000);
    Duration::from_millis(spread(seed, attempt) % (ceiling_ms + 1))
}

/// FNV-1a with a final mix; nonces are random, so two writers in each other's way draw different pauses.
fn spread(seed: &str, attempt: u32) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = seed.bytes().chain(attempt.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, step);
    hash ^ (hash >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_differ_by_nonce_and_end_at_a_second() {
        assert_ne!(pause_for("a1", 3), pause_for("b2", 3));
        assert!((0..40).all(|attempt| pause_for("a1", attempt) <= Duration::from_secs(1)));
    }
}
