//! Inclusion and consistency proofs: made from stored nodes (RFC 6962, 2.1), checked with hashes alone (RFC 9162, 2.1.3.2 and 2.1.4.2).

use crate::hash::Hash;

/// Where the roots of complete subtrees come from.
pub trait Nodes {
    /// Why a node can't be had.
    type Error;

    /// The root of the complete subtree of 2^level leaves that starts at leaf `index << level`.
    ///
    /// # Errors
    /// The node can't be read.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// Why a proof can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// The tree has no such leaf, or the smaller tree is larger.
    #[error("the tree has no such leaf or size")]
    OutOfRange,
    /// A node can't be read.
    #[error("a node of the tree can't be read")]
    Node(E),
}

impl<E> From<E> for ProveError<E> {
    fn from(error: E) -> Self {
        Self::Node(error)
    }
}

/// The proof that leaf `index` is in the tree of `size` leaves, from the leaf's sibling up.
///
/// # Errors
/// There is no such leaf, or a node can't be read.
pub fn prove_inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, ProveError<N::Error>> {
    if index >= size {
        return Err(ProveError::OutOfRange);
    }
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(subtree(nodes, middle, to)?);
            to = middle;
        } else {
            path.push(subtree(nodes, from, middle)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `size` leaves continues the one of `earlier` leaves.
///
/// # Errors
/// `earlier` is larger than `size`, or a node can't be read.
pub fn prove_consistency<N: Nodes>(nodes: &N, earlier: u64, size: u64) -> Result<Vec<Hash>, ProveError<N::Error>> {
    if earlier > size {
        return Err(ProveError::OutOfRange);
    }
    if earlier == 0 || earlier == size {
        return Ok(Vec::new());
    }
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while to != earlier {
        let middle = from + split(to - from);
        if earlier <= middle {
            path.push(subtree(nodes, middle, to)?);
            to = middle;
        } else {
            path.push(subtree(nodes, from, middle)?);
            from = middle;
        }
    }
    if from > 0 {
        path.push(subtree(nodes, from, to)?);
    }
    path.reverse();
    Ok(path)
}

/// The root of leaves `from..to`, where `from` is a multiple of a power of two not below the length.
///
/// # Errors
/// A node can't be read.
pub fn subtree<N: Nodes>(nodes: &N, from: u64, to: u64) -> Result<Hash, N::Error> {
    let mut rest = to - from;
    let mut at = from;
    let mut peaks = Vec::with_capacity(16);
    while rest > 0 {
        let length = 1 << rest.ilog2();
        peaks.push(nodes.node(length_bits(length), at / length)?);
        at += length;
        rest -= length;
    }
    let root = peaks.into_iter().rev().reduce(|right, left| Hash::of_children(&left, &right));
    Ok(root.unwrap_or_else(Hash::of_nothing))
}

fn length_bits(length: u64) -> u8 {
    u8::try_from(length.trailing_zeros()).expect("a u64 has at most 64 trailing zeros")
}

/// The largest power of two below `n`, for `n` above 1.
const fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// Whether the proof leads from the leaf to the root (RFC 9162, 2.1.3.2).
#[must_use]
pub fn holds_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = Hash::of_children(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::of_children(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether the proof leads from the earlier root to the later one (RFC 9162, 2.1.4.2).
#[must_use]
pub fn holds_consistency(earlier: (u64, &Hash), later: (u64, &Hash), proof: &[Hash]) -> bool {
    let ((first, first_root), (second, second_root)) = (earlier, later);
    if first > second {
        return false;
    }
    if first == second {
        return proof.is_empty() && first_root == second_root;
    }
    if first == 0 {
        return proof.is_empty() && *first_root == Hash::of_nothing();
    }
    let (start, rest) = match proof.split_first() {
        None => return false,
        Some(_) if first.is_power_of_two() => (first_root, proof),
        Some((start, rest)) => (start, rest),
    };
    // The right spine both trees share has no sibling in the proof.
    let shared = (first - 1).trailing_ones();
    let (mut node, mut last) = ((first - 1) >> shared, (second - 1) >> shared);
    let (mut of_first, mut of_second) = (*start, *start);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            of_first = Hash::of_children(sibling, &of_first);
            of_second = Hash::of_children(sibling, &of_second);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            of_second = Hash::of_children(&of_second, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && of_first == *first_root && of_second == *second_root
}
