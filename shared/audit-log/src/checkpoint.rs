//! Checkpoints of C2SP: the size and root of a log at one moment, signed. A checkpoint is never shrunk and never contradicted.

use crate::hash::Hash;
use crate::note::{NoteError, Verifier};

/// What a log commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Why a checkpoint is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it does not hold.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not an origin, a size and a root.
    #[error("the signed text is not a checkpoint")]
    Form,
    /// It is another log's.
    #[error("the checkpoint is of another log")]
    Origin,
}

impl Checkpoint {
    /// The bytes that are signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Opens a signed checkpoint of the log `origin`.
    ///
    /// # Errors
    /// The signature, the form or the origin does not hold.
    pub fn open(note: &str, origin: &str, trusted: &Verifier) -> Result<Self, CheckpointError> {
        let checkpoint = Self::parse(trusted.open(note)?).ok_or(CheckpointError::Form)?;
        if checkpoint.origin == origin { Ok(checkpoint) } else { Err(CheckpointError::Origin) }
    }

    /// Joins the signature a signer made over [`Checkpoint::text`].
    ///
    /// # Errors
    /// The signature isn't the trusted key's.
    pub fn join(&self, signature: &[u8], trusted: &Verifier) -> Result<String, NoteError> {
        trusted.join(&self.text(), signature)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        // Extension lines are signed but say nothing to us; an empty one is against the form.
        if origin.is_empty() || lines.any(str::is_empty) {
            return None;
        }
        Some(Self { origin: origin.to_owned(), size: decimal(size)?, root: root.parse().ok()? })
    }
}

/// The origin an unopened note claims; not to be believed before the note is opened.
#[must_use]
pub fn claimed_origin(note: &str) -> Option<&str> {
    note.split('\n').next().filter(|origin| !origin.is_empty())
}

/// A decimal without sign or leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number = text.parse::<u64>().ok()?;
    (number.to_string() == text).then_some(number)
}
