//! Starts the audit sealer. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use audit_sealer::{Config, handle};
use workflow::seal_audit::SealAudit;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let Config { rules } = Config::of(&settings)?;
    let aws = adapters_aws::connect().await;
    let clock = lambda_kit::system_clock(&settings);
    let seal = SealAudit {
        feed: aws.audit_feed(&settings.jobs_table),
        evidence: aws.evidence_store(&settings.evidence_bucket, &settings.evidence_lock_mode),
        signer: aws.checkpoint_signer(&settings.checkpoint_key_id),
        store: aws.job_store(&settings.jobs_table, &settings.keyring_table),
        alerts: lambda_kit::emf_alerts(&settings),
        siem: aws.siem(&settings.siem_bucket),
        clock: Arc::<lambda_kit::SystemClock>::clone(&clock),
        rules,
        origin: settings.audit_origin.clone(),
        keep_days: settings.evidence_keep_days,
    };
    let (seal, clock, stage) = (&seal, &*clock, settings.stage.as_str());
    let calls = adapters_aws::take_calls;
    lambda_kit::run_schedule(&settings, calls, async |ends_at| handle(seal, clock, stage, ends_at).await.map(|_| ()))
        .await
}
