//! Starts the notification worker. Wiring only: decisions live in the workflow.

use lambda_kit::StartError;
use workflow::advance_job::AdvanceJob;
use workflow::steps::Notify;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let settings = lambda_kit::start()?;
    let aws = adapters_aws::connect().await;
    let ports = lambda_kit::step_ports(
        &settings,
        aws.job_store(&settings.jobs_table, &settings.keyring_table),
        aws.job_queue(&settings.export_queue_url, &settings.notification_queue_url),
        aws.key_service(&settings.kms_key_id),
    );
    let advance = AdvanceJob::new(ports, settings.lease_for).runs(Notify {
        mailer: aws.mailer(&settings.mail_from, None),
        public_url: settings.public_url.clone(),
    });
    lambda_kit::run_sqs(&settings, adapters_aws::take_calls, |nudge, slice_ends_at| {
        notification_worker::handle(&advance, nudge, slice_ends_at)
    })
    .await
}
