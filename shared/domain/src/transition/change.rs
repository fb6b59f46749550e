//! One change of a transition, and what must hold of an item for it to be made.

use jiff::Timestamp;

use crate::ids::HoldId;
use crate::key::TenantKey;
use crate::record::Record;

/// What must hold of an item for the transition to be committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// No item is there.
    Absent,
    /// The item has this version.
    Version(u64),
    /// The item has this fence: its claim is still ours. A write must also follow the version that is there, so that a
    /// worker whose answer was lost does not write over what it has written itself.
    Fence(u64),
    /// The item is a job that has not ended.
    OpenJob,
    /// The item is a guard with no hold behind it, or no item is there.
    NoHold,
    /// No item is there, or one that the store may have forgotten by this time.
    Forgotten(Timestamp),
    /// Anything.
    Any,
}

/// One change of a transition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Writes the whole item.
    Put {
        /// The item.
        record: Record,
        /// What must hold before.
        expect: Expect,
    },
    /// Deletes the item.
    Delete {
        /// The item's key.
        key: TenantKey,
        /// What must hold before.
        expect: Expect,
    },
    /// Adds to a counter, if the sum stays within the limit.
    Add {
        /// The counter.
        key: TenantKey,
        /// What to add.
        by: i64,
        /// The value before must be below this.
        limit: Option<i64>,
    },
    /// Puts a hold behind a guard or takes it away; doing so twice is doing it once.
    Guard {
        /// The guard.
        key: TenantKey,
        /// The hold.
        hold: HoldId,
        /// Whether it stands there from now on.
        holds: bool,
    },
    /// Writes nothing; refuses the transition unless the expectation holds.
    Check {
        /// The item's key.
        key: TenantKey,
        /// What must hold.
        expect: Expect,
    },
}

impl Change {
    /// The item concerned.
    #[must_use]
    pub fn key(&self) -> TenantKey {
        match self {
            Self::Put { record, .. } => record.key(),
            Self::Delete { key, .. } | Self::Add { key, .. } | Self::Guard { key, .. } | Self::Check { key, .. } => {
                key.clone()
            }
        }
    }
}
