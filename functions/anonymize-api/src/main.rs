//! Starts the anonymize API. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use anonymize_api::{App, Config, Ports};

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
        maps: aws.data_maps(&settings.config_bucket),
        reader: Arc::new(connectors::Connectors::new(aws.config()).watched_by(aws.call_watcher())),
        clock: lambda_kit::system_clock(&settings),
        token_clock: lambda_kit::wall_clock(),
        entropy: lambda_kit::system_entropy(),
    };
    lambda_kit::http::run_http(anonymize_api::router(App::new(ports, config, adapters_aws::take_calls))).await
}
