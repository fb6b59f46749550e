//! Repeatable choices for the sample company: `SplitMix64`, one stream per collection. Not for secrets.

/// A stream of numbers that depends on nothing but the seed and the stream's name.
pub(super) struct Random(u64);

impl Random {
    /// Streams of different names are independent, so a new collection leaves the bytes of the others as they are.
    pub(super) fn stream(seed: u64, name: &str) -> Self {
        let start = name
            .bytes()
            .fold(seed ^ 0x9e37_79b9_7f4a_7c15, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(start)
    }

    /// The next 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 when there is no room.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.bits() % limit).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True in about `percent` of 100 calls.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the words; the lists given are constants and never empty.
    pub(super) fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words.get(self.below(words.len())).copied().unwrap_or_default()
    }

    /// An identifier such as `msg_5f1c09a2b3d4`.
    pub(super) fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}_{:012x}", self.bits() >> 16)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn equal_names_repeat_and_other_names_differ() {
        let first = Random::stream(7, "messages").bits();
        assert_eq!(first, Random::stream(7, "messages").bits());
        assert_ne!(first, Random::stream(7, "consents").bits());
        assert_ne!(first, Random::stream(8, "messages").bits());
    }
}
