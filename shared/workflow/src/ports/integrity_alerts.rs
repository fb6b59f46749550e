//! Whoever must hear at once that a log does not hold.

use domain::ids::TenantId;

/// Tells people of a broken log.
pub trait IntegrityAlerts: Send + Sync {
    /// A log is broken at this place; the words hold no personal data.
    fn broken(&self, tenant: &TenantId, place: &str);
}
