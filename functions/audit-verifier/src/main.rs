//! Starts the audit verifier. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use audit_verifier::handle;
use workflow::ports::{AuditFeed, CheckpointSigner, Clock, EvidenceStore};
use workflow::prove_event::ProveEvent;
use workflow::verify_audits::VerifyAudits;
use workflow::verify_log::VerifyLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let aws = adapters_aws::connect().await;
    let clock: Arc<dyn Clock> = lambda_kit::system_clock(&settings);
    let feed: Arc<dyn AuditFeed> = aws.audit_feed(&settings.jobs_table);
    let evidence: Arc<dyn EvidenceStore> = aws.evidence_store(&settings.evidence_bucket, &settings.evidence_lock_mode);
    let signer: Arc<dyn CheckpointSigner> = aws.checkpoint_signer(&settings.checkpoint_key_id);
    let prove = ProveEvent::new(Arc::clone(&feed), Arc::clone(&evidence), signer, &*settings.audit_origin);
    let verify = VerifyAudits {
        verify: VerifyLog {
            prove: Arc::new(prove),
            evidence: Arc::clone(&evidence),
            feed: Arc::clone(&feed),
            store: aws.job_store(&settings.jobs_table, &settings.keyring_table),
            clock: Arc::clone(&clock),
        },
        feed,
        evidence,
        alerts: lambda_kit::emf_alerts(&settings),
        clock: Arc::clone(&clock),
        keep_days: settings.evidence_keep_days,
    };
    let (verify, clock, stage) = (&verify, &*clock, settings.stage.as_str());
    let calls = adapters_aws::take_calls;
    let run = async |payload, ends_at| handle(verify, clock, stage, (payload, ends_at)).await.map(|_| ());
    lambda_kit::run_schedule_with_input(&settings, calls, run).await
}
