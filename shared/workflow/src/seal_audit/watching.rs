//! What is done with leaves that were just sealed: rules look at them once and in order, then a SIEM is given them (R-AUD-3, R-AUD-8).
//!
//! What the rules remember is written with the head: a batch that is finished again finds the same and says it under the same id.

use audit_log::event::LogEvent;
use audit_log::watch::Anomaly;
use domain::event::{Action, AuditEvent, EventType, Level};
use domain::ids::{EventId, OpNonce, TenantId};
use domain::transition::{Cause, TransitionBuilder};
use jiff::Timestamp;

use super::SealAudit;
use crate::ports::{CommitError, LogHead, PortError};

impl SealAudit {
    /// The head after its new leaves were looked at and delivered; what could not be delivered waits in it.
    pub(super) async fn follow(
        &self,
        mut head: LogHead,
        leaves: &[Vec<u8>],
        begun_at: Timestamp,
    ) -> Result<LogHead, PortError> {
        for leaf in leaves {
            // The sealer wrote it: what is no event was refused before.
            let Ok(event) = serde_json::from_slice::<LogEvent>(leaf) else { continue };
            for anomaly in self.rules.look(&mut head.memory, &event) {
                self.report(&head.tenant, &anomaly, begun_at).await?;
            }
        }
        self.rules.tidy(&mut head.memory);
        self.deliver(&mut head, leaves, begun_at).await;
        Ok(head)
    }

    /// One event and one alert.
    async fn report(&self, tenant: &TenantId, anomaly: &Anomaly, at: Timestamp) -> Result<(), PortError> {
        let random = anomaly.fingerprint();
        let mut nonce = [0; 16];
        nonce[..10].copy_from_slice(&random);
        let mut builder = TransitionBuilder::new(tenant, OpNonce::new(nonce), Cause::worker(at), random);
        let event = AuditEvent {
            id: EventId::new(at, random),
            event_type: EventType::Anomaly,
            level: Level::Warning,
            from: Some(anomaly.about.clone()),
            to: Some(anomaly.rule.clone()),
            reason: Some(anomaly.title.clone()),
            counts: vec![
                ("found".to_owned(), anomaly.count),
                ("within_seconds".to_owned(), u64::from(anomaly.within_seconds)),
            ],
            control_id: anomaly.control_id.clone(),
            ..builder.tenant_event("anomaly", Action::Create)
        };
        builder.event(event);
        match self.store.commit(&builder.build()).await {
            Ok(()) => {}
            // Whoever began this batch wrote it already, and perhaps died before anybody was told.
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {}
            Err(CommitError::Port(error)) => return Err(error),
        }
        self.alerts.found(tenant, anomaly);
        Ok(())
    }
}
