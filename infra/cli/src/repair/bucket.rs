//! Buckets: encryption, lifecycle and tags that the emulator leaves out.

use anyhow::Context as _;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus,
    LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration, ObjectLockConfiguration,
    ObjectLockEnabled, ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule, Tag, Tagging, VersioningConfiguration,
};
use serde_json::Value;

use super::{Done, Repair};
use crate::stack;

impl Repair<'_> {
    /// Sets what the template wants of one bucket.
    pub(super) async fn bucket(&self, id: &str, name: &str, properties: &Value) -> anyhow::Result<Vec<Done>> {
        let client = stack::s3_client(self.config);
        let mut done = Vec::new();
        if let Some(wanted) = self.encryption(properties)? {
            let request = client.put_bucket_encryption().bucket(name);
            let request = request.server_side_encryption_configuration(wanted);
            request.send().await.with_context(|| format!("cannot encrypt {id}"))?;
            done.push(("encryption", id.to_owned()));
        }
        if let Some(rules) = properties["LifecycleConfiguration"]["Rules"].as_array() {
            let rules = rules.iter().map(|it| self.rule(it)).collect::<anyhow::Result<Vec<_>>>()?;
            let wanted = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build()?;
            let request = client.put_bucket_lifecycle_configuration().bucket(name);
            let request = request.lifecycle_configuration(wanted);
            request.send().await.with_context(|| format!("cannot set the lifecycle of {id}"))?;
            done.push(("lifecycle", id.to_owned()));
        }
        // How long each object stays is said with each put; the bucket only has to accept it.
        if !properties["ObjectLockConfiguration"].is_null() {
            let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
            let request = client.put_bucket_versioning().bucket(name).versioning_configuration(versions);
            request.send().await.with_context(|| format!("cannot keep versions in {id}"))?;
            let wanted = ObjectLockConfiguration::builder().object_lock_enabled(ObjectLockEnabled::Enabled).build();
            let request = client.put_object_lock_configuration().bucket(name).object_lock_configuration(wanted);
            request.send().await.with_context(|| format!("cannot lock {id}"))?;
            done.push(("object lock", id.to_owned()));
        }
        if let Some(tags) = properties["Tags"].as_array() {
            let tags = tags.iter().filter_map(|tag| {
                let value = self.resolved(&tag["Value"])?;
                Tag::builder().key(tag["Key"].as_str()?).value(value).build().ok()
            });
            let wanted = Tagging::builder().set_tag_set(Some(tags.collect())).build()?;
            let request = client.put_bucket_tagging().bucket(name).tagging(wanted);
            request.send().await.with_context(|| format!("cannot tag {id}"))?;
            done.push(("tags", id.to_owned()));
        }
        Ok(done)
    }

    fn encryption(&self, properties: &Value) -> anyhow::Result<Option<ServerSideEncryptionConfiguration>> {
        let rule = &properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
        let Some(key) = self.resolved(&rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]) else {
            return Ok(None);
        };
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::AwsKms)
            .kms_master_key_id(key)
            .build()?;
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default)
            .bucket_key_enabled(rule["BucketKeyEnabled"].as_bool().unwrap_or_default())
            .build();
        Ok(Some(ServerSideEncryptionConfiguration::builder().rules(rule).build()?))
    }

    fn rule(&self, wanted: &Value) -> anyhow::Result<LifecycleRule> {
        let days = |value: &Value| value.as_i64().or_else(|| self.resolved(value)?.parse().ok());
        let days = |value: &Value| days(value).and_then(|days| i32::try_from(days).ok());
        let prefix = wanted["Prefix"].as_str().unwrap_or_default();
        let markers = wanted["ExpiredObjectDeleteMarker"].as_bool();
        let expiration = days(&wanted["ExpirationInDays"]);
        let expiration = (expiration.is_some() || markers.is_some()).then(|| {
            LifecycleExpiration::builder().set_days(expiration).set_expired_object_delete_marker(markers).build()
        });
        let superseded = days(&wanted["NoncurrentVersionExpiration"]["NoncurrentDays"]);
        let abort = days(&wanted["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]);
        LifecycleRule::builder()
            .set_id(wanted["Id"].as_str().map(ToOwned::to_owned))
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix(prefix).build())
            .set_expiration(expiration)
            .set_noncurrent_version_expiration(
                superseded.map(|days| NoncurrentVersionExpiration::builder().noncurrent_days(days).build()),
            )
            .set_abort_incomplete_multipart_upload(
                abort.map(|days| AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build()),
            )
            .build()
            .context("a lifecycle rule of the template is incomplete")
    }
}
