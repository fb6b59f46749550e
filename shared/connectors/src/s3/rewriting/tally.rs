//! How many rows of an object are the order's, and a digest of them that does not depend on their order.

use sha2::{Digest as _, Sha256};

use super::Fate;
use super::chosen::Counts;

/// Counts of one object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Rows that the order takes and would change.
    pub(crate) rows: u64,
    /// All other rows.
    pub(crate) others: u64,
    /// Of the very rows that are meant, where they are known: how many of each were taken.
    pub(super) taken: Counts,
    /// Whether one of the rows is another order's, which comes first.
    pub(crate) is_behind: bool,
    sum: [u8; 32],
}

impl Tally {
    pub(crate) fn add(&mut self, fate: &Fate, seen: impl FnOnce() -> String) {
        match fate {
            Fate::Stay(_) => return,
            Fate::Goes | Fate::Becomes(_) => {}
        }
        self.rows += 1;
        // Added, not chained: rows that were put in another order are still the same rows.
        let digest = Sha256::digest(seen().as_bytes());
        let mut carry = 0_u16;
        for (sum, byte) in self.sum.iter_mut().zip(digest) {
            let total = u16::from(*sum) + u16::from(byte) + carry;
            *sum = u8::try_from(total & 0xFF).expect("eight bits");
            carry = total >> 8;
        }
    }

    /// The digest of the rows.
    pub(crate) fn seen(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(self.rows.to_be_bytes());
        digest.update(self.sum);
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
