//! Tables and objects for the tests; loading twice is loading once.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, PutRequest, ScalarAttributeType, WriteRequest,
};
use tokio::sync::Mutex;

/// A number that no float holds.
pub(crate) const DIGITS: &str = "12345678901234567890123456789012345678";

static LOADED: Mutex<bool> = Mutex::const_new(false);

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
}

fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
}

fn index(name: &str, field: &str, kind: ProjectionType) -> GlobalSecondaryIndex {
    let projection = Projection::builder().projection_type(kind).build();
    let index = GlobalSecondaryIndex::builder().index_name(name).key_schema(key(field, KeyType::Hash));
    index.projection(projection).build().unwrap()
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn n(number: &dyn std::fmt::Display) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn map(fields: &[(&str, AttributeValue)]) -> HashMap<String, AttributeValue> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

async fn write(client: &aws_sdk_dynamodb::Client, table: &str, items: Vec<HashMap<String, AttributeValue>>) {
    for chunk in items.chunks(25) {
        let puts = chunk.iter().map(|item| {
            let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        });
        client.batch_write_item().request_items(table, puts.collect()).send().await.unwrap();
    }
}

/// Users by a simple key; messages by a composite one, 1,500 each of 3 authors of 2 tenants.
pub(crate) async fn tables(config: &SdkConfig) {
    let mut loaded = LOADED.lock().await;
    if *loaded {
        return;
    }
    let config = aws_sdk_dynamodb::config::Builder::from(config).build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    for table in ["test.users", "test.messages"] {
        drop(client.delete_table().table_name(table).send().await);
    }
    let users = client.create_table().table_name("test.users").key_schema(key("user_id", KeyType::Hash));
    let users = users.attribute_definitions(attribute("user_id", ScalarAttributeType::S));
    let users = users.attribute_definitions(attribute("email", ScalarAttributeType::S));
    let users = users.global_secondary_indexes(index("by-email", "email", ProjectionType::All));
    users.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
    let messages = client.create_table().table_name("test.messages").key_schema(key("author", KeyType::Hash));
    let messages = messages.key_schema(key("sent", KeyType::Range));
    let messages = messages.attribute_definitions(attribute("author", ScalarAttributeType::N));
    let messages = messages.attribute_definitions(attribute("sent", ScalarAttributeType::N));
    let messages = messages.attribute_definitions(attribute("thread", ScalarAttributeType::S));
    let messages = messages.global_secondary_indexes(index("by-thread", "thread", ProjectionType::KeysOnly));
    messages.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
    let mut items = vec![map(&[("user_id", s("foreign")), ("email", s("u7@example.org")), ("org", s("other"))])];
    items.extend((0..200).map(|number| {
        let note = map(&[("a", AttributeValue::L(vec![n(&DIGITS)])), ("b", n(&1))]);
        map(&[
            ("org", s("acme")),
            ("tags", AttributeValue::Ss(vec!["x".to_owned()])),
            ("note", AttributeValue::M(note)),
            ("email", s(&format!("u{number}@example.org"))),
            ("user_id", s(&format!("u{number}"))),
        ])
    }));
    write(&client, "test.users", items).await;
    let message = |(author, sent): (i32, i32)| {
        let to = AttributeValue::L(vec![AttributeValue::M(map(&[("id", n(&(sent % 10)))]))]);
        let org = s(if author == 3 { "other" } else { "acme" });
        let thread = s(&format!("t{}", sent % 10));
        map(&[
            ("author", n(&author)),
            ("sent", n(&sent)),
            ("org", org),
            ("thread", thread),
            ("to", to),
            ("text", s(&"x".repeat(900))),
        ])
    };
    let items = (1..=3).flat_map(|author| (0..1500).map(move |sent| (author, sent))).map(message);
    write(&client, "test.messages", items.collect()).await;
    *loaded = true;
}

/// Puts one object.
pub(crate) async fn put(config: &SdkConfig, bucket: &str, key: &str, bytes: Vec<u8>) {
    let config = aws_sdk_s3::config::Builder::from(config).force_path_style(true).build();
    let client = aws_sdk_s3::Client::from_conf(config);
    client.put_object().bucket(bucket).key(key).content_type("image/png").body(bytes.into()).send().await.unwrap();
}

/// NDJSON with 3,000 rows of user 7 in three objects, one of them gzip; sign-ins in CSV; two pictures.
pub(crate) async fn objects(config: &SdkConfig) {
    let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(true).build();
    let client = aws_sdk_s3::Client::from_conf(s3);
    for bucket in ["lake", "media"] {
        drop(client.create_bucket().bucket(bucket).send().await);
    }
    for part in 0..3 {
        let mut text = String::new();
        for number in 0..5000 {
            let user = if number % 5 == 0 { 7 } else { 70 + number };
            writeln!(text, "{{\"user_id\":{user},\"id\":\"{part}-{number}\",\"text\":\"{}\"}}", "x".repeat(50))
                .unwrap();
        }
        if part == 1 {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            put(config, "lake", "metrics/1.ndjson.gz", encoder.finish().unwrap()).await;
        } else {
            put(config, "lake", &format!("metrics/{part}.ndjson"), text.into_bytes()).await;
        }
    }
    put(config, "lake", "metrics/_SUCCESS", Vec::new()).await;
    let mut csv = "user_id,at\n".to_owned();
    for number in 0..70 {
        writeln!(csv, "{},{number}", number % 10).unwrap();
    }
    put(config, "lake", "signins/1.csv", csv.into_bytes()).await;
    for user in [7, 70] {
        put(config, "lake", &format!("partitions/user={user}/a.ndjson"), b"{\"user_id\":7}\n".to_vec()).await;
    }
    for key in ["avatars/7/a.png", "avatars/7/b.png", "avatars/70/a.png", "avatars/7", "avatars/7/"] {
        put(config, "media", key, b"0123456789".to_vec()).await;
    }
}
