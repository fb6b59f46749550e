//! Proof bundles of C2SP tlog-proof: one file that shows a third party, offline, that an event is in the log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, CheckpointError, decimal};
use crate::hash::Hash;
use crate::note::Verifier;
use crate::proof::holds_inclusion;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// No tree has a longer path.
const PATH_LIMIT: usize = 64;

/// An inclusion proof with the checkpoint it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// What the application adds; not authenticated by the format. Ours is the leaf, which the proof then covers.
    pub extra: Option<Vec<u8>>,
    /// The position of the leaf.
    pub index: u64,
    /// From the leaf's sibling to the root's child.
    pub path: Vec<Hash>,
    /// The signed checkpoint, word for word.
    pub checkpoint: String,
}

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not a proof bundle.
    #[error("not a proof in the form c2sp.org/tlog-proof@v1")]
    Form,
    /// It carries no leaf and none was given.
    #[error("the proof doesn't carry the event it is about")]
    NoLeaf,
    /// The checkpoint does not hold.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The hashes don't lead from the leaf to the root.
    #[error("the event is not at that place in the signed log")]
    Inclusion,
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// The text has another form.
    pub fn parse(text: &str) -> Result<Self, BundleError> {
        Self::read(text).ok_or(BundleError::Form)
    }

    fn read(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let mut line = lines.next()?;
        let mut extra = None;
        if let Some(encoded) = line.strip_prefix("extra ") {
            extra = Some(STANDARD.decode(encoded).ok()?);
            line = lines.next()?;
        }
        let index = decimal(line.strip_prefix("index ")?)?;
        let path: Vec<Hash> = lines.map(|line| line.parse().ok()).collect::<Option<_>>()?;
        (path.len() <= PATH_LIMIT).then(|| Self { extra, index, path, checkpoint: checkpoint.to_owned() })
    }

    /// Writes the bundle.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\n");
        if let Some(extra) = &self.extra {
            text.push_str(&format!("extra {}\n", STANDARD.encode(extra)));
        }
        text.push_str(&format!("index {}\n", self.index));
        for hash in &self.path {
            text.push_str(&format!("{hash}\n"));
        }
        format!("{text}\n{}", self.checkpoint)
    }

    /// Checks the checkpoint and that this leaf is at this place; the answer is the checkpoint.
    ///
    /// # Errors
    /// The signature or the proof does not hold.
    pub fn verify(&self, leaf: &Hash, origin: &str, trusted: &Verifier) -> Result<Checkpoint, BundleError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, origin, trusted)?;
        if holds_inclusion(leaf, self.index, checkpoint.size, &self.path, &checkpoint.root) {
            Ok(checkpoint)
        } else {
            Err(BundleError::Inclusion)
        }
    }

    /// The same for a bundle that carries its leaf.
    ///
    /// # Errors
    /// There is none, or the signature or the proof does not hold.
    pub fn verify_extra(&self, origin: &str, trusted: &Verifier) -> Result<Checkpoint, BundleError> {
        let leaf = self.extra.as_deref().ok_or(BundleError::NoLeaf)?;
        self.verify(&Hash::of_leaf(leaf), origin, trusted)
    }
}
