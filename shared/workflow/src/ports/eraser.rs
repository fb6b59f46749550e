//! Erasing in a system that holds personal data. Apart from reading, so that only erasure can reach it (INV-E7).

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datamap::{Masker, Quarantine, RowOwner, Treatment};
use domain::datum::Datum;
use serde::{Deserialize, Serialize};

use super::{Cursor, PortError, SourceLookup};

pub(crate) use sight::settled;

mod sight;

/// What erasure does to the rows that one lookup finds.
#[derive(Clone)]
pub struct ErasureOrder {
    /// Which rows; found as for an export, so that what is erased is found by what found it.
    pub lookup: SourceLookup,
    /// What is done to them.
    pub treatment: Treatment,
    /// The keyed hashes of masking.
    pub masker: Arc<dyn Masker>,
    /// Where several lookups find a row: who owns it, and the place of this lookup among them.
    pub owner: Option<(Arc<RowOwner>, usize)>,
}

impl fmt::Debug for ErasureOrder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ErasureOrder").field("collection", &self.lookup.collection).finish_non_exhaustive()
    }
}

impl ErasureOrder {
    /// The flag that takes rows of the collection out of use; none where it has none.
    #[must_use]
    pub fn flag(&self) -> Option<&Quarantine> {
        self.lookup.map.collections.get(self.lookup.collection)?.quarantine.as_ref()
    }

    /// Whether a row that the lookup finds is this order's to erase; another lookup may own it.
    #[must_use]
    pub fn takes(&self, row: &Datum) -> bool {
        self.owner.as_ref().is_none_or(|(owner, place)| owner.owner(row) == Some(*place))
    }
}

/// One thing that an order would change: a row, a medium, or an object that holds rows of the subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    /// Where it is in the source: personal data, sealed where it is stored.
    pub locator: String,
    /// Digest of what must still be so when it is erased: of a row its lookup, identity and reference fields and each
    /// field to be rewritten; of an object the subject's rows in it; of a medium its version.
    pub seen: String,
    /// Rows of the subject in it; 1 but for objects.
    pub rows: u64,
    /// Rows of others in it: what a mistake could hurt.
    pub other_rows: u64,
    /// Its length, where known without more calls.
    pub bytes: u64,
}

/// A page of targets.
#[derive(Debug, Clone, Default)]
pub struct TargetPage {
    /// The targets.
    pub targets: Vec<Target>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// What one order erases while others erase in the same collection.
#[derive(Debug, Clone)]
pub struct Share {
    /// The order.
    pub order: ErasureOrder,
    /// At most 25 of its targets.
    pub targets: Vec<Target>,
}

/// What became of one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// It is erased, now or by an earlier attempt.
    Done,
    /// It was gone already.
    Gone,
    /// It is not what was planned any more; nothing was done to it.
    Drifted,
}

/// What the flag of a row held before it was set, in the adapter's own form; none where it was not there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Former(pub Option<String>);

/// What the flag of a row says.
#[derive(Clone, PartialEq, Eq)]
pub enum Flag {
    /// The row is gone, is not what was planned, or holds something that is no flag: it is left alone.
    NotPlanned,
    /// It is set already.
    Set,
    /// It holds something else, or nothing.
    Free(Former),
}

/// Plans and erases in one kind of system.
#[async_trait]
pub trait Eraser: Send + Sync {
    /// A page of what the order would change. Reads only. What is erased already is not a target any more.
    async fn plan(&self, order: &ErasureOrder, after: Option<&Cursor>) -> Result<TargetPage, PortError>;

    /// Erases at most 25 targets, each only if it still is what was planned; one answer for each, in order.
    ///
    /// Repeating it is harmless. It never takes part in a transaction of the customer's table.
    async fn erase(&self, order: &ErasureOrder, targets: &[Target]) -> Result<Vec<Erased>, PortError>;

    /// Erases for several orders of one tenant at once, for each as [`Eraser::erase`] does; one answer for each, in order.
    ///
    /// An object that several of them name is read and rewritten once. An order whose rows in it are not what was planned
    /// is left out, and the others go on.
    async fn erase_together(&self, shares: &[Share]) -> Vec<Result<Vec<Erased>, PortError>> {
        let mut answers = Vec::with_capacity(shares.len());
        for share in shares {
            answers.push(self.erase(&share.order, &share.targets).await);
        }
        answers
    }

    /// What the flags of at most 25 planned rows say, in order. Reads only.
    async fn read_flags(&self, order: &ErasureOrder, targets: &[Target]) -> Result<Vec<Flag>, PortError>;

    /// Sets the flags of at most 25 rows, each only while the row is what was planned and the flag holds what it held.
    ///
    /// Repeating it is harmless.
    async fn set_flags(&self, order: &ErasureOrder, rows: &[(Target, Former)]) -> Result<(), PortError>;

    /// Gives the flags of at most 25 rows back what they held, where they are still set. Repeating it is harmless.
    async fn reset_flags(&self, order: &ErasureOrder, rows: &[(Target, Former)]) -> Result<(), PortError>;
}
