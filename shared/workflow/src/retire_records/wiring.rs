//! Wires the end of our own records with what the sweep of customers' collections is wired with.

use std::sync::Arc;

use super::RetireRecords;
use crate::ports::AuditIndex;
use crate::sweep_retention::SweepRetention;

impl RetireRecords {
    /// Ends our own records beside a sweep, on the same ports and under the same cap.
    #[must_use]
    pub fn beside(sweep: &SweepRetention, index: Arc<dyn AuditIndex>) -> Self {
        Self {
            store: Arc::clone(&sweep.store),
            feed: Arc::clone(&sweep.feed),
            index,
            evidence: Arc::clone(&sweep.evidence),
            keyring: Arc::clone(&sweep.keyring),
            alerts: Arc::clone(&sweep.alerts),
            clock: Arc::clone(&sweep.clock),
            entropy: Arc::clone(&sweep.entropy),
            cap: sweep.cap,
            keep_days: sweep.keep_days,
        }
    }
}
