//! Starts the notification worker. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use notification_worker::{Config, handle};
use workflow::advance_job::AdvanceJob;
use workflow::steps::{Notify, PlanStore, TellProcessors};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let Config { lease, public_url, notices_topic_arn, is_local } = Config::of(&settings);
    let aws = adapters_aws::connect().await;
    let ports = lambda_kit::step_ports(
        &settings,
        aws.job_store(&settings.jobs_table, &settings.keyring_table),
        aws.job_queue(adapters_aws::QueueUrls::new(
            &settings.export_queue_url,
            &settings.erasure_queue_url,
            &settings.notification_queue_url,
        )),
        aws.key_service(&settings.kms_key_id),
    );
    let mailer = aws.mailer(&settings.mail_from, None);
    let webhooks = adapters_aws::webhooks(is_local);
    let topic = aws.notice_topic(&notices_topic_arn);
    let notify = Notify { mailer, webhooks, topic, public_url: public_url.clone() };
    let alerts = lambda_kit::emf_alerts(&settings);
    let tell = TellProcessors {
        plans: PlanStore { exports: aws.export_store(&settings.exports_bucket, &settings.kms_key_id) },
        calls: adapters_aws::outgoing_calls(is_local),
        secrets: aws.secrets(),
        alerts: Arc::clone(&alerts) as _,
        public_url,
    };
    let advance = AdvanceJob::new(ports, alerts, lease).runs(notify).runs(tell);
    let advance = &advance;
    let calls = adapters_aws::take_calls;
    lambda_kit::run_sqs(&settings, calls, async |nudge, ends_at| handle(advance, &nudge, ends_at).await).await
}
