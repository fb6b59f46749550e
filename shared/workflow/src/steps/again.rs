//! When a call of somebody else's system that failed is tried again.

use jiff::SignedDuration;

/// How long after each failed round the next one comes.
const WAITS: [SignedDuration; 7] = [
    SignedDuration::from_secs(10),
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(6),
    SignedDuration::from_hours(24),
];

/// How long to wait after so many failed rounds before this one; the longest wait is repeated.
pub(super) fn wait_after(rounds: u32) -> SignedDuration {
    let round = usize::try_from(rounds).unwrap_or(usize::MAX);
    WAITS[round.min(WAITS.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_the_longest_is_repeated() {
        let waits: Vec<SignedDuration> = (0..9).map(wait_after).collect();
        assert!(waits[..7].is_sorted_by(|one, next| one < next), "{waits:?}");
        assert_eq!(waits[6..], [SignedDuration::from_hours(24); 3]);
        assert_eq!(wait_after(u32::MAX), SignedDuration::from_hours(24));
    }
}
