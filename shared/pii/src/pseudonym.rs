//! Consistent pseudonyms: the same value and key give the same pseudonym, and without the key nobody can tell.
//! They are personal data still (GDPR Art. 4(5)) as long as anyone holds the key.

mod format;
mod realistic;
mod unique;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub use format::PseudonymError;
pub use realistic::Style;
pub use unique::{Exhausted, UniqueColumn};

/// Makes pseudonyms under one key; one key per tenant keeps tenants' pseudonyms apart.
#[derive(Clone)]
pub struct Pseudonyms {
    keyed: Hmac<Sha256>,
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms(..)")
    }
}

impl Pseudonyms {
    /// Takes a key of 32 random bytes.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "HMAC takes keys of any length")]
    pub fn new(key: &[u8; 32]) -> Self {
        Self { keyed: Hmac::new_from_slice(key).expect("HMAC takes keys of any length") }
    }

    /// `hash_` and the first 16 hexadecimal digits of a keyed SHA-256.
    #[must_use]
    pub fn hash(&self, value: &str) -> String {
        let digest = self.digest(&[b"hash", value.as_bytes()]);
        digest[..8].iter().fold("hash_".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// A keyed digest; parts are told apart by their lengths.
    fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut keyed = self.keyed.clone();
        for part in parts {
            keyed.update(&(part.len() as u64).to_be_bytes());
            keyed.update(part);
        }
        keyed.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_depends_on_value_and_key_and_parts_do_not_run_together() {
        let (one, two) = (Pseudonyms::new(&[1; 32]), Pseudonyms::new(&[2; 32]));
        assert_eq!(one.hash("ada"), one.hash("ada"));
        assert_ne!(one.hash("ada"), two.hash("ada"));
        assert_eq!(one.hash("ada").len(), 21);
        assert_ne!(one.digest(&[b"ab", b"c"]), one.digest(&[b"a", b"bc"]));
        assert!(!format!("{one:?}").contains('1'));
    }
}
