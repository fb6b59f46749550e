//! Starts the export worker. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use connectors::Connectors;
use lambda_kit::StartError;
use workflow::advance_job::AdvanceJob;
use workflow::steps::{Collect, Expire, Locate, Package, PlanStore, Screen, Sources, Verify};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let settings = lambda_kit::start()?;
    let aws = adapters_aws::connect().await;
    let exports = aws.export_store(&settings.exports_bucket, &settings.kms_key_id);
    let plans = || PlanStore { exports: exports.clone() };
    let sources = Sources {
        maps: aws.data_maps(&settings.config_bucket),
        connector: Arc::new(Connectors::new(aws.config()).watched_by(aws.call_watcher())),
        region: settings.region.clone(),
    };
    let ports = lambda_kit::step_ports(
        &settings,
        aws.job_store(&settings.jobs_table, &settings.keyring_table),
        aws.job_queue(&settings.export_queue_url, &settings.notification_queue_url),
        aws.key_service(&settings.kms_key_id),
    );
    let advance = AdvanceJob::new(ports, settings.lease_for)
        .runs(Screen { sources: sources.clone() })
        .runs(Verify)
        .runs(Locate { sources: sources.clone(), plans: plans() })
        .runs(Collect { sources: sources.clone(), plans: plans(), exports: exports.clone() })
        .runs(Package { sources, exports: exports.clone(), download_for: settings.download_for })
        .runs(Expire { exports });
    lambda_kit::run_sqs(&settings, adapters_aws::take_calls, |nudge, slice_ends_at| {
        export_worker::handle(&advance, nudge, slice_ends_at)
    })
    .await
}
