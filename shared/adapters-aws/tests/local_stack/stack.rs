//! Tables, queues, buckets and a key of their own for one test, on the stack that `HABEAS_TEST_ENDPOINT` names.

use std::sync::Arc;

use adapters_aws::{Aws, CallCounter};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};

/// The resources of one test.
pub struct Stack {
    /// The way to them.
    pub aws: Aws,
    /// For what the ports don't do.
    pub config: SdkConfig,
    /// Distinguishes them from those of other tests.
    pub name: String,
    /// The data key.
    pub key_id: String,
    /// The queues.
    pub queues: [String; 3],
}

impl Stack {
    /// Makes everything, or nothing where no endpoint is named.
    pub async fn start(name: &str) -> Option<Self> {
        let Ok(endpoint) = std::env::var("HABEAS_TEST_ENDPOINT") else {
            println!("skipped: HABEAS_TEST_ENDPOINT is not set");
            return None;
        };
        let name = format!("{name}-{}", std::process::id());
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url(endpoint)
            .test_credentials_of_the_stack()
            .load()
            .await;
        tables(&config, &name).await;
        buckets(&config, &name).await;
        let queues = [
            queue(&config, &name, "export").await,
            queue(&config, &name, "erasure").await,
            queue(&config, &name, "notification").await,
        ];
        let kms = aws_sdk_kms::Client::new(&config);
        let key_id = kms.create_key().send().await.unwrap().key_metadata.unwrap().key_id;
        let aws = Aws::new(config.clone(), Arc::new(CallCounter::default()));
        Some(Self { aws, config, name, key_id, queues })
    }

    /// Name of a resource.
    pub fn named(&self, what: &str) -> String {
        format!("{}-{what}", self.name)
    }
}

trait StackCredentials {
    fn test_credentials_of_the_stack(self) -> Self;
}

impl StackCredentials for aws_config::ConfigLoader {
    fn test_credentials_of_the_stack(self) -> Self {
        self.credentials_provider(aws_sdk_s3::config::Credentials::new("test", "test", None, None, "local stack"))
    }
}

async fn tables(config: &SdkConfig, name: &str) {
    let client = aws_sdk_dynamodb::Client::new(config);
    let attributes = ["pk", "sk", "wake_shard", "next_check_at", "list_pk", "list_sk", "subject_pk"];
    client
        .create_table()
        .table_name(format!("{name}-jobs"))
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes.map(attribute).into()))
        .set_key_schema(Some(schema("pk", "sk")))
        .global_secondary_indexes(index("wake", "wake_shard", "next_check_at", ProjectionType::KeysOnly))
        .global_secondary_indexes(index("listing", "list_pk", "list_sk", ProjectionType::All))
        .global_secondary_indexes(index("subject", "subject_pk", "list_sk", ProjectionType::All))
        .send()
        .await
        .unwrap();
    client
        .create_table()
        .table_name(format!("{name}-keyring"))
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(["pk", "sk"].map(attribute).into()))
        .set_key_schema(Some(schema("pk", "sk")))
        .send()
        .await
        .unwrap();
}

fn attribute(name: &str) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().unwrap()
}

fn schema(hash: &str, range: &str) -> Vec<KeySchemaElement> {
    let element =
        |name: &str, kind: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    vec![element(hash, KeyType::Hash), element(range, KeyType::Range)]
}

fn index(name: &str, hash: &str, range: &str, projection: ProjectionType) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .set_key_schema(Some(schema(hash, range)))
        .projection(Projection::builder().projection_type(projection).build())
        .build()
        .unwrap()
}

async fn buckets(config: &SdkConfig, name: &str) {
    let config = aws_sdk_s3::config::Builder::from(config).force_path_style(true).build();
    let client = aws_sdk_s3::Client::from_conf(config);
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint(aws_sdk_s3::types::BucketLocationConstraint::EuCentral1)
        .build();
    for what in ["exports", "config"] {
        let request = client.create_bucket().bucket(format!("{name}-{what}"));
        request.create_bucket_configuration(place.clone()).send().await.unwrap();
    }
}

async fn queue(config: &SdkConfig, name: &str, what: &str) -> String {
    let client = aws_sdk_sqs::Client::new(config);
    client.create_queue().queue_name(format!("{name}-{what}")).send().await.unwrap().queue_url.unwrap()
}
