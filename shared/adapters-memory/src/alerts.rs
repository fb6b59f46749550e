//! Alerts that ring nowhere but can be counted.

use domain::ids::{EvidenceId, TenantId};
use workflow::ports::{
    Alert, Alerts, Anomaly, AnomalyAlerts, DeadlineAlerts, DeadlineWarning, IntegrityAlerts, RetentionAlerts,
    RetentionWarning,
};

use crate::world::MemoryWorld;

/// Keeps every alert of the world.
#[derive(Debug, Clone)]
pub struct MemoryAlerts {
    world: MemoryWorld,
}

impl MemoryAlerts {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

impl Alerts for MemoryAlerts {
    fn raise(&self, alert: &Alert) {
        self.world.change(|state| {
            let at = state.now;
            state.alerts.push((at, alert.clone()));
        });
    }
}

impl DeadlineAlerts for MemoryAlerts {
    fn warn(&self, warning: &DeadlineWarning) {
        self.world.change(|state| {
            let at = state.now;
            state.warnings.push((at, warning.clone()));
        });
    }
}

impl RetentionAlerts for MemoryAlerts {
    fn warn(&self, warning: &RetentionWarning) {
        self.world.change(|state| {
            let at = state.now;
            state.retention_warnings.push((at, warning.clone()));
        });
    }
}

impl IntegrityAlerts for MemoryAlerts {
    fn broken(&self, tenant: &TenantId, place: &str) {
        self.world.change(|state| {
            let at = state.now;
            state.broken_logs.push((at, tenant.clone(), place.to_owned()));
        });
    }
    fn evidence_broken(&self, tenant: &TenantId, evidence: &EvidenceId, place: &str) {
        self.world.change(|state| {
            let at = state.now;
            state.broken_evidence.push((at, tenant.clone(), format!("{evidence}: {place}")));
        });
    }
}

impl AnomalyAlerts for MemoryAlerts {
    fn found(&self, tenant: &TenantId, anomaly: &Anomaly) {
        self.world.change(|state| {
            let at = state.now;
            state.anomalies.push((at, tenant.clone(), anomaly.clone()));
        });
    }
}
