//! Starts the export worker. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use domain::step::Nudge;
use export_worker::{Config, handle};
use workflow::advance_job::AdvanceJob;
use workflow::ports::ExportStore;
use workflow::steps::{
    Anonymize, Collect, Expire, ExportEvents, Locate, Package, Packing, PlanStore, Screen, Sources, Verify,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let Config { lease, download_for, region } = Config::of(&settings);
    let aws = adapters_aws::connect().await;
    let store = aws.job_store(&settings.jobs_table, &settings.keyring_table);
    let of = &settings;
    let urls = adapters_aws::QueueUrls::new(&of.export_queue_url, &of.erasure_queue_url, &of.notification_queue_url);
    let ports = lambda_kit::step_ports(&settings, store, aws.job_queue(urls), aws.key_service(&settings.kms_key_id));
    let exports: Arc<dyn ExportStore> = aws.export_store(&settings.exports_bucket, &settings.kms_key_id);
    let connector = Arc::new(connectors::Connectors::new(aws.config()).watched_by(aws.call_watcher()));
    let sources =
        Sources { maps: aws.data_maps(&settings.config_bucket), connector: Arc::clone(&connector) as _, region };
    let plans = || PlanStore { exports: Arc::clone(&exports) };
    let packing = Packing::Deflated;
    let signer = aws.receipt_signer(&settings.receipt_key_id);
    let advance = &AdvanceJob::new(ports, lambda_kit::emf_alerts(&settings), lease)
        .runs(Screen { sources: sources.clone() })
        .runs(Verify)
        .runs(Locate { sources: sources.clone(), plans: plans() })
        .runs(Collect { sources: sources.clone(), plans: plans(), exports: Arc::clone(&exports), packing })
        .runs(Anonymize { sources: sources.clone(), reader: connector, plans: plans(), exports: Arc::clone(&exports) })
        .runs(ExportEvents { index: aws.audit_index(&settings.jobs_table), exports: Arc::clone(&exports), packing })
        .runs(Package { sources, exports: Arc::clone(&exports), signer, download_for, packing })
        .runs(Expire { exports });
    let handle = async |nudge: Nudge, ends_at| handle(advance, &nudge, ends_at).await;
    lambda_kit::run_sqs(&settings, adapters_aws::take_calls, handle).await
}
