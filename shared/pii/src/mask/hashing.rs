//! Keyed hashing: the same value gives the same word under one tenant's key, and says nothing without the key.

use std::fmt::{self, Write as _};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The key of a tenant's hashes; it never appears in debug output.
#[derive(Clone)]
pub struct HashKey(Hmac<Sha256>);

impl fmt::Debug for HashKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("HashKey")
    }
}

impl HashKey {
    /// A key of these bytes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        // A key shorter than a block is padded with zeros (RFC 2104 section 2).
        let mut block = [0; 64];
        block[..32].copy_from_slice(key);
        Self(Hmac::new(&block.into()))
    }

    /// `hash_` and the first sixteen hexadecimal digits of HMAC-SHA256 (V10).
    #[must_use]
    pub fn hashed(&self, value: &str) -> String {
        let mut out = "hash_".to_owned();
        for byte in self.digest(value.as_bytes()) {
            write!(out, "{byte:02x}").expect("writing to a string does not fail");
        }
        out
    }

    /// The first eight bytes of HMAC-SHA256, which [`hashed`](Self::hashed) writes as text.
    #[must_use]
    pub fn digest(&self, value: &[u8]) -> [u8; 8] {
        let mut keyed = self.0.clone();
        keyed.update(value);
        let all = keyed.finalize().into_bytes();
        std::array::from_fn(|at| all[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_vector_is_met_and_keys_differ() {
        // RFC 4231 pads its short key with zeros, which is what a longer key of zeros gives.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        assert_eq!(HashKey::new(&key).hashed("what do ya want for nothing?"), "hash_5bdcc146bf60754e");
        assert_ne!(HashKey::new(&[1; 32]).hashed("a"), HashKey::new(&[2; 32]).hashed("a"));
    }
}
