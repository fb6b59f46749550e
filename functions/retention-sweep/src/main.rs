//! Starts the retention sweep. Wiring only: decisions live in the workflow.

use std::sync::Arc;

use retention_sweep::handle;
use workflow::keyring::Keyring;
use workflow::retire_records::RetireRecords;
use workflow::sweep_retention::{Cap, SweepRetention};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::StartError> {
    let settings = lambda_kit::start()?;
    let aws = adapters_aws::connect().await;
    let clock = lambda_kit::system_clock(&settings);
    let store = aws.job_store(&settings.jobs_table, &settings.keyring_table);
    let entropy = lambda_kit::system_entropy();
    let keys = aws.key_service(&settings.kms_key_id);
    let systems = Arc::new(connectors::Connectors::new(aws.config()).watched_by(aws.call_watcher()));
    let sweep = SweepRetention {
        store: Arc::clone(&store) as _,
        feed: aws.audit_feed(&settings.jobs_table),
        maps: aws.data_maps(&settings.config_bucket),
        source: Arc::clone(&systems) as _,
        connector: systems,
        evidence: aws.evidence_store(&settings.evidence_bucket, &settings.evidence_lock_mode),
        tables: Arc::new(connectors::ParquetTables),
        keyring: Arc::new(Keyring::new(store, keys, Arc::clone(&entropy) as _)),
        alerts: lambda_kit::emf_alerts(&settings),
        clock: Arc::<lambda_kit::SystemClock>::clone(&clock),
        entropy,
        cap: Cap { rows: settings.retention_cap_rows, percent: settings.retention_cap_percent },
        keep_days: settings.evidence_keep_days,
    };
    let retire = RetireRecords::beside(&sweep, aws.audit_index(&settings.jobs_table));
    let (both, clock, stage) = ((&sweep, &retire), &*clock, settings.stage.as_str());
    let calls = adapters_aws::take_calls;
    lambda_kit::run_event(&settings, calls, async |event, ends_at| handle(both, clock, stage, &event, ends_at).await)
        .await
}
