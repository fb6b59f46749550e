//! Whoever must hear of what a rule over events found.

pub use audit_log::watch::Anomaly;
use domain::ids::TenantId;

/// Tells people of anomalies. Losing one is harmless: it is an event of the log too.
pub trait AnomalyAlerts: Send + Sync {
    /// A rule found something; pseudonyms and our own words only.
    fn found(&self, tenant: &TenantId, anomaly: &Anomaly);
}
