//! Starts the discovery sweep. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use discovery_sweep::handle;
use workflow::discover::Discover;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let aws = adapters_aws::connect().await;
    let discover = &Discover {
        sampler: Arc::new(connectors::Connectors::new(aws.config()).watched_by(aws.call_watcher())),
        store: aws.job_store(&settings.jobs_table, &settings.keyring_table),
        maps: aws.data_maps(&settings.config_bucket),
        exports: aws.export_store(&settings.exports_bucket, &settings.kms_key_id),
        clock: lambda_kit::system_clock(&settings),
        entropy: lambda_kit::system_entropy(),
        rows: usize::try_from(settings.discovery_rows).unwrap_or(100),
    };
    let (tenants, stage) = (settings.discovery_tenants.as_slice(), settings.stage.as_str());
    lambda_kit::run_events(adapters_aws::take_calls, async |event| handle(discover, tenants, stage, event).await).await
}
