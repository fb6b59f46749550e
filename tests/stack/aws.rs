//! The stack's AWS services, asked without the product: for loading faults, counting again and looking behind.

use std::collections::HashMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::config::Credentials;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::harness::Stack;

/// An item as it is stored.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Configuration of every client, with the local stack's own credentials.
pub(crate) async fn config(stack: &Stack) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(stack.region.clone()))
        .endpoint_url(&stack.endpoint_url)
        .credentials_provider(Credentials::new("test", "test", None, None, "local stack"))
        .load()
        .await
}

/// An S3 client that addresses buckets by path.
pub(crate) fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(config).force_path_style(true).build())
}

/// Runs a function by its name in the template; what it says if it failed.
pub(crate) async fn invoke(stack: &Stack, function: &str, payload: &Value) -> Option<String> {
    let client = aws_sdk_lambda::Client::new(&config(stack).await);
    let payload = payload.to_string().into_bytes().into();
    let answer = client.invoke().function_name(stack.resource(function)).payload(payload).send().await.unwrap();
    let said = answer.payload().map(|said| String::from_utf8_lossy(said.as_ref()).into_owned());
    answer.function_error().map(|error| format!("{error}: {}", said.unwrap_or_default()))
}

/// Every item of the jobs table whose partition begins with a text, by a direct scan.
pub(crate) async fn scan(config: &SdkConfig, table: &str, partition: &str) -> Vec<Item> {
    let client = aws_sdk_dynamodb::Client::new(config);
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let page =
            client.scan().table_name(table).consistent_read(true).set_exclusive_start_key(after).send().await.unwrap();
        let ours = |item: &Item| text(item, "pk").is_some_and(|pk| pk.starts_with(partition));
        items.extend(page.items.unwrap_or_default().into_iter().filter(ours));
        after = page.last_evaluated_key;
        if after.is_none() {
            return items;
        }
    }
}

/// A text attribute.
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

/// The record within an item, without the name of its kind.
pub(crate) fn record(item: &Item) -> Value {
    let body: Value = text(item, "body").map_or(Value::Null, |body| serde_json::from_str(body).unwrap());
    body.as_object().and_then(|kinds| kinds.values().next().cloned()).unwrap_or(Value::Null)
}

/// Moves every instant of a job's records back, as if that much time had passed since.
pub(crate) async fn let_time_pass(config: &SdkConfig, table: &str, partition: &str, time: SignedDuration) {
    let client = aws_sdk_dynamodb::Client::new(config);
    for mut item in scan(config, table, partition).await {
        if !matches!(text(&item, "kind"), Some("job" | "step")) {
            continue;
        }
        let mut body: Value = serde_json::from_str(text(&item, "body").unwrap()).unwrap();
        age(&mut body, time);
        item.insert("body".to_owned(), AttributeValue::S(body.to_string()));
        let next = text(&item, "next_check_at").and_then(|millis| millis.parse::<i64>().ok());
        if let Some(millis) = next.map(|millis| millis - i64::try_from(time.as_millis()).unwrap()) {
            item.insert("next_check_at".to_owned(), AttributeValue::S(format!("{millis:013}")));
        }
        client.put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
    }
}

fn age(value: &mut Value, time: SignedDuration) {
    match value {
        Value::String(text) => {
            if let Ok(at) = text.parse::<Timestamp>() {
                *text = (at - time).to_string();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| age(value, time)),
        Value::Object(fields) => fields.values_mut().for_each(|value| age(value, time)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The bytes of an object.
pub(crate) async fn object(client: &aws_sdk_s3::Client, bucket: &str, key: &str) -> Vec<u8> {
    let found = client.get_object().bucket(bucket).key(key).send().await.unwrap();
    found.body.collect().await.unwrap().to_vec()
}

/// All keys of a bucket.
pub(crate) async fn keys(client: &aws_sdk_s3::Client, bucket: &str) -> Vec<String> {
    let mut pages = client.list_objects_v2().bucket(bucket).into_paginator().send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        keys.extend(page.unwrap().contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
    }
    keys
}
