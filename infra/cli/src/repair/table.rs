//! Tables: encryption, recovery and expiry that the emulator leaves out.

use anyhow::Context as _;
use aws_sdk_dynamodb::types::{
    PointInTimeRecoverySpecification, SseSpecification, SseType, TimeToLiveSpecification, TimeToLiveStatus,
};
use serde_json::Value;

use super::{Done, Repair};

impl Repair<'_> {
    /// Sets what the template wants of one table.
    pub(super) async fn table(&self, id: &str, name: &str, properties: &Value) -> anyhow::Result<Vec<Done>> {
        let client = aws_sdk_dynamodb::Client::new(self.config);
        let mut done = Vec::new();
        if let Some(key) = self.resolved(&properties["SSESpecification"]["KMSMasterKeyId"]) {
            let sse = SseSpecification::builder().enabled(true).sse_type(SseType::Kms).kms_master_key_id(key);
            let request = client.update_table().table_name(name).sse_specification(sse.build());
            request.send().await.with_context(|| format!("cannot encrypt {id}"))?;
            done.push(("encryption", id.to_owned()));
        }
        let recovery = &properties["PointInTimeRecoverySpecification"];
        if recovery["PointInTimeRecoveryEnabled"].as_bool() == Some(true) {
            let days = recovery["RecoveryPeriodInDays"].as_i64().and_then(|days| i32::try_from(days).ok());
            let wanted = PointInTimeRecoverySpecification::builder()
                .point_in_time_recovery_enabled(true)
                .set_recovery_period_in_days(days)
                .build()?;
            let request = client.update_continuous_backups().table_name(name);
            request
                .point_in_time_recovery_specification(wanted)
                .send()
                .await
                .with_context(|| format!("cannot switch on the recovery of {id}"))?;
            done.push(("point-in-time recovery", id.to_owned()));
        }
        if let Some(attribute) = properties["TimeToLiveSpecification"]["AttributeName"].as_str() {
            done.extend(expiry(&client, id, name, attribute).await?);
        }
        Ok(done)
    }
}

async fn expiry(
    client: &aws_sdk_dynamodb::Client,
    id: &str,
    name: &str,
    attribute: &str,
) -> anyhow::Result<Option<Done>> {
    let found = client.describe_time_to_live().table_name(name).send().await?;
    let status = found.time_to_live_description().and_then(|description| description.time_to_live_status());
    if status == Some(&TimeToLiveStatus::Enabled) {
        return Ok(None);
    }
    let wanted = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build()?;
    let request = client.update_time_to_live().table_name(name).time_to_live_specification(wanted);
    request.send().await.with_context(|| format!("cannot set the expiry of {id}"))?;
    Ok(Some(("expiry", id.to_owned())))
}
