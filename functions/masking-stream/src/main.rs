//! Starts the masking stream. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use lambda_kit::{metered, system_clock, system_entropy};
use masking_stream::{Config, handle};
use workflow::keyring::Keyring;
use workflow::mask_stream::{ConsentCheck, KeptConsents, KeptMasker, MaskStream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let Config { tenant, target, method, purpose } = Config::of(&settings)?;
    let aws = adapters_aws::connect().await;
    let sink = aws.event_sink(&target, &settings.kms_key_id);
    let store = metered(&settings, aws.job_store(&settings.jobs_table, &settings.keyring_table));
    let keyring = Keyring::new(Arc::clone(&store), aws.key_service(&settings.kms_key_id), system_entropy());
    let connector = Arc::new(connectors::Connectors::new(aws.config()).watched_by(aws.call_watcher()));
    let consent = purpose.map(|purpose| ConsentCheck { connector, purpose, kept: KeptConsents::default() });
    let masking = &MaskStream {
        store,
        maps: aws.data_maps(&settings.config_bucket),
        keyring: Arc::new(keyring),
        sink,
        clock: system_clock(&settings),
        tenant,
        method,
        consent,
        kept: KeptMasker::default(),
    };
    let stage = settings.stage.as_str();
    lambda_kit::run_events(adapters_aws::take_calls, async |event| handle(masking, stage, event).await).await
}
