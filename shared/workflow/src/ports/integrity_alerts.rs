//! Whoever must hear at once that a log, or a piece of evidence, does not hold.

use domain::ids::{EvidenceId, TenantId};

/// Tells people of what is broken.
pub trait IntegrityAlerts: Send + Sync {
    /// A log is broken at this place; the words hold no personal data.
    fn broken(&self, tenant: &TenantId, place: &str);

    /// A piece of evidence is broken at this place; the words hold no personal data.
    fn evidence_broken(&self, tenant: &TenantId, evidence: &EvidenceId, place: &str);
}
