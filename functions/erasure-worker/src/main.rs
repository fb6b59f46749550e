//! Starts the erasure worker. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use domain::step::Nudge;
use erasure_worker::{Config, handle};
use workflow::advance_job::AdvanceJob;
use workflow::ports::ExportStore;
use workflow::steps::{Conclude, Erasing, Issuers, PlanStore, Sources, erasure_steps};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let Config { lease, backups_last, region } = Config::of(&settings);
    let aws = adapters_aws::connect().await;
    let store = aws.job_store(&settings.jobs_table, &settings.keyring_table);
    let queue = aws.job_queue(adapters_aws::QueueUrls::new(
        &settings.export_queue_url,
        &settings.erasure_queue_url,
        &settings.notification_queue_url,
    ));
    let ports = lambda_kit::step_ports(&settings, store, queue, aws.key_service(&settings.kms_key_id));
    let exports: Arc<dyn ExportStore> = aws.export_store(&settings.exports_bucket, &settings.kms_key_id);
    let systems = Arc::new(connectors::Connectors::new(aws.config()).watched_by(aws.call_watcher()));
    let sources =
        Sources { maps: aws.data_maps(&settings.config_bucket), connector: Arc::clone(&systems) as _, region };
    let erasing = Erasing { sources, eraser: systems, plans: PlanStore { exports: Arc::clone(&exports) } };
    let signer = aws.receipt_signer(&settings.receipt_key_id);
    let alerts = lambda_kit::emf_alerts(&settings);
    let engine = AdvanceJob::new(ports, Arc::clone(&alerts) as _, lease);
    let issuers = Issuers { calls: adapters_aws::outgoing_calls(settings.is_local()), secrets: aws.secrets() };
    let advance = &erasure_steps(engine, &erasing, issuers, alerts, Conclude { exports, signer, backups_last });
    let handle = async |nudge: Nudge, ends_at| handle(advance, &nudge, ends_at).await;
    lambda_kit::run_sqs(&settings, adapters_aws::take_calls, handle).await
}
