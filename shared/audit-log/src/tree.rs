//! The growing RFC 6962 tree: one hash per bit of its size, so a log of any length needs at most 64 of them.

use crate::hash::Hash;
use crate::tile::TILE_WIDTH;

/// A tree of which only the right edge is kept: the roots of its complete subtrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// `peaks[b]` is the root of the complete subtree of 2^b leaves, if bit b of the size is set.
    peaks: [Hash; 64],
}

impl Default for Tree {
    fn default() -> Self {
        Self { size: 0, peaks: [Hash::default(); 64] }
    }
}

impl Tree {
    /// A tree from the roots of its complete subtrees, the largest first; `None` unless there is one per set bit.
    #[must_use]
    pub fn from_peaks(size: u64, largest_first: &[Hash]) -> Option<Self> {
        let mut tree = Self { size, ..Self::default() };
        if size.count_ones() as usize != largest_first.len() {
            return None;
        }
        let bits = (0..64).rev().filter(|bit| size >> bit & 1 == 1);
        for (bit, peak) in bits.zip(largest_first) {
            tree.peaks[bit] = *peak;
        }
        Some(tree)
    }

    /// How many leaves there are.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends the hash of a leaf; answers the root of the 256 leaves it completes, if it does.
    pub fn push(&mut self, leaf: Hash) -> Option<Hash> {
        let completed = self.carry(leaf, 0);
        self.size += 1;
        completed
    }

    /// Appends 256 leaves by their root, to a tree whose size is a multiple of 256: after any other size the root is wrong.
    pub fn push_tile(&mut self, root: Hash) {
        debug_assert!(self.size.is_multiple_of(TILE_WIDTH), "a tile follows whole tiles");
        self.carry(root, 8);
        self.size += TILE_WIDTH;
    }

    /// Puts the root of 2^level leaves; what it meets at its level is joined with it, and so on upwards.
    fn carry(&mut self, mut hash: Hash, mut level: usize) -> Option<Hash> {
        let mut tile = None;
        while self.size >> level & 1 == 1 {
            hash = Hash::of_children(&self.peaks[level], &hash);
            level += 1;
            if level == 8 {
                tile = Some(hash);
            }
        }
        self.peaks[level] = hash;
        tile
    }

    /// The root (RFC 6962, 2.1).
    #[must_use]
    pub fn root(&self) -> Hash {
        let set = (0..64).filter(|bit| self.size >> bit & 1 == 1);
        set.map(|bit| self.peaks[bit])
            .reduce(|right, left| Hash::of_children(&left, &right))
            .unwrap_or_else(Hash::of_nothing)
    }
}
