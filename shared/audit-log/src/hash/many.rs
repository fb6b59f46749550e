//! Many hashes at once. Hashing one input waits for each round of the one before; inputs of as many blocks go through the rounds
//! together, and fill the time.

use tape_sha256::hash_many_prefixed;

use super::Hash;

/// What precedes a leaf, and two children, in what is hashed (RFC 6962, 2.1).
const LEAF: &[u8] = &[0];
const CHILDREN: &[u8] = &[1];

/// The hashes of leaves, in order.
#[must_use]
pub fn of_leaves(leaves: &[&[u8]]) -> Vec<Hash> {
    let blocks = |leaf: &[u8]| (leaf.len() + LEAF.len() + 9).div_ceil(64);
    let mut places: Vec<(usize, usize)> = leaves.iter().enumerate().map(|(at, leaf)| (blocks(leaf), at)).collect();
    // Only neighbours of as many blocks are hashed together.
    places.sort_unstable();
    let sorted: Vec<&[u8]> = places.iter().map(|(_, at)| leaves[*at]).collect();
    let mut hashes = vec![Hash::default(); leaves.len()];
    for ((_, at), hash) in places.iter().zip(hashed(LEAF, &sorted)) {
        hashes[*at] = Hash(hash);
    }
    hashes
}

/// The root over a row of hashes, as many as a power of two; `None` if there are none.
#[must_use]
pub fn root_of(row: &[Hash]) -> Option<Hash> {
    let mut row: Vec<[u8; 32]> = row.iter().map(|hash| hash.0).collect();
    while row.len() > 1 {
        let pairs: Vec<&[u8]> = row.as_flattened().chunks_exact(64).collect();
        row = hashed(CHILDREN, &pairs);
    }
    row.pop().map(Hash)
}

fn hashed(prefix: &[u8], bodies: &[&[u8]]) -> Vec<[u8; 32]> {
    let mut hashes = vec![[0; 32]; bodies.len()];
    hash_many_prefixed(prefix, bodies, &mut hashes);
    hashes
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
