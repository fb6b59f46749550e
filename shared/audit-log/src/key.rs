//! Public keys as PEM or DER `SubjectPublicKeyInfo`, in the one encoding each that KMS and OpenSSL write. No private keys.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What precedes the point of an uncompressed P-256 key (RFC 5480).
const P256_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// What precedes an Ed25519 key (RFC 8410).
const ED25519_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const PEM_FIRST: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_LAST: &str = "-----END PUBLIC KEY-----";

/// Why something is not a public key we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not one `PUBLIC KEY` block.
    #[error("not a PEM file with one public key")]
    NotPem,
    /// Another algorithm, curve or encoding.
    #[error("not a public key of the expected kind ({0})")]
    WrongKind(&'static str),
}

/// A P-256 public key: checks receipts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptKey {
    point: [u8; 65],
}

impl ReceiptKey {
    /// Reads a PEM file as `openssl` and the console write it.
    ///
    /// # Errors
    /// The text is no such key.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Self::from_der(&der_of_pem(pem)?)
    }

    /// Reads the `SubjectPublicKeyInfo` that KMS answers.
    ///
    /// # Errors
    /// The bytes are no uncompressed P-256 key.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let point = der.strip_prefix(&P256_HEAD).and_then(|point| <[u8; 65]>::try_from(point).ok());
        match point {
            Some(point) if point[0] == 0x04 => Ok(Self { point }),
            Some(_) | None => Err(KeyError::WrongKind("ECDSA P-256")),
        }
    }

    /// Whether the 64 bytes `r || s` sign the message.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.point).verify(message, signature).is_ok()
    }

    /// The key as a PEM file, for whoever has to check receipts.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem_of_der(&[P256_HEAD.as_slice(), &self.point].concat())
    }
}

/// An Ed25519 public key: checks checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointKey {
    bytes: [u8; 32],
}

impl CheckpointKey {
    /// Takes the 32 bytes of RFC 8032.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { bytes }
    }

    /// Reads a PEM file as `openssl` and the console write it.
    ///
    /// # Errors
    /// The text is no such key.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Self::from_der(&der_of_pem(pem)?)
    }

    /// Reads the `SubjectPublicKeyInfo` that KMS answers.
    ///
    /// # Errors
    /// The bytes are no Ed25519 key.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        der.strip_prefix(&ED25519_HEAD)
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .map(Self::from_bytes)
            .ok_or(KeyError::WrongKind("Ed25519"))
    }

    /// Whether the signature is this key's over the message.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.bytes).verify(message, signature).is_ok()
    }

    /// The 32 bytes of RFC 8032.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The key as a PEM file, for whoever has to check the log.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem_of_der(&[ED25519_HEAD.as_slice(), &self.bytes].concat())
    }
}

fn der_of_pem(pem: &str) -> Result<Vec<u8>, KeyError> {
    let body =
        pem.trim().strip_prefix(PEM_FIRST).and_then(|rest| rest.strip_suffix(PEM_LAST)).ok_or(KeyError::NotPem)?;
    let text: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(text).map_err(|_| KeyError::NotPem)
}

fn pem_of_der(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("{PEM_FIRST}\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str(PEM_LAST);
    pem.push('\n');
    pem
}

#[cfg(test)]
mod tests {
    use super::{CheckpointKey, KeyError, ReceiptKey};

    #[test]
    fn a_key_survives_its_pem_file() {
        let key = CheckpointKey::from_bytes([7; 32]);
        assert_eq!(CheckpointKey::from_pem(&key.to_pem()), Ok(key.clone()));
        assert_eq!(ReceiptKey::from_pem(&key.to_pem()), Err(KeyError::WrongKind("ECDSA P-256")));
    }

    #[test]
    fn what_is_no_pem_file_is_refused() {
        for text in ["", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----!-----END PUBLIC KEY-----"] {
            assert_eq!(CheckpointKey::from_pem(text), Err(KeyError::NotPem));
        }
    }
}
