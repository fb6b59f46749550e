//! The use case of this function over its ports; `main` gives those of AWS.

use std::sync::Arc;

use lambda_kit::Settings;
use workflow::evidence::CollectEvidence;
use workflow::keyring::Keyring;
use workflow::ports::{
    AuditFeed, AuditIndex, CheckpointSigner, Clock, Entropy, EvidenceStore, IntegrityAlerts, JobStore, KeyService,
};
use workflow::prove_event::ProveEvent;
use workflow::verify_audits::VerifyAudits;
use workflow::verify_log::VerifyLog;

/// Everything outside that this function touches.
pub struct Ports {
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Events in the order of time.
    pub index: Arc<dyn AuditIndex>,
    /// Where events stand in their logs.
    pub feed: Arc<dyn AuditFeed>,
    /// The logs, and evidence beside them.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Knows the key of the checkpoints.
    pub signer: Arc<dyn CheckpointSigner>,
    /// Opens data keys.
    pub keys: Arc<dyn KeyService>,
    /// Whoever must hear of a break.
    pub alerts: Arc<dyn IntegrityAlerts>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// Wires the use case.
#[must_use]
pub fn verify_audits(ports: Ports, settings: &Settings) -> VerifyAudits {
    let Ports { store, index, feed, evidence, signer, keys, alerts, clock, entropy } = ports;
    let keep_days = settings.evidence_keep_days;
    let collect = CollectEvidence {
        store: Arc::clone(&store),
        index,
        evidence: Arc::clone(&evidence),
        keyring: Arc::new(Keyring::new(Arc::clone(&store), keys, Arc::clone(&entropy))),
        entropy,
        settings: settings.as_evidence(),
        keep_days,
    };
    let prove = ProveEvent::new(Arc::clone(&feed), Arc::clone(&evidence), signer, &*settings.audit_origin);
    let verify = VerifyLog {
        prove: Arc::new(prove),
        evidence: Arc::clone(&evidence),
        feed: Arc::clone(&feed),
        store,
        clock: Arc::clone(&clock),
    };
    VerifyAudits { verify, feed, evidence, alerts, collect, clock, keep_days }
}
