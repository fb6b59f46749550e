//! Starts the job sweep. Wiring only: decisions live in the workflow.

use lambda_kit::StartError;
use workflow::sweep_jobs::SweepJobs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let settings = lambda_kit::start()?;
    let aws = adapters_aws::connect().await;
    let clock = lambda_kit::system_clock(&settings);
    let sweep = SweepJobs {
        store: aws.job_store(&settings.jobs_table, &settings.keyring_table),
        queue: aws.job_queue(&settings.export_queue_url, &settings.notification_queue_url),
        clock: clock.clone(),
    };
    lambda_kit::run_schedule(&settings, adapters_aws::take_calls, |slice_ends_at| {
        job_sweep::handle(&sweep, clock.as_ref(), slice_ends_at)
    })
    .await
}
