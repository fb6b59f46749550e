//! Telling operators what the retention sweep found, and what it may not do by itself.

use domain::ids::TenantId;
use domain::retention_run::Tally;

/// What became of one collection. Names of the data map and counts only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetentionWarning {
    /// A pass over a collection ended.
    Reported {
        /// The tenant.
        tenant: TenantId,
        /// `dataset.collection`.
        collection: String,
        /// The class.
        class: &'static str,
        /// The counts.
        tally: Tally,
    },
    /// More expired than a run may take away: nothing was; a person must look.
    BeyondCap {
        /// The tenant.
        tenant: TenantId,
        /// `dataset.collection`.
        collection: String,
        /// How many would go.
        expired: u64,
    },
    /// What holds the collection has no retention label (R-RET-4).
    Unlabelled {
        /// The tenant.
        tenant: TenantId,
        /// `dataset.collection`.
        collection: String,
    },
    /// A collection could not be swept; the others were.
    Failed {
        /// The tenant.
        tenant: TenantId,
        /// `dataset.collection`, or what of the tenant could not be read.
        collection: String,
        /// Why, in our own words.
        reason: String,
    },
}

/// Passes on what the sweep says. Losing a word of it loses nothing: the state and the audit event say the same.
pub trait RetentionAlerts: Send + Sync {
    /// Passes one on.
    fn warn(&self, warning: &RetentionWarning);
}
