//! Starts the notification worker. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use notification_worker::{Config, Message, handle, processors};
use workflow::advance_job::AdvanceJob;
use workflow::record_mail_fate::RecordMailFate;
use workflow::steps::Notify;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let Config { lease, public_url, notices_topic_arn, timezone, is_local } = Config::of(&settings)?;
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
    let mailer = aws.mailer(&settings.mail_from, Some(&settings.mail_configuration_set));
    let webhooks = adapters_aws::webhooks(is_local);
    let topic = aws.notice_topic(&notices_topic_arn);
    let maps = aws.data_maps(&settings.config_bucket);
    let notify = Notify { mailer, webhooks, topic, maps, public_url, timezone };
    let alerts = lambda_kit::emf_alerts(&settings);
    let (exports, outgoing) =
        (aws.export_store(&settings.exports_bucket, &settings.kms_key_id), adapters_aws::outgoing_calls(is_local));
    let tell = processors(&settings, exports, outgoing, aws.secrets(), Arc::clone(&alerts) as _);
    let fates = &RecordMailFate { ports: ports.clone() };
    let advance = &AdvanceJob::new(ports, alerts, lease).runs(notify).runs(tell);
    let handle = async |message: Message, ends_at| handle(advance, fates, &message, ends_at).await;
    lambda_kit::run_sqs(&settings, adapters_aws::take_calls, handle).await
}
