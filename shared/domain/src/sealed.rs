//! The stored form of an encrypted field. Sealing and opening live in `workflow::sealing`.

use serde::{Deserialize, Serialize};

/// AES-256-GCM ciphertext with a key commitment.
///
/// The encryption key and the commitment are derived from the data key by HKDF-SHA-512;
/// the additional data is tenant, table, key, attribute and version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Version of this form.
    pub v: u8,
    /// Base64 of commitment (32 bytes), nonce (12 bytes), ciphertext and tag.
    pub body: String,
}
