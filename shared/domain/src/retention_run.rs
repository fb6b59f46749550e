//! How far the retention sweep is with one collection: the memory of a run that goes on over many slices.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{OpNonce, TenantId};
use crate::key::{Partition, TenantKey};
use crate::request::wire_enum;
use crate::sealed::Sealed;

wire_enum! {
    /// Where a run stands.
    RunPhase {
        /// It counts what expired; nothing is changed.
        Counting = "counting",
        /// It takes away what it counted.
        Removing = "removing",
        /// It ended with a report only: a dry run was asked for, or the policy is new.
        Reported = "reported",
        /// More expired than a run may take; a person must look.
        BeyondCap = "beyond_cap",
        /// It did what it could.
        Ended = "ended",
    }
}

impl RunPhase {
    /// Whether the run still goes on.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Counting | Self::Removing)
    }
}

/// What a run counted (V6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Rows looked at.
    pub scanned: u64,
    /// Rows that have lived long enough.
    pub expired: u64,
    /// Of these: archived, checksum verified.
    pub archived: u64,
    /// Of these: deleted.
    pub deleted: u64,
    /// Of these: rewritten without their people.
    pub anonymized: u64,
    /// Of these: kept for a legal hold.
    pub held: u64,
    /// Of these: changed or gone meanwhile, or without a subject to seal them for; the next run looks again.
    pub failed: u64,
}

impl Tally {
    /// Name and number of each count.
    #[must_use]
    pub fn counts(&self) -> Vec<(String, u64)> {
        let Self { scanned, expired, archived, deleted, anonymized, held, failed } = *self;
        let named = [
            ("anonymized", anonymized),
            ("archived", archived),
            ("deleted", deleted),
            ("expired", expired),
            ("failed", failed),
            ("held", held),
            ("scanned", scanned),
        ];
        named.map(|(name, count)| (name.to_owned(), count)).to_vec()
    }

    /// What was counted since an earlier count of the same run.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            scanned: self.scanned.saturating_sub(earlier.scanned),
            expired: self.expired.saturating_sub(earlier.expired),
            archived: self.archived.saturating_sub(earlier.archived),
            deleted: self.deleted.saturating_sub(earlier.deleted),
            anonymized: self.anonymized.saturating_sub(earlier.anonymized),
            held: self.held.saturating_sub(earlier.held),
            failed: self.failed.saturating_sub(earlier.failed),
        }
    }

    /// Rows taken away.
    #[must_use]
    pub const fn removed(&self) -> u64 {
        self.deleted + self.anonymized
    }
}

/// A chunk that is archived and verified, and not yet all taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedChunk {
    /// The name of its archive.
    pub archive: String,
    /// SHA-256 of the archive.
    pub sha256: String,
    /// The name of its manifest, which names each row by keyed hash.
    pub manifest: String,
    /// Rows in it.
    pub rows: u64,
    /// Of these: counted as taken away already.
    pub booked: u64,
}

/// While rows are taken away. It is written before the holds are read, and gone when the chunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From when.
    pub from: Timestamp,
    /// Until when, at the latest.
    pub until: Timestamp,
}

/// How far two clocks may be apart before a window that died with its worker is misread.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// The last run over one collection, and what policy was last reported before it was obeyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRun {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// `dataset.collection`.
    pub collection: String,
    /// Rises by one with each write.
    pub version: u64,
    /// Nonce of the last write.
    pub op_nonce: OpNonce,
    /// When the run began; cut-offs are counted from here to its end.
    pub begun_at: Timestamp,
    /// Where it stands.
    pub phase: RunPhase,
    /// Whether nothing may be taken away.
    pub dry_run: bool,
    /// Whether a person let this run exceed the cap.
    pub beyond_cap: bool,
    /// How many days count for an organisation; the empty name stands for all others. Pinned at the start.
    pub days: BTreeMap<String, Option<u64>>,
    /// The same as it was when a run last reported it: only what was reported is obeyed.
    pub reported_days: Option<BTreeMap<String, Option<u64>>>,
    /// How the map said it when it was reported.
    pub reported_rule: Option<String>,
    /// Digest of the map's rule, pinned at the start.
    pub rule: String,
    /// What the counting pass found.
    pub counted: Tally,
    /// What the removing pass did.
    pub done: Tally,
    /// Where the pass goes on; sealed, because it may name keys of the customer.
    pub cursor: Option<Sealed>,
    /// The number of the next chunk.
    pub chunk: u32,
    /// The chunk that is being taken away.
    pub archived: Option<ArchivedChunk>,
    /// While a worker may be taking rows away that it found no hold for.
    pub removing: Option<Window>,
    /// Why the last slice failed, in our own words; gone with the next one that does not.
    pub failed_because: Option<String>,
    /// What holds the collection has a retention label.
    pub labelled: bool,
}

impl RetentionRun {
    /// What the sort keys of runs begin with.
    pub const PREFIX: &str = "sweep#";

    /// The key of the run of a collection.
    #[must_use]
    pub fn key_of(tenant: &TenantId, collection: &str) -> TenantKey {
        TenantKey::new(tenant, Partition::Tenant, format!("{}{collection}", Self::PREFIX))
    }

    /// The key of this run.
    #[must_use]
    pub fn key(&self) -> TenantKey {
        Self::key_of(&self.tenant, &self.collection)
    }

    /// Whether rows may be going by holds that were read before this instant. Of a window that its worker wrote off this is
    /// never said; what a dead worker left counts until no clock is that far off.
    #[must_use]
    pub fn may_have_begun_before(&self, instant: Timestamp, now: Timestamp) -> bool {
        self.removing.is_some_and(|window| window.from < instant + SKEW && now < window.until + SKEW)
    }

    /// What the run has to tell: what it counted, and what it took away of that.
    #[must_use]
    pub const fn told(&self) -> Tally {
        match self.phase {
            RunPhase::Counting | RunPhase::Reported | RunPhase::BeyondCap => self.counted,
            RunPhase::Removing | RunPhase::Ended => self.done,
        }
    }

    /// Whether what this run would obey was reported before: no organisation has less time than then, and the map says the same.
    #[must_use]
    pub fn is_reported(&self) -> bool {
        let Some(reported) = &self.reported_days else { return false };
        let usual = reported.get("").copied().flatten();
        let shortened = self.days.iter().any(|(organization, days)| {
            let before = reported.get(organization).copied().unwrap_or(usual);
            match (days, before) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(days), Some(before)) => *days < before,
            }
        });
        // An organisation whose own policy is gone falls back to what counts for all others.
        let now_usual = self.days.get("").copied().flatten();
        let fallen = reported.iter().filter(|(name, _)| !self.days.contains_key(*name)).any(|(_, before)| {
            matches!((now_usual, before), (Some(_), None))
                || matches!((now_usual, before), (Some(now), Some(before)) if now < *before)
        });
        !shortened && !fallen && self.reported_rule.as_ref() == Some(&self.rule)
    }
}
