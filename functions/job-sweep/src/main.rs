//! Starts the job sweep. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use job_sweep::handle;
use workflow::sweep_jobs::SweepJobs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let aws = adapters_aws::connect().await;
    let clock = lambda_kit::system_clock(&settings);
    let sweep = SweepJobs {
        store: aws.job_store(&settings.jobs_table, &settings.keyring_table),
        queue: aws.job_queue(adapters_aws::QueueUrls::new(
            &settings.export_queue_url,
            &settings.erasure_queue_url,
            &settings.notification_queue_url,
        )),
        clock: Arc::<lambda_kit::SystemClock>::clone(&clock),
    };
    let (sweep, clock, stage) = (&sweep, &*clock, settings.stage.as_str());
    let calls = adapters_aws::take_calls;
    lambda_kit::run_schedule(&settings, calls, async |ends_at| handle(sweep, clock, stage, ends_at).await.map(|_| ()))
        .await
}
