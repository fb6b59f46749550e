//! Starts the audit API. Wiring only: decisions live in the workflow.

use audit_api::{App, Config, Ports};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let config = Config::of(&settings, adapters_aws::documents(settings.is_local()))?;
    let aws = adapters_aws::connect().await;
    let ports = Ports {
        store: aws.job_store(&settings.jobs_table, &settings.keyring_table),
        queue: aws.job_queue(adapters_aws::QueueUrls::new(
            &settings.export_queue_url,
            &settings.erasure_queue_url,
            &settings.notification_queue_url,
        )),
        index: aws.audit_index(&settings.jobs_table),
        feed: aws.audit_feed(&settings.jobs_table),
        evidence: aws.evidence_store(&settings.evidence_bucket, &settings.evidence_lock_mode),
        alerts: lambda_kit::emf_alerts(&settings),
        signer: aws.checkpoint_signer(&settings.checkpoint_key_id),
        keys: aws.key_service(&settings.kms_key_id),
        clock: lambda_kit::system_clock(&settings),
        token_clock: lambda_kit::wall_clock(),
        entropy: lambda_kit::system_entropy(),
    };
    lambda_kit::http::run_http(audit_api::router(App::new(ports, config, adapters_aws::take_calls))).await
}
