//! Audit events as the indexes show them; here they are never behind.

use async_trait::async_trait;
use domain::event::{AuditEvent, EventIndex};
use domain::ids::{EventId, TenantId};
use domain::record::Record;
use workflow::ports::{AuditIndex, EventPage, IdRange, PortError};

use crate::state::State;
use crate::world::MemoryWorld;

/// The indexes of the world.
#[derive(Debug, Clone)]
pub struct MemoryAuditIndex {
    world: MemoryWorld,
}

impl MemoryAuditIndex {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl AuditIndex for MemoryAuditIndex {
    async fn newest(
        &self,
        tenant: &TenantId,
        index: &EventIndex,
        range: &IdRange,
        limit: usize,
    ) -> Result<EventPage, PortError> {
        self.world
            .call("newest_events", |state| {
                state.check_tenant("newest_events", tenant);
                let mut found = inside(state, tenant, index, range);
                found.reverse();
                let more = found.len() > limit && limit > 0;
                Ok(EventPage { events: found.into_iter().take(limit).cloned().collect(), more })
            })
            .await
    }

    async fn oldest(
        &self,
        tenant: &TenantId,
        index: &EventIndex,
        range: &IdRange,
        limit: usize,
    ) -> Result<EventPage, PortError> {
        self.world
            .call("oldest_events", |state| {
                state.check_tenant("oldest_events", tenant);
                let found = inside(state, tenant, index, range);
                let more = found.len() > limit && limit > 0;
                Ok(EventPage { events: found.into_iter().take(limit).cloned().collect(), more })
            })
            .await
    }

    async fn find(&self, tenant: &TenantId, id: &EventId) -> Result<Option<AuditEvent>, PortError> {
        self.world
            .call("find_event", |state| {
                state.check_tenant("find_event", tenant);
                Ok(events(state, tenant).find(|event| event.id == *id).cloned())
            })
            .await
    }
}

/// The events of an index within a range, oldest first.
fn inside<'a>(state: &'a State, tenant: &'a TenantId, index: &EventIndex, range: &IdRange) -> Vec<&'a AuditEvent> {
    let is_inside = |event: &&AuditEvent| {
        event.id.as_str() > &*range.above
            && event.id.as_str() < &*range.below
            && EventIndex::of_event(event).contains(index)
    };
    let mut found: Vec<&AuditEvent> = events(state, tenant).filter(is_inside).collect();
    found.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    found
}

fn events<'a>(state: &'a State, tenant: &'a TenantId) -> impl Iterator<Item = &'a AuditEvent> {
    state.items.iter().filter(move |(key, _)| key.tenant() == tenant).filter_map(|(_, record)| {
        let Record::Event(event) = record.as_ref() else { return None };
        Some(event.as_ref())
    })
}
