//! Starts the replay of erasures. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use restore_replay::{handle, legal_clock};
use workflow::replay_erasures::ReplayErasures;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let legal_clock = legal_clock(&settings)?;
    let aws = adapters_aws::connect().await;
    let store = aws.job_store(&settings.jobs_table, &settings.keyring_table);
    let queue = aws.job_queue(adapters_aws::QueueUrls::new(
        &settings.export_queue_url,
        &settings.erasure_queue_url,
        &settings.notification_queue_url,
    ));
    let replay = &ReplayErasures {
        ports: lambda_kit::step_ports(&settings, store, queue, aws.key_service(&settings.kms_key_id)),
        reader: Arc::new(connectors::Connectors::new(aws.config()).watched_by(aws.call_watcher())),
        maps: aws.data_maps(&settings.config_bucket),
        legal_clock,
        region: settings.region.clone(),
    };
    lambda_kit::run_events(adapters_aws::take_calls, async |event| handle(replay, event).await).await
}
