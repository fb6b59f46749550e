//! Starts the deadline sweep. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use deadline_sweep::handle;
use workflow::sweep_deadlines::SweepDeadlines;
use workflow::sweep_digests::SweepDigests;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let aws = adapters_aws::connect().await;
    let clock = lambda_kit::system_clock(&settings);
    let sweep = SweepDeadlines {
        store: aws.job_store(&settings.jobs_table, &settings.keyring_table),
        alerts: lambda_kit::emf_alerts(&settings),
        clock: Arc::<lambda_kit::SystemClock>::clone(&clock),
        entropy: lambda_kit::system_entropy(),
    };
    let digests = SweepDigests {
        store: Arc::clone(&sweep.store),
        mailer: aws.mailer(&settings.mail_from, Some(&settings.mail_configuration_set)),
        clock: Arc::<lambda_kit::SystemClock>::clone(&clock),
        entropy: lambda_kit::system_entropy(),
        timezone: settings.time_zone()?,
    };
    let (sweep, digests, clock, stage) = (&sweep, &digests, &*clock, settings.stage.as_str());
    let calls = adapters_aws::take_calls;
    let tick = async |ends_at| handle(sweep, digests, clock, stage, ends_at).await.map(|_| ());
    lambda_kit::run_schedule(&settings, calls, tick).await
}
