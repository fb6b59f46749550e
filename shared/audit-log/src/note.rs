//! Signed notes of C2SP: a text, a blank line, signature lines. Ed25519 only; signing is the caller's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::key::CheckpointKey;

const ED25519_TYPE: u8 = 0x01;
/// A note with more signatures than this is refused unread.
const SIGNATURE_LIMIT: usize = 100;

/// Why a note is not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a text, a blank line and signature lines.
    #[error("not a signed note")]
    Form,
    /// No signature is by the key we trust.
    #[error("the note carries no signature of the trusted key")]
    UnknownKey,
    /// A signature names the trusted key and isn't its own.
    #[error("the signature does not hold for this text and key")]
    Signature,
}

/// Why a verifier key can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a verifier key of the form name+hash+key, or not an Ed25519 one")]
pub struct VerifierFormError;

/// A name and the key trusted under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: CheckpointKey,
}

impl Verifier {
    /// Trusts a key under a name; `None` if the name is empty or holds spaces or a plus sign.
    #[must_use]
    pub fn new(name: &str, key: CheckpointKey) -> Option<Self> {
        is_name(name).then(|| Self { name: name.to_owned(), key })
    }

    /// Reads `name+hash+key`, as Go's checksum database and tessera write it.
    ///
    /// # Errors
    /// The text is of another form, or its hash is not that of its key.
    pub fn from_text(text: &str) -> Result<Self, VerifierFormError> {
        let (name, rest) = text.trim_end_matches('\n').split_once('+').ok_or(VerifierFormError)?;
        let (id, key) = rest.split_once('+').ok_or(VerifierFormError)?;
        let bytes = STANDARD.decode(key).map_err(|_| VerifierFormError)?;
        let [ED25519_TYPE, key @ ..] = bytes.as_slice() else { return Err(VerifierFormError) };
        let key = CheckpointKey::from_bytes(key.try_into().map_err(|_| VerifierFormError)?);
        let verifier = Self::new(name, key).ok_or(VerifierFormError)?;
        if id == format!("{:08x}", verifier.id()) { Ok(verifier) } else { Err(VerifierFormError) }
    }

    /// Writes `name+hash+key`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let key = [&[ED25519_TYPE], self.key.as_bytes().as_slice()].concat();
        format!("{}+{:08x}+{}", self.name, self.id(), STANDARD.encode(key))
    }

    /// The name of the signer; for our logs the origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The short id that signature lines carry.
    #[must_use]
    pub fn id(&self) -> u32 {
        let input = [self.name.as_bytes(), b"\n", &[ED25519_TYPE], self.key.as_bytes().as_slice()].concat();
        let digest = Sha256::digest(input);
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
    }

    /// Joins a text and the signature a signer made over it to a note.
    ///
    /// # Errors
    /// The signature isn't this key's over the text: a wrong note is never written.
    pub fn join(&self, text: &str, signature: &[u8]) -> Result<String, NoteError> {
        let bytes = [&self.id().to_be_bytes(), signature].concat();
        let note = format!("{text}\n\u{2014} {} {}\n", self.name, STANDARD.encode(bytes));
        self.open(&note).map(|_| note.clone())
    }

    /// The text of a note, if the trusted key signed it.
    ///
    /// # Errors
    /// The note has another form, no signature of this key, or a false one.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::Form);
        }
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Form)?;
        let text = &note[..=text.len()];
        let signatures = signatures.strip_suffix('\n').ok_or(NoteError::Form)?;
        let mut verified = false;
        for (count, line) in signatures.split('\n').enumerate() {
            let signature = SignatureLine::read(line).filter(|_| count < SIGNATURE_LIMIT).ok_or(NoteError::Form)?;
            if signature.name != self.name || signature.id != self.id() {
                continue;
            }
            if !self.key.verifies(text.as_bytes(), &signature.bytes) {
                return Err(NoteError::Signature);
            }
            verified = true;
        }
        if verified { Ok(text) } else { Err(NoteError::UnknownKey) }
    }
}

struct SignatureLine<'a> {
    name: &'a str,
    id: u32,
    bytes: Vec<u8>,
}

impl<'a> SignatureLine<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (name, text) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let decoded = STANDARD.decode(text).ok()?;
        let (id, bytes) = decoded.split_first_chunk::<4>()?;
        (is_name(name) && !bytes.is_empty()).then(|| Self { name, id: u32::from_be_bytes(*id), bytes: bytes.to_vec() })
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}
