//! Starts the audit verifier. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use audit_verifier::{Ports, handle, verify_audits};
use workflow::ports::Clock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let aws = adapters_aws::connect().await;
    let clock: Arc<dyn Clock> = lambda_kit::system_clock(&settings);
    let ports = Ports {
        store: aws.job_store(&settings.jobs_table, &settings.keyring_table),
        index: aws.audit_index(&settings.jobs_table),
        feed: aws.audit_feed(&settings.jobs_table),
        evidence: aws.evidence_store(&settings.evidence_bucket, &settings.evidence_lock_mode),
        signer: aws.checkpoint_signer(&settings.checkpoint_key_id),
        keys: aws.key_service(&settings.kms_key_id),
        alerts: lambda_kit::emf_alerts(&settings),
        clock: Arc::clone(&clock),
        entropy: lambda_kit::system_entropy(),
    };
    let verify = verify_audits(ports, &settings);
    let (verify, clock, stage) = (&verify, &*clock, settings.stage.as_str());
    let calls = adapters_aws::take_calls;
    let run = async |payload, ends_at| handle(verify, clock, stage, (payload, ends_at)).await.map(|_| ());
    lambda_kit::run_schedule_with_input(&settings, calls, run).await
}
