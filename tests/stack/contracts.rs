//! The adapters for AWS keep the promises that the adapters in memory keep (`tests/contracts`), on tables of the template's form.

use std::sync::Arc;

use adapters_aws::{Aws, CallCounter};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use datamap::DataMap;
use domain::datum::Datum;
use domain::ids::{OpNonce, TenantId};
use domain::step::{Nudge, QueueName};
use habeas_tests::contracts::{
    Case, audit_index, audit_log, connector, data_maps, eraser, export_store, job_queue, job_store, key_service,
    mailer, notices, outgoing, retention_objects, retention_source, run_all,
};
use habeas_tests::names::Names;
use jiff::Timestamp;
use workflow::ports::{ExportStore, JobStore, KeyService, Mailer, NoticeTopic, PortErrorKind, Secrets};

use crate::aws::{self, Item};
use crate::harness::{Stack, epoch_seconds};

/// The adapters of a test and names that no earlier run has used: transaction tokens belong to the account.
pub(crate) async fn start(stack: &Stack) -> (Aws, SdkConfig, Names) {
    let config = aws::config(stack).await;
    let seed = epoch_seconds() * 100_000 + u64::from(std::process::id());
    let adapters = Aws::new(config.clone(), Arc::new(CallCounter::default()));
    (adapters, config, Names::new(seed, Timestamp::now()))
}

/// A table with the keys and indexes of one of the template's, which no sweep looks at.
async fn copy_of_table(config: &SdkConfig, table: &str, copy: &str) {
    let client = aws_sdk_dynamodb::Client::new(config);
    let found = client.describe_table().table_name(table).send().await.unwrap().table.unwrap();
    let index = |it: aws_sdk_dynamodb::types::GlobalSecondaryIndexDescription| {
        let made = GlobalSecondaryIndex::builder().set_index_name(it.index_name).set_key_schema(it.key_schema);
        made.set_projection(it.projection).build().unwrap()
    };
    let indexes = found.global_secondary_indexes.map(|all| all.into_iter().map(index).collect());
    let request = client.create_table().table_name(copy).billing_mode(BillingMode::PayPerRequest);
    let request = request.set_attribute_definitions(found.attribute_definitions).set_key_schema(found.key_schema);
    request.set_global_secondary_indexes(indexes).send().await.unwrap();
}

pub(crate) fn unique(names: &mut Names, what: &str) -> String {
    format!("contract-{what}-{}", names.tenant())
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_keep_the_contract_of_the_job_store() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, config, mut names) = start(&stack).await;
    let (jobs, keyring) = (unique(&mut names, "jobs"), unique(&mut names, "keyring"));
    copy_of_table(&config, stack.resource("JobsTable"), &jobs).await;
    copy_of_table(&config, stack.resource("KeyringTable"), &keyring).await;
    let store = aws.job_store(&jobs, &keyring);
    job_store::run(store.as_ref() as &(dyn JobStore + 'static), &mut names).await;
}

/// The receiving ends of the queues.
struct Queues {
    client: aws_sdk_sqs::Client,
    urls: [String; 3],
}

#[async_trait]
impl job_queue::Inbox for Queues {
    async fn drain(&self, queue: QueueName) -> Vec<Nudge> {
        let url = match queue {
            QueueName::Export => &self.urls[0],
            QueueName::Erasure => &self.urls[1],
            QueueName::Notification => &self.urls[2],
        };
        let mut nudges = Vec::new();
        loop {
            let request = self.client.receive_message().queue_url(url).max_number_of_messages(10).wait_time_seconds(1);
            let messages = request.send().await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                return nudges;
            }
            for message in messages {
                nudges.push(serde_json::from_str(message.body().unwrap()).unwrap());
                let receipt = message.receipt_handle().unwrap();
                self.client.delete_message().queue_url(url).receipt_handle(receipt).send().await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_keep_the_contract_of_the_job_queue() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, config, mut names) = start(&stack).await;
    let client = aws_sdk_sqs::Client::new(&config);
    let mut urls = Vec::new();
    for what in ["export", "erasure", "notification"] {
        let made = client.create_queue().queue_name(unique(&mut names, what)).send().await.unwrap();
        urls.push(made.queue_url.unwrap());
    }
    let urls: [String; 3] = urls.try_into().unwrap();
    let queue = aws.job_queue(adapters_aws::QueueUrls::new(&urls[0], &urls[1], &urls[2]));
    job_queue::run(queue.as_ref(), &Queues { client, urls }, &mut names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn key_keeps_the_contract_of_the_key_service_but_for_tampering() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, _, mut names) = start(&stack).await;
    let keys = aws.key_service(stack.resource("DataKey"));
    // The emulator's key service has no integrity (docs/limits.md); tampering is refused in `tests/contracts`.
    run_all(keys.as_ref() as &dyn KeyService, key_service::CASES, &mut names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn table_keeps_the_contract_of_the_audit_feed() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, _, mut names) = start(&stack).await;
    let (jobs, keyring) = (stack.resource("JobsTable"), stack.resource("KeyringTable"));
    let log = audit_log::Log { store: aws.job_store(jobs, keyring), feed: aws.audit_feed(jobs) };
    run_all(&log, audit_log::FEED_CASES, &mut names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn table_keeps_the_contract_of_the_audit_index() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, config, mut names) = start(&stack).await;
    let (jobs, keyring) = (unique(&mut names, "events"), stack.resource("KeyringTable"));
    copy_of_table(&config, stack.resource("JobsTable"), &jobs).await;
    let shown = audit_index::Shown { store: aws.job_store(&jobs, keyring), index: aws.audit_index(&jobs) };
    run_all(&shown, audit_index::CASES, &mut names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_bucket_and_key_keep_the_contract_of_evidence() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, _, mut names) = start(&stack).await;
    let store = aws.evidence_store(stack.resource("EvidenceBucket"), "GOVERNANCE");
    let signer = aws.checkpoint_signer(stack.resource("CheckpointKey"));
    run_all(&audit_log::Evidence { store, signer }, audit_log::EVIDENCE_CASES, &mut names).await;
}

/// S3 answers a repeated completion with success or with `NoSuchUpload`, as it likes: what must hold is tried below.
const NOT_SHOWN_HERE: [&str; 1] = ["completing_twice_is_refused_and_changes_nothing"];

#[tokio::test(flavor = "multi_thread")]
async fn bucket_keeps_the_contract_of_the_export_store() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, _, mut names) = start(&stack).await;
    let store = aws.export_store(stack.resource("ExportsBucket"), stack.resource("DataKey"));
    for suite in export_store::SUITES {
        let is_shown_here = |case: &&Case<dyn ExportStore>| !NOT_SHOWN_HERE.contains(&case.0);
        let cases: Vec<Case<dyn ExportStore>> = suite.iter().filter(is_shown_here).copied().collect();
        run_all(store.as_ref() as &dyn ExportStore, &cases, &mut names).await;
    }
    completing_twice_changes_nothing(store.as_ref(), &mut names).await;
}

async fn completing_twice_changes_nothing(store: &dyn ExportStore, names: &mut Names) {
    let key = format!("exports/{}/{}/object", names.tenant(), names.job());
    let id = store.start_upload(&key).await.unwrap();
    let parts = [store.upload_part(&key, &id, 1, b"whole".to_vec()).await.unwrap()];
    store.complete_upload(&key, &id, &parts).await.unwrap();
    if let Err(error) = store.complete_upload(&key, &id, &parts).await {
        assert!(matches!(error.kind, PortErrorKind::NotFound | PortErrorKind::Conflict), "{error}");
    }
    assert_eq!(store.read(&key, None).await.unwrap(), b"whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_service_keeps_the_contract_of_the_mailer() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, _, mut names) = start(&stack).await;
    let mailer = aws.mailer("privacy@example.com", None);
    run_all(mailer.as_ref() as &dyn Mailer, mailer::CASES, &mut names).await;
}

fn shared_map(table: &str) -> Arc<DataMap> {
    let text = connector::MAP.replace("table: orders", &format!("table: {table}"));
    let checked = datamap::read_strs(&[("shop.yml", text.as_str())]);
    Arc::new(checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings)))
}

#[tokio::test(flavor = "multi_thread")]
async fn bucket_keeps_the_contract_of_data_maps() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, _, mut names) = start(&stack).await;
    let map = shared_map("orders");
    let tenant = names.tenant();
    let store = aws.job_store(stack.resource("JobsTable"), stack.resource("KeyringTable"));
    let maps = aws.data_maps(stack.resource("ConfigBucket"));
    maps.publish(store.as_ref(), &tenant, &map, OpNonce::new(names.bytes()), Timestamp::now()).await.unwrap();
    data_maps::run(maps.as_ref(), &tenant, &map, &mut names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_keep_the_contract_of_connectors() {
    let Some(stack) = Stack::plain().await else { return };
    let (_, config, mut names) = start(&stack).await;
    let table = unique(&mut names, "orders");
    let (tenant, other) = (names.tenant(), names.tenant());
    load_orders(&config, &table, &tenant, &other).await;
    let connectors = connectors::Connectors::new(&config);
    connector::run(&connectors, &shared_map(&table), &tenant, &other).await;
    connector::sample(&connectors, &shared_map(&table), &tenant, &names.tenant()).await;
    connector::whole(&connectors, &shared_map(&table), &tenant, &other).await;
}

/// Changes the rows of a table.
struct TableRows<'a> {
    client: aws_sdk_dynamodb::Client,
    table: &'a str,
}

#[async_trait]
impl eraser::Rows for TableRows<'_> {
    async fn put(&self, row: Datum) {
        let AttributeValue::M(item) = attribute(row) else { panic!("a row is an object") };
        self.client.put_item().table_name(self.table).set_item(Some(Item::from(item))).send().await.unwrap();
    }

    async fn remove(&self, id: &str) {
        let key = AttributeValue::S(id.to_owned());
        self.client.delete_item().table_name(self.table).key("id", key).send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_keep_the_contract_of_erasers() {
    let Some(stack) = Stack::plain().await else { return };
    let (_, config, mut names) = start(&stack).await;
    let table = unique(&mut names, "erased");
    let (tenant, other) = (names.tenant(), names.tenant());
    load_orders(&config, &table, &tenant, &other).await;
    let rows = TableRows { client: aws_sdk_dynamodb::Client::new(&config), table: &table };
    let connectors = connectors::Connectors::new(&config);
    let (connector, map) = (&connectors, shared_map(&table));
    let (tenant, other) = (&tenant, &other);
    eraser::run(eraser::Under { eraser: connector, connector, rows: &rows, map: &map, tenant, other }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_keep_the_contract_of_what_takes_expired_rows_away() {
    let Some(stack) = Stack::plain().await else { return };
    let (_, config, mut names) = start(&stack).await;
    let table = unique(&mut names, "expired");
    let (tenant, other) = (names.tenant(), names.tenant());
    load_orders(&config, &table, &tenant, &other).await;
    let rows = TableRows { client: aws_sdk_dynamodb::Client::new(&config), table: &table };
    let connectors = connectors::Connectors::new(&config);
    let text = retention_source::map_text().replace("table: orders", &format!("table: {table}"));
    let checked = datamap::read_strs(&[("shop.yml", text.as_str())]);
    let map = Arc::new(checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings)));
    let (map, tenant, other) = (&map, &tenant, &other);
    let under =
        retention_source::Under { source: &connectors, connector: &connectors, rows: &rows, map, tenant, other };
    retention_source::run(under).await;
}

/// Changes the objects of a bucket.
struct BucketObjects<'a> {
    client: aws_sdk_s3::Client,
    bucket: &'a str,
}

#[async_trait]
impl retention_objects::Objects for BucketObjects<'_> {
    async fn put(&self, key: &str, bytes: &[u8]) {
        let request = self.client.put_object().bucket(self.bucket).key(key).body(bytes.to_vec().into());
        request.send().await.unwrap();
    }

    async fn remove(&self, key: &str) {
        self.client.delete_object().bucket(self.bucket).key(key).send().await.unwrap();
    }

    async fn keys(&self) -> Vec<String> {
        aws::keys(&self.client, self.bucket).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_keep_the_contract_of_what_takes_expired_objects_away() {
    let Some(stack) = Stack::plain().await else { return };
    let (_, config, mut names) = start(&stack).await;
    let (tenant, other) = (&names.tenant(), &names.tenant());
    let bucket = unique(&mut names, "expired-objects");
    let client = aws::s3(&config);
    client.create_bucket().bucket(&bucket).send().await.unwrap();
    let text = retention_objects::MAP.replace("bucket: pictures", &format!("bucket: {bucket}"));
    let checked = datamap::read_strs(&[("shop.yml", text.as_str())]);
    let map = Arc::new(checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings)));
    let connectors = connectors::Connectors::new(&config);
    let objects = BucketObjects { client, bucket: &bucket };
    let under = retention_objects::Under { source: &connectors, objects: &objects, map: &map, tenant, other };
    retention_objects::run(under).await;
}

async fn load_orders(config: &SdkConfig, table: &str, tenant: &TenantId, other: &TenantId) {
    let client = aws_sdk_dynamodb::Client::new(config);
    let part = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let key = |name: &str| part(name, KeyType::Hash);
    let text = |name: &str| {
        let it = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        it.build().unwrap()
    };
    let all = Projection::builder().projection_type(ProjectionType::All).build();
    let by_email = GlobalSecondaryIndex::builder().index_name("by-email").key_schema(key("email"));
    let by_time = GlobalSecondaryIndex::builder().index_name("by-time").key_schema(key("email"));
    let by_time = by_time.key_schema(part("placed_at", KeyType::Range)).projection(all.clone()).build().unwrap();
    let request = client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
    let request = request.attribute_definitions(text("id")).attribute_definitions(text("email")).key_schema(key("id"));
    let request = request.attribute_definitions(text("placed_at")).global_secondary_indexes(by_time);
    request.global_secondary_indexes(by_email.projection(all).build().unwrap()).send().await.unwrap();
    for row in connector::rows(tenant, other) {
        let AttributeValue::M(item) = attribute(row) else { panic!("a row is an object") };
        client.put_item().table_name(table).set_item(Some(Item::from(item))).send().await.unwrap();
    }
}

fn attribute(value: Datum) -> AttributeValue {
    match value {
        Datum::Null => AttributeValue::Null(true),
        Datum::Bool(truth) => AttributeValue::Bool(truth),
        Datum::Number(digits) => AttributeValue::N(digits),
        Datum::Text(text) => AttributeValue::S(text),
        Datum::Bytes(bytes) => AttributeValue::B(bytes.into()),
        Datum::List(items) => AttributeValue::L(items.into_iter().map(attribute).collect()),
        Datum::Map(fields) => {
            AttributeValue::M(fields.into_iter().map(|(name, value)| (name, attribute(value))).collect())
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_keeps_the_contract_of_webhooks() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 4_096];
            let read = tokio::io::AsyncReadExt::read(&mut stream, &mut bytes).await.unwrap();
            assert!(read > 0);
            let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.unwrap();
        }
    });
    let mut names = Names::new(epoch_seconds(), Timestamp::now());
    let hooks = notices::Hooks { sender: adapters_aws::webhooks(true), url: url.clone() };
    run_all(&hooks, notices::WEBHOOK_CASES, &mut names).await;
    let outgoing = outgoing::Outgoing { calls: adapters_aws::outgoing_calls(true), url };
    run_all(&outgoing, outgoing::CALL_CASES, &mut names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_keep_their_contract() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, _, mut names) = start(&stack).await;
    run_all(aws.secrets().as_ref() as &dyn Secrets, outgoing::SECRET_CASES, &mut names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_keeps_the_contract_of_notices() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, _, mut names) = start(&stack).await;
    let alerts = stack.resource("AlertsTopic");
    let topic = aws.notice_topic(alerts).expect("a name was given");
    run_all(topic.as_ref() as &dyn NoticeTopic, notices::TOPIC_CASES, &mut names).await;
}
