//! Receipts as compact JWS (RFC 7515) under ES256: built for a signer elsewhere (KMS), checked offline with the public key alone.
//! What a receipt says is in `receipt/body.rs`; nothing here signs.

mod body;
mod der;
mod place;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use body::{Exemption, LogPosition, Receipt, ReceiptArchive, ReceiptProcessor, ReceiptSource, ReceiptTokens};
pub use der::{SignatureFormError, raw_signature};
pub use place::{PlaceError, verify_place};

use crate::key::ReceiptKey;

const ALGORITHM: &str = "ES256";

/// Why a receipt can't be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The content has no canonical JSON (RFC 8785).
    #[error("the receipt has no canonical form")]
    Content(#[source] serde_json::Error),
    /// The signer's answer is no ECDSA signature.
    #[error(transparent)]
    Signature(#[from] SignatureFormError),
}

/// Why a receipt does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not three parts of strict base64url.
    #[error("not a receipt: three parts of base64url are expected")]
    Form,
    /// The header is not `{"alg":"ES256","kid":…}`.
    #[error("the header names another algorithm or unknown members")]
    Header,
    /// The signature is not this key's over this content.
    #[error("the signature does not hold for this content and key")]
    Signature,
    /// The content is not the expected JSON.
    #[error("the content is signed but not a receipt this version reads")]
    Content,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
}

/// A receipt before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    text: String,
}

impl Unsigned {
    /// Makes the signing input of canonical JSON (RFC 8785) and the id of the key that will sign.
    ///
    /// # Errors
    /// The content has no canonical JSON.
    pub fn new(key_id: &str, content: &impl Serialize) -> Result<Self, BuildError> {
        let header = Header { alg: ALGORITHM.to_owned(), kid: Some(key_id.to_owned()) };
        let header = serde_json_canonicalizer::to_vec(&header).map_err(BuildError::Content)?;
        let content = serde_json_canonicalizer::to_vec(content).map_err(BuildError::Content)?;
        Ok(Self { text: format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(content)) })
    }

    /// The bytes that are signed.
    #[must_use]
    pub const fn signing_input(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Their SHA-256, for KMS with `MessageType=DIGEST` (the raw form ends at 4,096 bytes).
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.signing_input()).into()
    }

    /// Joins the DER signature that KMS answers; the result is the file a person keeps.
    ///
    /// # Errors
    /// The signer's answer is no ECDSA P-256 signature in DER.
    pub fn join_der(self, signature: &[u8]) -> Result<String, BuildError> {
        Ok(self.join_raw(&raw_signature(signature)?))
    }

    /// Joins a signature that is `r || s` already.
    #[must_use]
    pub fn join_raw(self, signature: &[u8; 64]) -> String {
        format!("{}.{}", self.text, URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What a verified receipt holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The id of the key, as the signer named it.
    pub key_id: Option<String>,
    /// The signed JSON, byte for byte.
    pub content: Vec<u8>,
}

impl Verified {
    /// Reads the content as a type of the caller's.
    ///
    /// # Errors
    /// The content is not of that type.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, ReceiptError> {
        serde_json::from_slice(&self.content).map_err(|_| ReceiptError::Content)
    }
}

/// Checks a compact JWS with the public key alone: strict base64url, ES256 only, no unknown header members.
///
/// # Errors
/// Anything about it does not hold; nothing of an unverified receipt is handed out.
pub fn verify(compact: &str, key: &ReceiptKey) -> Result<Verified, ReceiptError> {
    let (signed, signature) = compact.rsplit_once('.').ok_or(ReceiptError::Form)?;
    let (header, content) = signed.split_once('.').ok_or(ReceiptError::Form)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| ReceiptError::Form);
    let (header, content) = (decode(header)?, decode(content)?);
    let signature: [u8; 64] = decode(signature)?.try_into().map_err(|_| ReceiptError::Form)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| ReceiptError::Header)?;
    if header.alg != ALGORITHM {
        return Err(ReceiptError::Header);
    }
    if !key.verifies(signed.as_bytes(), &signature) {
        return Err(ReceiptError::Signature);
    }
    Ok(Verified { key_id: header.kid, content })
}
