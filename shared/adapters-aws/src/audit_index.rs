//! The port `AuditIndex` on four indexes of the jobs table; each answer is one query, eventually consistent.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use domain::event::{AuditEvent, EventIndex};
use domain::ids::{EventId, TenantId};
use workflow::ports::{AuditIndex, EventPage, IdRange, PortError, PortErrorKind};

use crate::failure::failed;
use crate::item::{Item, attribute_of, decode, text};

/// Audit events by tenant, actor, resource and action.
#[derive(Debug, Clone)]
pub struct DynamoAuditIndex {
    // Dependencies.
    client: Client,
    // Configuration.
    jobs_table: String,
}

const fn name_of(index: &EventIndex) -> &'static str {
    match index {
        EventIndex::All => "events",
        EventIndex::Actor(_) => "events_by_actor",
        EventIndex::Resource(_) => "events_by_resource",
        EventIndex::Action(_) => "events_by_action",
    }
}

impl DynamoAuditIndex {
    pub(crate) fn new(client: Client, jobs_table: &str) -> Self {
        Self { client, jobs_table: jobs_table.to_owned() }
    }

    fn query(&self, tenant: &TenantId, index: &EventIndex) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.jobs_table)
            .index_name(name_of(index))
            .expression_attribute_names("#partition", attribute_of(index))
            .expression_attribute_values(":partition", text(index.partition(tenant)))
    }

    async fn page(
        &self,
        (tenant, index): (&TenantId, &EventIndex),
        range: &IdRange,
        limit: usize,
        oldest_first: bool,
    ) -> Result<EventPage, PortError> {
        // The range of a query includes its ends, and must not be turned round.
        if range.above >= range.below || limit == 0 {
            return Ok(EventPage::default());
        }
        let answer = self
            .query(tenant, index)
            .key_condition_expression("#partition = :partition AND event_id BETWEEN :above AND :below")
            .expression_attribute_values(":above", text(&range.above))
            .expression_attribute_values(":below", text(&range.below))
            .scan_index_forward(oldest_first)
            // The end itself is not wanted, and may take a place.
            .limit(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| failed("read audit events", error))?;
        let read: Result<Vec<AuditEvent>, PortError> = answer.items().iter().map(|item| event(tenant, item)).collect();
        let is_inside = |event: &AuditEvent| event.id.as_str() > &*range.above && event.id.as_str() < &*range.below;
        let mut events: Vec<AuditEvent> = read?.into_iter().filter(is_inside).collect();
        let more = answer.last_evaluated_key.is_some() || events.len() > limit;
        events.truncate(limit);
        Ok(EventPage { more: more && !events.is_empty(), events })
    }
}

#[async_trait]
impl AuditIndex for DynamoAuditIndex {
    async fn newest(
        &self,
        tenant: &TenantId,
        index: &EventIndex,
        range: &IdRange,
        limit: usize,
    ) -> Result<EventPage, PortError> {
        self.page((tenant, index), range, limit, false).await
    }

    async fn oldest(
        &self,
        tenant: &TenantId,
        index: &EventIndex,
        range: &IdRange,
        limit: usize,
    ) -> Result<EventPage, PortError> {
        self.page((tenant, index), range, limit, true).await
    }

    async fn find(&self, tenant: &TenantId, id: &EventId) -> Result<Option<AuditEvent>, PortError> {
        let answer = self
            .query(tenant, &EventIndex::All)
            .key_condition_expression("#partition = :partition AND event_id = :id")
            .expression_attribute_values(":id", text(id.as_str()))
            .send()
            .await
            .map_err(|error| failed("find an audit event", error))?;
        answer.items().first().map(|item| event(tenant, item)).transpose()
    }
}

fn event(tenant: &TenantId, item: &Item) -> Result<AuditEvent, PortError> {
    let event = decode(item)?.into_event().filter(|event| event.tenant == *tenant);
    event.map(|event| *event).ok_or(PortError::new(PortErrorKind::Corrupt, "read audit events"))
}
