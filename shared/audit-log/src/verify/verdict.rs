//! What a verifier says, in words a lawyer understands; the places are counted as the files count them, from 0.

use crate::hash::Hash;
use crate::tile::TileName;

/// What held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The log.
    pub origin: String,
    /// How many events.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// When the first happened.
    pub first_at: Option<String>,
    /// When the last happened: how fresh the log is.
    pub last_at: Option<String>,
}

/// The first place that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A checkpoint seen before belongs to another log.
    #[error("a checkpoint seen before belongs to another log")]
    Origin,
    /// Fewer events than were signed before: an old state is replayed, or the end was cut off.
    #[error(
        "the log shows {shown} events, but {known} were signed before: its end was cut off or an old state is shown"
    )]
    Stale {
        /// Size of the checkpoint shown.
        shown: u64,
        /// Size of one seen before.
        known: u64,
    },
    /// A checkpoint seen before is no beginning of this log: two histories were signed.
    #[error("the first {size} events are not those signed before: two histories exist")]
    Fork {
        /// Size of the checkpoint seen before.
        size: u64,
    },
    /// An event is not the one that was signed.
    #[error("event {index} was changed, moved, added or removed after it was signed")]
    Entry {
        /// Position of the first event that differs.
        index: u64,
    },
    /// A file is gone.
    #[error("the file {name} is missing")]
    Missing {
        /// Its name.
        name: TileName,
    },
    /// A file of hashes is not what follows from the events, which do hold.
    #[error("the events hold, but the file {name} of hashes was changed or is missing")]
    Tile {
        /// Its name.
        name: TileName,
    },
    /// A file holds more events than were signed.
    #[error("the file {name} holds more events than were signed")]
    Extra {
        /// Its name.
        name: TileName,
    },
    /// Events and hashes agree with each other, but not with the hashes above them.
    #[error("among the events {from} to {to} is one that was changed, moved, added or removed after it was signed")]
    Range {
        /// Position of the first event concerned.
        from: u64,
        /// Position of the last.
        to: u64,
    },
    /// Everything agrees with itself, but not with the signature.
    #[error("the {size} events are not those that were signed")]
    Root {
        /// Size of the checkpoint.
        size: u64,
    },
    /// A signed leaf is no event this version reads.
    #[error("event {index} is signed but not in the form of an event")]
    Form {
        /// Its position.
        index: u64,
    },
    /// A signed event belongs to somebody else.
    #[error("event {index} is signed but belongs to another tenant")]
    Foreign {
        /// Its position.
        index: u64,
    },
}
