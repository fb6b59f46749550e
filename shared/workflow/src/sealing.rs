//! Encrypts one field or object under a data key, bound to the place it is stored in.
//!
//! AES-256-GCM; encryption key and key commitment by HKDF-SHA-512 (RFC 5869), so that a ciphertext opens under one key only.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::ids::{EvidenceId, TenantId};
use domain::key::TenantKey;
use domain::sealed::Sealed;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::ports::Entropy;

const COMMITMENT_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// A data key in use: opens and seals what belongs to one owner. Wiped when its last copy is dropped.
#[derive(Clone)]
pub struct SealingKey(Arc<Kept>);

/// The data key and the keys that follow from it, each derived at its first use.
struct Kept {
    key: Zeroizing<[u8; 32]>,
    sealing: OnceLock<Derived>,
    hashing: Mutex<Vec<(String, hmac::Key)>>,
}

/// Why a sealed value did not open. It says nothing of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value does not open with this key at this place")]
pub struct OpenError;

/// The place a sealed value belongs to; it opens nowhere else (INV-T3).
#[derive(Debug, Clone)]
pub struct Place(Vec<u8>);

impl Place {
    /// An attribute of an item.
    #[must_use]
    pub fn attribute(key: &TenantKey, attribute: &str) -> Self {
        let table = if key.partition().is_keyring() { "keyring" } else { "jobs" };
        Self::of(&[key.tenant().as_str(), table, &key.stored_partition(), key.sort(), attribute, "v1"])
    }

    /// What is sealed about whoever made a call.
    #[must_use]
    pub fn act(tenant: &TenantId, request_id: &str) -> Self {
        Self::of(&[tenant.as_str(), "audit", request_id, "actor_detail", "v1"])
    }

    /// What a piece of evidence says.
    #[must_use]
    pub fn evidence(tenant: &TenantId, id: &EvidenceId) -> Self {
        Self::of(&[tenant.as_str(), "evidence", id.as_str(), "v1"])
    }

    /// An object of the exports bucket.
    #[must_use]
    pub fn object(tenant: &str, key: &str) -> Self {
        Self::of(&[tenant, "exports", key, "v1"])
    }

    fn of(parts: &[&str]) -> Self {
        let mut bytes = Vec::new();
        for part in parts {
            // Length prefixes keep two different lists from giving the same bytes.
            bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        Self(bytes)
    }
}

struct Derived {
    key: LessSafeKey,
    commitment: [u8; COMMITMENT_BYTES],
}

impl SealingKey {
    /// Takes a data key.
    #[must_use]
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(Arc::new(Kept { key, sealing: OnceLock::new(), hashing: Mutex::default() }))
    }

    /// Encrypts a field.
    #[must_use]
    pub fn seal(&self, place: &Place, plain: &[u8], entropy: &dyn Entropy) -> Sealed {
        Sealed { v: 1, body: BASE64.encode(self.seal_bytes(place, plain, entropy)) }
    }

    /// Decrypts a field.
    ///
    /// # Errors
    /// When key, place or bytes are not those it was sealed with.
    pub fn open(&self, place: &Place, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let bytes = BASE64.decode(&sealed.body).map_err(|_| OpenError)?;
        self.open_bytes(place, &bytes)
    }

    /// Encrypts an object.
    ///
    /// # Panics
    /// Never: objects are far shorter than the limit of AES-GCM, 64 GiB.
    #[must_use]
    pub fn seal_bytes(&self, place: &Place, plain: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let derived = self.derived();
        let nonce: [u8; NONCE_BYTES] = entropy.bytes();
        let mut out = Vec::with_capacity(COMMITMENT_BYTES + NONCE_BYTES + plain.len() + 16);
        out.extend_from_slice(&derived.commitment);
        out.extend_from_slice(&nonce);
        let mut body = plain.to_vec();
        derived
            .key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&place.0), &mut body)
            .expect("AES-GCM seals anything shorter than 64 GiB");
        out.append(&mut body);
        out
    }

    /// Decrypts an object.
    ///
    /// # Errors
    /// When key, place or bytes are not those it was sealed with.
    pub fn open_bytes(&self, place: &Place, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (commitment, rest) = bytes.split_at_checked(COMMITMENT_BYTES).ok_or(OpenError)?;
        let (nonce, body) = rest.split_at_checked(NONCE_BYTES).ok_or(OpenError)?;
        let derived = self.derived();
        if !bool::from(derived.commitment.ct_eq(commitment)) {
            return Err(OpenError);
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = derived.key.open_in_place(nonce, Aad::from(&place.0), &mut body).map_err(|_| OpenError)?.len();
        body.truncate(length);
        Ok(body)
    }

    /// A keyed hash for one use: HMAC-SHA-256 under a key derived for `label`, hexadecimal.
    #[must_use]
    pub fn keyed_hash(&self, label: &str, parts: &[&[u8]]) -> String {
        let key = self.hashing_key(label);
        let mut context = hmac::Context::with_key(&key);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        hexadecimal(context.sign().as_ref())
    }

    fn derived(&self) -> &Derived {
        self.0.sealing.get_or_init(|| {
            let key = self.expand("habeas sealing key v1");
            let commitment = self.expand("habeas key commitment v1");
            let unbound = UnboundKey::new(&AES_256_GCM, key.as_slice()).expect("32 bytes are an AES-256 key");
            Derived { key: LessSafeKey::new(unbound), commitment: *commitment }
        })
    }

    fn hashing_key(&self, label: &str) -> hmac::Key {
        let mut kept = self.0.hashing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = kept.iter().find(|(known, _)| known == label) {
            return key.clone();
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.expand(label).as_slice());
        kept.push((label.to_owned(), key.clone()));
        key
    }

    fn expand(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA512, b"habeas").extract(self.0.key.as_slice());
        let mut out = Zeroizing::new([0; 32]);
        let info = [label.as_bytes()];
        prk.expand(&info, hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(out.as_mut_slice()))
            .expect("32 bytes are within HKDF's limit");
        out
    }
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// SHA-256, hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;

    impl Entropy for Zeros {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    fn key(byte: u8) -> SealingKey {
        SealingKey::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn what_is_sealed_opens_at_its_place_only() {
        let here = Place::object("acme", "plans/a");
        let sealed = key(1).seal(&here, b"hello", &Zeros);
        assert_eq!(key(1).open(&here, &sealed).unwrap().as_slice(), b"hello");
        assert_eq!(key(2).open(&here, &sealed), Err(OpenError));
        assert_eq!(key(1).open(&Place::object("other", "plans/a"), &sealed), Err(OpenError));
        assert_eq!(key(1).open(&Place::object("acme", "plans/b"), &sealed), Err(OpenError));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let here = Place::object("acme", "plans/a");
        let bytes = key(1).seal_bytes(&here, b"hello", &Zeros);
        for bit in 0..bytes.len() * 8 {
            let mut tampered = bytes.clone();
            tampered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key(1).open_bytes(&here, &tampered), Err(OpenError), "bit {bit}");
        }
    }

    #[test]
    fn keyed_hashes_differ_by_label_and_by_the_border_of_their_parts() {
        let hash = |label, parts: &[&[u8]]| key(1).keyed_hash(label, parts);
        assert_ne!(hash("a", &[b"x"]), hash("b", &[b"x"]));
        assert_ne!(hash("a", &[b"xy", b"z"]), hash("a", &[b"x", b"yz"]));
    }
}
