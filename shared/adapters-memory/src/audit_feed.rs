//! What is not sealed, read from the items themselves: here the index is never behind.

use std::sync::Arc;

use async_trait::async_trait;
use audit_log::watch::Memory;
use domain::event::AuditEvent;
use domain::ids::TenantId;
use domain::key::TenantKey;
use domain::record::Record;
use jiff::Timestamp;
use workflow::ports::{AuditFeed, LogHead, PortError, StoredEvent, Unsealed, seal_shard};

use crate::job_store::read_item;
use crate::mutants::{Mutant, Mutants};
use crate::state::State;
use crate::world::MemoryWorld;

/// The feed of the world.
#[derive(Debug, Clone)]
pub struct MemoryAuditFeed {
    world: MemoryWorld,
}

impl MemoryAuditFeed {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl AuditFeed for MemoryAuditFeed {
    async fn unsealed(&self, shard: u8, limit: usize) -> Result<Vec<Unsealed>, PortError> {
        self.world.call("unsealed", |state| Ok(unsealed(state, shard, limit))).await
    }

    async fn events(&self, keys: &[TenantKey]) -> Result<Vec<Option<StoredEvent>>, PortError> {
        self.world.call("read_events", |state| Ok(keys.iter().map(|key| stored(state, key)).collect())).await
    }

    async fn heartbeats_due(&self, until: Timestamp, limit: usize) -> Result<Vec<TenantId>, PortError> {
        self.world
            .call("heartbeats_due", |state| {
                let due = state.log_heads.values().filter(|head| head.pending.is_none() && head.due_at() <= until);
                Ok(due.take(limit).map(|head| head.tenant.clone()).collect())
            })
            .await
    }

    async fn load_head(&self, tenant: &TenantId) -> Result<Option<LogHead>, PortError> {
        self.world.call("load_head", |state| Ok(state.log_heads.get(tenant).cloned())).await
    }

    async fn write_head(&self, head: &LogHead) -> Result<bool, PortError> {
        self.world
            .call("write_head", |state| {
                let stored = state.log_heads.get(&head.tenant);
                let is_next = stored.map_or(0, |stored| stored.version) + 1 == head.version;
                if is_next {
                    let head = with_bugs(state.mutants, head.clone());
                    state.log_heads.insert(head.tenant.clone(), head);
                }
                Ok(is_next)
            })
            .await
    }

    async fn mark_sealed(&self, keys: &[TenantKey], first_index: u64) -> Result<(), PortError> {
        self.world
            .call("mark_sealed", |state| {
                for (key, index) in keys.iter().zip(first_index..) {
                    let stored = state.items.get_key_value(key).map(|(key, _)| Arc::clone(key));
                    state.sealed.extend(stored.map(|key| (key, index)));
                }
                Ok(())
            })
            .await
    }
}

/// The head as a store with deliberate bugs would keep it.
fn with_bugs(mutants: Mutants, mut head: LogHead) -> LogHead {
    if mutants.has(Mutant::MemoryLost) {
        head.memory = Memory::default();
    }
    if let Some(delivery) = &mut head.delivery {
        if mutants.has(Mutant::DeliveryForgotten) {
            delivery.retry_at = None;
        }
        if mutants.has(Mutant::DeliveredUnseen) {
            (delivery.upto, delivery.retry_at) = (head.size, None);
        }
    }
    head
}

fn unsealed(state: &State, shard: u8, limit: usize) -> Vec<Unsealed> {
    let batches = state.log_heads.values().filter(|head| head.pending.is_some());
    let batches = batches.map(|head| (String::new(), Unsealed::Batch(head.tenant.clone())));
    let events = state.items.iter().filter(|(key, _)| !state.sealed.contains_key(*key)).filter_map(|(key, record)| {
        let Record::Event(event) = record.as_ref() else { return None };
        Some((order(event), Unsealed::Event(TenantKey::clone(key))))
    });
    let mut entries: Vec<_> = batches.chain(events).filter(|(_, entry)| seal_shard(entry.tenant()) == shard).collect();
    entries.sort_by(|(one, left), (other, right)| (left.tenant(), one).cmp(&(right.tenant(), other)));
    entries.into_iter().take(limit).map(|(_, entry)| entry).collect()
}

fn order(event: &AuditEvent) -> String {
    format!("{:013}#{}", event.at.as_millisecond(), event.id)
}

fn stored(state: &State, key: &TenantKey) -> Option<StoredEvent> {
    let Some(Record::Event(event)) = read_item(state, key) else { return None };
    let leaf_index = state.sealed.get(key).copied();
    Some(StoredEvent { event: AuditEvent::clone(event), is_sealed: leaf_index.is_some(), leaf_index })
}
