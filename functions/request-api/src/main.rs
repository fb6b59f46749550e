//! Starts the request API. Wiring only: decisions live in the workflow.

use request_api::{App, Config, Ports};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let config = Config::of(&settings, adapters_aws::documents(settings.is_local()))?;
    let aws = adapters_aws::connect().await;
    let ports = Ports {
        store: lambda_kit::metered(&settings, aws.job_store(&settings.jobs_table, &settings.keyring_table)),
        queue: aws.job_queue(adapters_aws::QueueUrls::new(
            &settings.export_queue_url,
            &settings.erasure_queue_url,
            &settings.notification_queue_url,
        )),
        keys: aws.key_service(&settings.kms_key_id),
        exports: aws.export_store(&settings.exports_bucket, &settings.kms_key_id),
        feed: aws.audit_feed(&settings.jobs_table),
        evidence: aws.evidence_store(&settings.evidence_bucket, &settings.evidence_lock_mode),
        checkpoints: aws.checkpoint_signer(&settings.checkpoint_key_id),
        maps: aws.data_maps(&settings.config_bucket),
        clock: lambda_kit::system_clock(&settings),
        token_clock: lambda_kit::wall_clock(),
        entropy: lambda_kit::system_entropy(),
    };
    lambda_kit::http::run_http(request_api::router(App::new(ports, config, adapters_aws::take_calls))).await
}
