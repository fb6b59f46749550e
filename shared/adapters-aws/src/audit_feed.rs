//! The port `AuditFeed` on the jobs table: the sparse index `unsealed`, and one head item per log. Bodies of events are never written.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::ids::TenantId;
use domain::key::TenantKey;
use domain::record::Record;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use workflow::ports::{AuditFeed, LogHead, PortError, PortErrorKind, StoredEvent, Unsealed, seal_shard};

use crate::failure::{failed, failure};
use crate::item::{self, Item, decode, key_item, millis, number, stored_key, string, text};
use crate::pause::{TRIES, pause};

/// The partition of quiet logs in the index.
const HEARTBEATS: &str = "heartbeat";
/// Updates on their way at once.
const AT_ONCE: usize = 16;

/// What is not sealed, and where the logs stand.
#[derive(Debug, Clone)]
pub struct DynamoAuditFeed {
    // Dependencies.
    client: Client,
    // Configuration.
    jobs_table: String,
}

impl DynamoAuditFeed {
    pub(crate) fn new(client: Client, jobs_table: &str) -> Self {
        Self { client, jobs_table: jobs_table.to_owned() }
    }

    /// Keys of the index, in order.
    async fn entries(&self, partition: &str, until: Option<&str>, limit: usize) -> Result<Vec<Item>, PortError> {
        let page = i32::try_from(limit.clamp(1, 1_000)).unwrap_or(1_000);
        let mut request = self
            .client
            .query()
            .table_name(&self.jobs_table)
            .index_name("unsealed")
            .key_condition_expression("unsealed_shard = :shard")
            .expression_attribute_values(":shard", text(partition))
            .limit(page);
        if let Some(until) = until {
            request = request
                .key_condition_expression("unsealed_shard = :shard AND unsealed_at < :until")
                .expression_attribute_values(":until", text(until));
        }
        let mut items = request.into_paginator().items().send();
        let mut entries = Vec::new();
        while entries.len() < limit {
            let Some(item) = items.next().await else { break };
            entries.push(item.map_err(|error| failed("read what is not sealed", error))?);
        }
        Ok(entries)
    }

    async fn event_items(&self, keys: &[TenantKey]) -> Result<HashMap<TenantKey, Item>, PortError> {
        let unfit = |source| PortError::caused(PortErrorKind::Corrupt, "read events", source);
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(key_item).collect()))
            .consistent_read(true)
            .build()
            .map_err(unfit)?;
        let mut open = Some(HashMap::from([(self.jobs_table.clone(), wanted)]));
        let mut found = HashMap::new();
        for attempt in 0..TRIES {
            if attempt > 0 {
                pause("read events", attempt).await;
            }
            let asked = self.client.batch_get_item().set_request_items(open).send().await;
            let answer = asked.map_err(|error| failed("read events", error))?;
            for item in answer.responses.into_iter().flat_map(HashMap::into_values).flatten() {
                found.insert(stored_key(&item)?, item);
            }
            open = answer.unprocessed_keys.filter(|rest| !rest.is_empty());
            if open.is_none() {
                return Ok(found);
            }
        }
        Err(PortError::new(PortErrorKind::Transient, "read events"))
    }

    async fn mark(&self, key: &TenantKey, index: u64) -> Result<(), PortError> {
        let marked = self
            .client
            .update_item()
            .table_name(&self.jobs_table)
            .set_key(Some(key_item(key)))
            .update_expression("SET leaf_index = :index REMOVE unsealed_shard, unsealed_at")
            .expression_attribute_values(":index", number(index))
            .condition_expression("attribute_exists(pk)")
            .send()
            .await;
        match marked {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                Some(_) | None => Err(failure("mark an event", &error)),
            },
        }
    }
}

#[async_trait]
impl AuditFeed for DynamoAuditFeed {
    async fn unsealed(&self, shard: u8, limit: usize) -> Result<Vec<Unsealed>, PortError> {
        self.entries(&item::shard_text(shard), None, limit).await?.iter().map(entry).collect()
    }

    async fn events(&self, keys: &[TenantKey]) -> Result<Vec<Option<StoredEvent>>, PortError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.event_items(keys).await?;
        keys.iter().map(|key| found.get(key).map(stored).transpose()).collect()
    }

    async fn heartbeats_due(&self, until: Timestamp, limit: usize) -> Result<Vec<TenantId>, PortError> {
        // What is due at `until` itself counts: a tilde follows every sign of a slug.
        let entries = self.entries(HEARTBEATS, Some(&format!("{}~", millis(until))), limit).await?;
        let tenant = |item: &Item| string(item, "unsealed_at")?.split_once('#')?.1.parse().ok();
        entries.iter().map(|item| tenant(item).ok_or_else(corrupt)).collect()
    }

    async fn load_head(&self, tenant: &TenantId) -> Result<Option<LogHead>, PortError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.jobs_table)
            .set_key(Some(head_key(tenant)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| failed("load the head of a log", error))?;
        let Some(item) = answer.item else { return Ok(None) };
        let head: LogHead =
            string(&item, "body").and_then(|body| serde_json::from_str(body).ok()).ok_or_else(corrupt)?;
        if head.tenant == *tenant { Ok(Some(head)) } else { Err(corrupt()) }
    }

    async fn write_head(&self, head: &LogHead) -> Result<bool, PortError> {
        let request = self.client.put_item().table_name(&self.jobs_table).set_item(Some(head_item(head)?));
        let request = match head.version.checked_sub(1) {
            None | Some(0) => request.condition_expression("attribute_not_exists(pk)"),
            Some(before) => request
                .condition_expression("#version = :before")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":before", number(before)),
        };
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                Some(_) | None => Err(failure("write the head of a log", &error)),
            },
        }
    }

    async fn mark_sealed(&self, keys: &[TenantKey], first_index: u64) -> Result<(), PortError> {
        let places: Vec<(TenantKey, u64)> = keys.iter().cloned().zip(first_index..).collect();
        let marks = stream::iter(places).map(|(key, index)| async move { self.mark(&key, index).await });
        marks.buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await.map(drop)
    }
}

fn head_key(tenant: &TenantId) -> Item {
    HashMap::from([("pk".to_owned(), text(format!("t#{tenant}#log"))), ("sk".to_owned(), text("head"))])
}

/// A head stands in the index too: among what is not sealed while a batch is pending, else where it is looked at next.
fn head_item(head: &LogHead) -> Result<Item, PortError> {
    let body = serde_json::to_string(head)
        .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "write the head of a log", source))?;
    let (shard, at) = match &head.pending {
        Some(_) => (item::shard_text(seal_shard(&head.tenant)), format!("{}#0", head.tenant)),
        None => (HEARTBEATS.to_owned(), format!("{}#{}", millis(head.due_at()), head.tenant)),
    };
    let mut item = head_key(&head.tenant);
    item.insert("kind".to_owned(), text("log_head"));
    item.insert("v".to_owned(), number(head.v));
    item.insert("version".to_owned(), number(head.version));
    item.insert("body".to_owned(), text(body));
    item.insert("unsealed_shard".to_owned(), text(shard));
    item.insert("unsealed_at".to_owned(), text(at));
    Ok(item)
}

fn entry(item: &Item) -> Result<Unsealed, PortError> {
    let place = string(item, "unsealed_at").ok_or_else(corrupt)?;
    match place.strip_suffix("#0") {
        Some(tenant) => tenant.parse().map(Unsealed::Batch).map_err(|_| corrupt()),
        None => stored_key(item).map(Unsealed::Event),
    }
}

fn stored(item: &Item) -> Result<StoredEvent, PortError> {
    let Record::Event(event) = decode(item)? else { return Err(corrupt()) };
    let leaf_index = item.get("leaf_index").and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok());
    Ok(StoredEvent { event: *event, is_sealed: !item.contains_key("unsealed_shard"), leaf_index })
}

const fn corrupt() -> PortError {
    PortError::new(PortErrorKind::Corrupt, "read what is not sealed")
}
