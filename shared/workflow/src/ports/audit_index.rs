//! Audit events in the order of time, by the indexes of the jobs table. Reads only.

use async_trait::async_trait;
use domain::event::{AuditEvent, EventIndex};
use domain::ids::{EventId, TenantId};

use super::PortError;

/// Which events of an index: those whose ids lie between two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdRange {
    /// Ids behind this text.
    pub above: String,
    /// Ids before this text.
    pub below: String,
}

/// What one look into an index brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventPage {
    /// The events, in the order asked for.
    pub events: Vec<AuditEvent>,
    /// Whether there are more behind the last of them.
    pub more: bool,
}

/// Finds audit events; may be behind by a moment.
#[async_trait]
pub trait AuditIndex: Send + Sync {
    /// The newest events of an index within a range, at most `limit` and at most a megabyte, in one round trip.
    async fn newest(
        &self,
        tenant: &TenantId,
        index: &EventIndex,
        range: &IdRange,
        limit: usize,
    ) -> Result<EventPage, PortError>;

    /// The oldest events of an index within a range, oldest first, otherwise the same.
    async fn oldest(
        &self,
        tenant: &TenantId,
        index: &EventIndex,
        range: &IdRange,
        limit: usize,
    ) -> Result<EventPage, PortError>;

    /// The event with this id.
    async fn find(&self, tenant: &TenantId, id: &EventId) -> Result<Option<AuditEvent>, PortError>;
}
