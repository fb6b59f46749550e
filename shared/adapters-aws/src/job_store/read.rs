//! Strongly consistent reads of the base tables.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::ids::TenantId;
use domain::key::{Partition, TenantKey, stored_partition};
use domain::record::Record;
use workflow::ports::{PortError, PortErrorKind};

use super::DynamoJobStore;
use crate::failure::failed;
use crate::item::{Item, decode, key_item, stored_key, text};
use crate::pause::{TRIES, pause};

/// Most keys in one batch.
const MAX_KEYS: usize = 100;

/// Reads items; the answer has one place per key.
pub(super) async fn load(store: &DynamoJobStore, keys: &[TenantKey]) -> Result<Vec<Option<Record>>, PortError> {
    if let [key] = keys {
        return Ok(vec![load_one(store, key).await?]);
    }
    // A batch must not name a key twice.
    let wanted: Vec<&TenantKey> = keys.iter().collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = HashMap::new();
    for chunk in wanted.chunks(MAX_KEYS) {
        load_batch(store, chunk, &mut found).await?;
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}

async fn load_one(store: &DynamoJobStore, key: &TenantKey) -> Result<Option<Record>, PortError> {
    let answer = store
        .client
        .get_item()
        .table_name(store.table_of(key.partition()))
        .set_key(Some(key_item(key)))
        .consistent_read(true)
        .send()
        .await
        .map_err(|error| failed("load", error))?;
    answer.item().map(decode).transpose()
}

async fn load_batch(
    store: &DynamoJobStore,
    keys: &[&TenantKey],
    found: &mut HashMap<TenantKey, Record>,
) -> Result<(), PortError> {
    let mut open = Some(requests(store, keys)?);
    for attempt in 0..TRIES {
        if attempt > 0 {
            pause("load", attempt).await;
        }
        let answer = store
            .client
            .batch_get_item()
            .set_request_items(open)
            .send()
            .await
            .map_err(|error| failed("load", error))?;
        for item in answer.responses().into_iter().flat_map(HashMap::values).flatten() {
            found.insert(stored_key(item)?, decode(item)?);
        }
        open = answer.unprocessed_keys.filter(|rest| !rest.is_empty());
        if open.is_none() {
            return Ok(());
        }
    }
    Err(PortError::new(PortErrorKind::Transient, "load"))
}

fn requests(store: &DynamoJobStore, keys: &[&TenantKey]) -> Result<HashMap<String, KeysAndAttributes>, PortError> {
    let mut by_table: HashMap<String, Vec<Item>> = HashMap::new();
    for key in keys {
        by_table.entry(store.table_of(key.partition()).to_owned()).or_default().push(key_item(key));
    }
    let consistent = |keys| KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
    by_table
        .into_iter()
        .map(|(table, keys)| Ok((table, consistent(keys)?)))
        .collect::<Result<_, aws_sdk_dynamodb::error::BuildError>>()
        .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "load", source))
}

/// All items of a partition whose sort key starts with `prefix`, in sort order.
pub(super) async fn query(
    store: &DynamoJobStore,
    tenant: &TenantId,
    partition: &Partition,
    prefix: &str,
) -> Result<Vec<Record>, PortError> {
    let mut request = store
        .client
        .query()
        .table_name(store.table_of(partition))
        .consistent_read(true)
        .expression_attribute_values(":pk", text(stored_partition(tenant, partition)));
    request = if prefix.is_empty() {
        request.key_condition_expression("pk = :pk")
    } else {
        request
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":prefix", text(prefix))
    };
    let mut pages = request.into_paginator().items().send();
    let mut records = Vec::new();
    while let Some(item) = pages.next().await {
        records.push(decode(&item.map_err(|error| failed("query", error))?)?);
    }
    Ok(records)
}

/// The last items of a partition between `prefix` and `below`, last first.
pub(super) async fn query_newest(
    store: &DynamoJobStore,
    (tenant, partition): (&TenantId, &Partition),
    prefix: &str,
    below: &str,
    limit: usize,
) -> Result<Vec<Record>, PortError> {
    let mut records = Vec::new();
    if below <= prefix || limit == 0 {
        return Ok(records);
    }
    // The range includes its end: one item more may come, and is left out.
    let most = i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX);
    let mut pages = store
        .client
        .query()
        .table_name(store.table_of(partition))
        .consistent_read(true)
        .scan_index_forward(false)
        .key_condition_expression("pk = :pk AND sk BETWEEN :prefix AND :below")
        .expression_attribute_values(":pk", text(stored_partition(tenant, partition)))
        .expression_attribute_values(":prefix", text(prefix))
        .expression_attribute_values(":below", text(below))
        .limit(most)
        .into_paginator()
        .items()
        .send();
    while let Some(item) = pages.next().await {
        let record = decode(&item.map_err(|error| failed("query", error))?)?;
        let is_inside = record.key().sort() < below && record.key().sort().starts_with(prefix);
        if is_inside {
            records.push(record);
        }
        if records.len() == limit {
            break;
        }
    }
    Ok(records)
}
