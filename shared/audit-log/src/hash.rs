//! SHA-256 as RFC 6962 uses it: leaves and inner nodes are hashed apart, so that neither passes for the other.

pub mod many;

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::block_api::compress256;

/// A node of the tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

/// The text is not the base64 of 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the base64 of a SHA-256 hash")]
pub struct HashFormError;

impl Hash {
    /// The root of a tree without leaves.
    #[must_use]
    pub fn of_nothing() -> Self {
        sha256(&[])
    }

    /// The hash of a leaf (RFC 6962, 2.1).
    #[must_use]
    pub fn of_leaf(data: &[u8]) -> Self {
        let Some((head, rest)) = data.split_first_chunk::<63>() else {
            let mut input = [0; 64];
            input[1..=data.len()].copy_from_slice(data);
            return sha256(&input[..=data.len()]);
        };
        let mut state = START;
        let mut block = [0; 64];
        block[1..].copy_from_slice(head);
        compress256(&mut state, &[block]);
        finish(state, rest, data.len() + 1)
    }

    /// The hash of two subtrees (RFC 6962, 2.1).
    #[must_use]
    pub fn of_children(left: &Self, right: &Self) -> Self {
        let mut input = [1_u8; 65];
        input[1..33].copy_from_slice(&left.0);
        input[33..].copy_from_slice(&right.0);
        sha256(&input)
    }
}

/// The state SHA-256 starts from (FIPS 180-4, 5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// SHA-256 block by block: leaves and nodes are short, and the buffered form costs a fifth of the time.
fn sha256(data: &[u8]) -> Hash {
    finish(START, data, data.len())
}

/// Hashes the rest of an input of `length` bytes, with its padding.
fn finish(mut state: [u32; 8], rest: &[u8], length: usize) -> Hash {
    let (blocks, tail) = rest.as_chunks::<64>();
    let (last, count) = ending(tail, length);
    compress256(&mut state, blocks);
    compress256(&mut state, &last[..count]);
    hash_of(state)
}

/// The end of an input of `length` bytes with its padding (FIPS 180-4, 5.1.1), and whether it takes one block or two.
#[inline]
fn ending(tail: &[u8], length: usize) -> ([[u8; 64]; 2], usize) {
    let mut last = [[0; 64]; 2];
    last[0][..tail.len()].copy_from_slice(tail);
    last[0][tail.len()] = 0x80;
    let count = if tail.len() < 56 { 1 } else { 2 };
    last[count - 1][56..].copy_from_slice(&(8 * length as u64).to_be_bytes());
    (last, count)
}

#[inline]
fn hash_of(state: [u32; 8]) -> Hash {
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    Hash(hash)
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Hash {
    type Err = HashFormError;

    fn from_str(text: &str) -> Result<Self, HashFormError> {
        STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(HashFormError)
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::Hash;

    #[test]
    fn every_length_hashes_as_sha_256_does() {
        let data: Vec<u8> = (0..=255).cycle().take(400).collect();
        for length in 0..data.len() {
            let leaf = Sha256::new().chain_update([0]).chain_update(&data[..length]).finalize();
            assert_eq!(Hash::of_leaf(&data[..length]).0.as_slice(), leaf.as_slice(), "{length}");
        }
        let (left, right) = (Hash([3; 32]), Hash([4; 32]));
        let node = Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize();
        assert_eq!(Hash::of_children(&left, &right).0.as_slice(), node.as_slice());
    }
}
