//! Many hashes at once. Hashing one input waits for each round of the one before; two inputs in turns, block by block, fill the time.

use std::slice;

use sha2::block_api::compress256;

use super::{Hash, START, ending, hash_of};

/// The hashes of leaves, in order.
#[must_use]
pub fn of_leaves(leaves: &[&[u8]]) -> Vec<Hash> {
    let mut hashes = Vec::with_capacity(leaves.len());
    let (pairs, rest) = leaves.as_chunks::<2>();
    for [one, other] in pairs {
        hashes.extend(two_leaves(one, other).unwrap_or_else(|| [Hash::of_leaf(one), Hash::of_leaf(other)]));
    }
    hashes.extend(rest.iter().map(|leaf| Hash::of_leaf(leaf)));
    hashes
}

/// The root over a row of hashes, as many as a power of two; `None` if there are none.
#[must_use]
pub fn root_of(row: &[Hash]) -> Option<Hash> {
    let mut row = row.to_vec();
    while row.len() > 1 {
        row = above(&row);
    }
    row.pop()
}

/// The parents of a row of hashes.
fn above(row: &[Hash]) -> Vec<Hash> {
    let mut hashes = Vec::with_capacity(row.len() / 2);
    let (fours, rest) = row.as_chunks::<4>();
    for four in fours {
        hashes.extend(two_parents(four));
    }
    hashes.extend(rest.as_chunks::<2>().0.iter().map(|[left, right]| Hash::of_children(left, right)));
    hashes
}

/// Two leaves of at least 63 bytes: shorter ones are `None`.
fn two_leaves(one: &[u8], other: &[u8]) -> Option<[Hash; 2]> {
    let (one_head, one_rest) = one.split_first_chunk::<63>()?;
    let (other_head, other_rest) = other.split_first_chunk::<63>()?;
    let mut heads = [[0; 64]; 2];
    heads[0][1..].copy_from_slice(one_head);
    heads[1][1..].copy_from_slice(other_head);
    let ((one_blocks, one_tail), (other_blocks, other_tail)) =
        (one_rest.as_chunks::<64>(), other_rest.as_chunks::<64>());
    let (one_end, one_ends) = ending(one_tail, one.len() + 1);
    let (other_end, other_ends) = ending(other_tail, other.len() + 1);
    let (mut first, mut second) = (START, START);
    compress256(&mut first, &heads[..1]);
    compress256(&mut second, &heads[1..]);
    for (one, other) in one_blocks.iter().zip(other_blocks) {
        compress256(&mut first, slice::from_ref(one));
        compress256(&mut second, slice::from_ref(other));
    }
    let shared = one_blocks.len().min(other_blocks.len());
    compress256(&mut first, &one_blocks[shared..]);
    compress256(&mut second, &other_blocks[shared..]);
    compress256(&mut first, &one_end[..one_ends]);
    compress256(&mut second, &other_end[..other_ends]);
    Some([hash_of(first), hash_of(second)])
}

/// The parents of four children.
fn two_parents(children: &[Hash; 4]) -> [Hash; 2] {
    let mut heads = [[1; 64]; 2];
    let mut ends = [[0; 64]; 2];
    for (place, [left, right]) in children.as_chunks::<2>().0.iter().enumerate() {
        heads[place][1..33].copy_from_slice(&left.0);
        heads[place][33..].copy_from_slice(&right.0[..31]);
        ends[place] = ending(&right.0[31..], 65).0[0];
    }
    let (mut first, mut second) = (START, START);
    compress256(&mut first, &heads[..1]);
    compress256(&mut second, &heads[1..]);
    compress256(&mut first, &ends[..1]);
    compress256(&mut second, &ends[1..]);
    [hash_of(first), hash_of(second)]
}

#[cfg(test)]
mod tests {
    use super::{Hash, of_leaves, root_of};

    #[test]
    fn leaves_of_all_lengths_hash_together_as_alone() {
        let data: Vec<u8> = (0..=255).cycle().take(700).collect();
        let leaves: Vec<&[u8]> = (0..600).map(|place| &data[place % 7..place % 7 + place * 37 % 600]).collect();
        let alone: Vec<Hash> = leaves.iter().map(|leaf| Hash::of_leaf(leaf)).collect();
        assert_eq!(of_leaves(&leaves), alone);
        assert_eq!(of_leaves(&leaves[..7]), alone[..7]);
    }

    #[test]
    fn a_root_is_that_of_its_halves() {
        let row: Vec<Hash> = (0..16_u8).map(|place| Hash([place; 32])).collect();
        let halves = [root_of(&row[..8]).unwrap(), root_of(&row[8..]).unwrap()];
        assert_eq!(root_of(&row), Some(Hash::of_children(&halves[0], &halves[1])));
        assert_eq!(root_of(&row[..2]), Some(Hash::of_children(&row[0], &row[1])));
        assert_eq!((root_of(&row[..1]), root_of(&[])), (Some(row[0]), None));
    }
}
