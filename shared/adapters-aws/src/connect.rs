//! One configuration, and clients made when first used, so that a function pays only for the services it calls.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use workflow::mask_stream::ObjectSink;
use workflow::ports::{EventSink, ExportStore, NoticeTopic, PortError, SinkTarget};

use crate::calls::{CallCounter, CountCalls};
use crate::{
    DynamoAuditFeed, DynamoAuditIndex, DynamoJobStore, KinesisSink, KmsCheckpointSigner, KmsKeyService,
    KmsReceiptSigner, ManagedSecrets, QueueUrls, S3DataMaps, S3EvidenceStore, S3ExportStore, SesMailer, SnsTopic,
    SqsJobQueue, SqsSink,
};

/// The way to AWS: hands out the adapters of one process.
#[derive(Debug)]
pub struct Aws {
    // Configuration.
    config: SdkConfig,
    calls: Arc<CallCounter>,
    // Dependencies.
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
}

/// Connects as the environment says (region, credentials, `AWS_ENDPOINT_URL`); makes no call yet.
pub async fn connect() -> Aws {
    Aws::new(aws_config::load_defaults(BehaviorVersion::latest()).await, CallCounter::process())
}

impl Aws {
    /// Uses a configuration made elsewhere: by the CLI, or by a test.
    #[must_use]
    pub const fn new(config: SdkConfig, calls: Arc<CallCounter>) -> Self {
        Self { config, calls, dynamodb: OnceLock::new(), s3: OnceLock::new() }
    }

    /// The region in which everything stays.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.config.region().map(AsRef::as_ref)
    }

    /// The configuration, for connectors that reach the customer's systems.
    #[must_use]
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// What counts the calls of this process, for clients made elsewhere.
    #[must_use]
    pub fn call_watcher(&self) -> SharedInterceptor {
        SharedInterceptor::new(self.count_calls())
    }

    /// The tables; `keyring_table` holds wrapped keys and nothing else.
    #[must_use]
    pub fn job_store(&self, jobs_table: &str, keyring_table: &str) -> Arc<DynamoJobStore> {
        Arc::new(DynamoJobStore::new(self.dynamodb(), jobs_table, keyring_table))
    }

    /// The queues of the workers.
    #[must_use]
    pub fn job_queue(&self, urls: QueueUrls) -> Arc<SqsJobQueue> {
        Arc::new(SqsJobQueue::new(self.sqs(), urls))
    }

    /// What takes masked events.
    #[must_use]
    pub fn event_sink(&self, target: &SinkTarget, kms_key: &str) -> Arc<dyn EventSink> {
        match target {
            SinkTarget::Kinesis(stream) => self.kinesis_sink(stream),
            SinkTarget::Sqs(url) => self.sqs_sink(url),
            SinkTarget::S3 { bucket, prefix } => Arc::new(ObjectSink::new(self.export_store(bucket, kms_key), prefix)),
        }
    }

    /// A queue of the customer's that takes masked events.
    #[must_use]
    pub fn sqs_sink(&self, url: &str) -> Arc<SqsSink> {
        Arc::new(SqsSink::new(self.sqs(), url))
    }

    /// A stream of the customer's that takes masked events, by name or ARN.
    #[must_use]
    pub fn kinesis_sink(&self, stream: &str) -> Arc<KinesisSink> {
        let config = aws_sdk_kinesis::config::Builder::from(&self.config)
            .timeout_config(attempt_timeout(10))
            .interceptor(self.count_calls())
            .build();
        Arc::new(KinesisSink::new(aws_sdk_kinesis::Client::from_conf(config), stream))
    }

    /// The key under which data keys are wrapped.
    #[must_use]
    pub fn key_service(&self, key_id: &str) -> Arc<KmsKeyService> {
        Arc::new(KmsKeyService::new(self.kms(), key_id))
    }

    /// What is not sealed, and where the logs stand.
    #[must_use]
    pub fn audit_feed(&self, jobs_table: &str) -> Arc<DynamoAuditFeed> {
        Arc::new(DynamoAuditFeed::new(self.dynamodb(), jobs_table))
    }

    /// Audit events by tenant, actor, resource and action.
    #[must_use]
    pub fn audit_index(&self, jobs_table: &str) -> Arc<DynamoAuditIndex> {
        Arc::new(DynamoAuditIndex::new(self.dynamodb(), jobs_table))
    }

    /// The bucket of evidence; `lock_mode` is `COMPLIANCE`, `GOVERNANCE`, or anything else for a bucket without locks.
    #[must_use]
    pub fn evidence_store(&self, bucket: &str, lock_mode: &str) -> Arc<S3EvidenceStore> {
        Arc::new(S3EvidenceStore::new(self.s3(), bucket, lock_mode))
    }

    /// What signs checkpoints.
    #[must_use]
    pub fn checkpoint_signer(&self, key_id: &str) -> Arc<KmsCheckpointSigner> {
        Arc::new(KmsCheckpointSigner::new(self.kms(), key_id))
    }

    /// The key that signs receipts.
    #[must_use]
    pub fn receipt_signer(&self, key_id: &str) -> Arc<KmsReceiptSigner> {
        let config = aws_sdk_kms::config::Builder::from(&self.config)
            .timeout_config(attempt_timeout(5))
            .interceptor(self.count_calls())
            .build();
        Arc::new(KmsReceiptSigner::new(aws_sdk_kms::Client::from_conf(config), key_id))
    }

    /// The bucket of exports; every object is encrypted under `kms_key`, or as the bucket says if that is empty.
    #[must_use]
    pub fn export_store(&self, bucket: &str, kms_key: &str) -> Arc<S3ExportStore> {
        Arc::new(S3ExportStore::new(self.s3(), self.config.credentials_provider(), bucket, kms_key))
    }

    /// The bucket a SIEM reads from, encrypted as it says itself; none where it has no name.
    #[must_use]
    pub fn siem(&self, bucket: &str) -> Option<Arc<dyn ExportStore>> {
        (!bucket.is_empty()).then(|| self.export_store(bucket, "") as Arc<dyn ExportStore>)
    }

    /// Mail from one verified sender; `configuration_set` collects bounces where there is one.
    #[must_use]
    pub fn mailer(&self, from: &str, configuration_set: Option<&str>) -> Arc<SesMailer> {
        let config = aws_sdk_sesv2::config::Builder::from(&self.config)
            .timeout_config(attempt_timeout(15))
            .interceptor(self.count_calls())
            .build();
        Arc::new(SesMailer::new(aws_sdk_sesv2::Client::from_conf(config), from, configuration_set))
    }

    /// A topic for notices; none where no name is given.
    #[must_use]
    pub fn notice_topic(&self, topic_arn: &str) -> Option<Arc<dyn NoticeTopic>> {
        if topic_arn.is_empty() {
            return None;
        }
        let config = aws_sdk_sns::config::Builder::from(&self.config)
            .timeout_config(attempt_timeout(5))
            .interceptor(self.count_calls())
            .build();
        Some(Arc::new(SnsTopic::new(aws_sdk_sns::Client::from_conf(config), topic_arn)))
    }

    /// Published data maps.
    #[must_use]
    pub fn data_maps(&self, config_bucket: &str) -> Arc<S3DataMaps> {
        Arc::new(S3DataMaps::new(self.s3(), config_bucket))
    }

    /// Asks for credentials ahead of the first call, so that a wrong set-up is told at the start.
    ///
    /// # Errors
    /// `Denied` where no credentials are to be had.
    pub async fn check_credentials(&self) -> Result<(), PortError> {
        crate::export_store::credentials_end(self.config.credentials_provider().as_ref()).await.map(|_| ())
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let make = || {
            let config = aws_sdk_dynamodb::config::Builder::from(&self.config)
                .timeout_config(attempt_timeout(5))
                .interceptor(self.count_calls())
                .build();
            aws_sdk_dynamodb::Client::from_conf(config)
        };
        self.dynamodb.get_or_init(make).clone()
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::config::Builder::from(&self.config)
            .timeout_config(attempt_timeout(5))
            .interceptor(self.count_calls())
            .build();
        aws_sdk_sqs::Client::from_conf(config)
    }

    fn kms(&self) -> aws_sdk_kms::Client {
        let config = aws_sdk_kms::config::Builder::from(&self.config)
            .timeout_config(attempt_timeout(5))
            .interceptor(self.count_calls())
            .build();
        aws_sdk_kms::Client::from_conf(config)
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        let make = || {
            let config = aws_sdk_s3::config::Builder::from(&self.config)
                .timeout_config(attempt_timeout(60))
                .force_path_style(self.config.endpoint_url().is_some_and(is_loopback))
                .interceptor(self.count_calls())
                .build();
            aws_sdk_s3::Client::from_conf(config)
        };
        self.s3.get_or_init(make).clone()
    }

    /// Secrets of tenants, by name.
    #[must_use]
    pub fn secrets(&self) -> Arc<ManagedSecrets> {
        let config = aws_sdk_secretsmanager::config::Builder::from(&self.config)
            .timeout_config(attempt_timeout(5))
            .interceptor(self.count_calls())
            .build();
        Arc::new(ManagedSecrets::new(aws_sdk_secretsmanager::Client::from_conf(config)))
    }

    fn count_calls(&self) -> CountCalls {
        CountCalls(Arc::clone(&self.calls))
    }
}

fn attempt_timeout(seconds: u64) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(seconds))
        .build()
}

/// Bucket names are not host names on a local stack.
fn is_loopback(endpoint: &str) -> bool {
    let host = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host == "::1" || host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_endpoints_take_path_style() {
        for endpoint in ["http://127.0.0.1:4566", "http://localhost:4566/", "http://[::1]:80", "http://s3.localhost"] {
            assert!(is_loopback(endpoint), "{endpoint}");
        }
        for endpoint in
            ["https://s3.eu-central-1.amazonaws.com", "http://127x.example.com", "http://localhost.example.com"]
        {
            assert!(!is_loopback(endpoint), "{endpoint}");
        }
    }
}
