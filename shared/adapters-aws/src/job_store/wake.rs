//! The sweep's index: steps, and ended jobs, by the time at which they are looked at again.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use domain::key::{Partition, TenantKey};
use domain::record::{ended_shard, wake_shard};
use jiff::Timestamp;
use workflow::ports::{PortError, PortErrorKind, WakeEntry};

use super::DynamoJobStore;
use crate::failure::{failed, failure};
use crate::item::{Item, from_millis, key_item, millis, shard_text, stored_key, string, text};

/// Entries of a shard that are due, oldest first.
pub(super) async fn due(
    store: &DynamoJobStore,
    shard: u8,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<WakeEntry>, PortError> {
    let page = i32::try_from(limit.clamp(1, 1_000)).unwrap_or(1_000);
    let mut items = store
        .client
        .query()
        .table_name(&store.jobs_table)
        .index_name("wake")
        .key_condition_expression("wake_shard = :shard AND next_check_at <= :until")
        .expression_attribute_values(":shard", text(shard_text(shard)))
        .expression_attribute_values(":until", text(whole_millis(until)))
        .limit(page)
        .into_paginator()
        .items()
        .send();
    let mut entries = Vec::new();
    while entries.len() < limit {
        let Some(item) = items.next().await else { break };
        entries.push(entry(&item.map_err(|error| failed("due", error))?)?);
    }
    Ok(entries)
}

/// Stored times are rounded up; what is asked for is rounded down, so that nothing comes early.
fn whole_millis(until: Timestamp) -> String {
    format!("{:013}", until.as_millisecond().max(0))
}

fn entry(item: &Item) -> Result<WakeEntry, PortError> {
    let seen = string(item, "next_check_at").and_then(from_millis);
    let seen = seen.ok_or_else(|| PortError::new(PortErrorKind::Corrupt, "due"))?;
    Ok(WakeEntry { key: stored_key(item)?, seen })
}

/// Moves an entry if it still stands where it was seen; the record itself is not written.
pub(super) async fn postpone(store: &DynamoJobStore, entry: &WakeEntry, to: Timestamp) -> Result<bool, PortError> {
    let Partition::Job(job) = entry.key.partition() else { return Ok(false) };
    let is_job = entry.key == TenantKey::job(entry.key.tenant(), job);
    let shard = if is_job { ended_shard(job) } else { wake_shard(job) };
    let moved = store
        .client
        .update_item()
        .table_name(&store.jobs_table)
        .set_key(Some(key_item(&entry.key)))
        .update_expression("SET next_check_at = :to")
        .condition_expression("next_check_at = :seen AND wake_shard = :shard")
        .expression_attribute_values(":to", text(millis(to)))
        .expression_attribute_values(":seen", text(millis(entry.seen)))
        .expression_attribute_values(":shard", text(shard_text(shard)))
        .send()
        .await;
    match moved {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => {
            Ok(false)
        }
        Err(error) => Err(failure("postpone", &error)),
    }
}
