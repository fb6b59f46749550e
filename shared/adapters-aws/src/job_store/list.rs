//! Jobs of a tenant, newest first, through the indexes `listing` and `subject`; eventually consistent.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use domain::ids::{JobId, TenantId};
use domain::job::Job;
use domain::key::TenantKey;
use domain::record::Record;
use workflow::ports::{JobFilter, ListPage, PortError, PortErrorKind};

use super::DynamoJobStore;
use crate::failure::failed;
use crate::item::{Item, decode, key_item, list_partition, millis, subject_partition, text};

/// Items looked at per call where a filter drops some.
const FILTERED_READ: usize = 200;
/// Calls per page; a filter that finds next to nothing then ends the page early, with a place to go on from.
const MAX_CALLS: usize = 20;

/// A page of jobs.
pub(super) async fn list_jobs(
    store: &DynamoJobStore,
    tenant: &TenantId,
    filter: &JobFilter,
    after: Option<&str>,
    limit: usize,
) -> Result<ListPage, PortError> {
    let index = Index::of(tenant, filter);
    let mut start = after.map(|id| index.entry(tenant, id)).transpose()?;
    let mut jobs: Vec<Job> = Vec::new();
    for _ in 0..MAX_CALLS {
        let request = narrowed(index.query(store), filter);
        let answer = request
            .limit(page_size(filter, limit))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failed("list jobs", error))?;
        for item in answer.items() {
            let Record::Job(job) = decode(item)? else { continue };
            if job.tenant != *tenant || !matches(filter, &job) {
                continue;
            }
            if jobs.len() == limit {
                let next = jobs.last().map(|job| job.id.to_string());
                return Ok(ListPage { jobs, next });
            }
            jobs.push(*job);
        }
        start = answer.last_evaluated_key;
        if start.is_none() {
            return Ok(ListPage { jobs, next: None });
        }
    }
    let next = start.as_ref().and_then(|key| crate::item::string(key, "list_sk")).map(str::to_owned);
    Ok(ListPage { jobs, next })
}

/// One more than wanted tells whether there is a next page.
fn page_size(filter: &JobFilter, limit: usize) -> i32 {
    let unfiltered = JobFilter { subject: filter.subject.clone(), ..JobFilter::default() };
    let size = if *filter == unfiltered { limit.saturating_add(1) } else { FILTERED_READ.max(limit) };
    i32::try_from(size.min(1_000)).unwrap_or(1_000)
}

/// Which index is read, and where in it.
struct Index {
    name: &'static str,
    attribute: &'static str,
    partition: String,
}

impl Index {
    fn of(tenant: &TenantId, filter: &JobFilter) -> Self {
        match &filter.subject {
            Some(alias) => {
                Self { name: "subject", attribute: "subject_pk", partition: subject_partition(tenant, alias) }
            }
            None => Self { name: "listing", attribute: "list_pk", partition: list_partition(tenant) },
        }
    }

    fn query(&self, store: &DynamoJobStore) -> QueryFluentBuilder {
        store
            .client
            .query()
            .table_name(&store.jobs_table)
            .index_name(self.name)
            .scan_index_forward(false)
            .key_condition_expression("#partition = :partition")
            .expression_attribute_names("#partition", self.attribute)
            .expression_attribute_values(":partition", text(&self.partition))
    }

    /// The entry of a job; a cursor that is no job id can't be gone on from.
    fn entry(&self, tenant: &TenantId, cursor: &str) -> Result<Item, PortError> {
        let id: JobId = cursor.parse().map_err(|_| PortError::new(PortErrorKind::Corrupt, "list jobs"))?;
        let mut entry = key_item(&TenantKey::job(tenant, &id));
        entry.insert(self.attribute.to_owned(), text(&self.partition));
        entry.insert("list_sk".to_owned(), text(id.as_str()));
        Ok(entry)
    }
}

fn narrowed(request: QueryFluentBuilder, filter: &JobFilter) -> QueryFluentBuilder {
    let equal = [
        ("request_type", filter.request_type.map(|kind| kind.as_str().to_owned())),
        ("status", filter.status.map(|status| status.as_str().to_owned())),
        ("organization_id", filter.organization_id.clone()),
        ("assignee", filter.assignee.as_ref().map(|person| person.as_str().to_owned())),
    ];
    let mut terms = Vec::new();
    let mut request = request;
    for (name, value) in equal {
        let Some(value) = value else { continue };
        terms.push(format!("#{name} = :{name}"));
        request = request
            .expression_attribute_names(format!("#{name}"), name)
            .expression_attribute_values(format!(":{name}"), text(value));
    }
    if let Some(before) = filter.due_before {
        terms.push("#due_at <= :due_before".to_owned());
        request = request
            .expression_attribute_names("#due_at", "due_at")
            .expression_attribute_values(":due_before", text(millis(before)));
    }
    let filter = (!terms.is_empty()).then(|| terms.join(" AND "));
    request.set_filter_expression(filter)
}

/// The filter on the job itself: the copies in the index are coarser (milliseconds) and may lag.
fn matches(filter: &JobFilter, job: &Job) -> bool {
    filter.request_type.is_none_or(|kind| job.request_type == kind)
        && filter.status.is_none_or(|status| job.status == status)
        && filter.subject.as_ref().is_none_or(|alias| job.subject_ref.as_ref() == Some(alias))
        && filter.organization_id.as_ref().is_none_or(|id| job.organization_id.as_ref() == Some(id))
        && filter.due_before.is_none_or(|before| job.due_at < before)
        && filter.assignee.as_ref().is_none_or(|person| job.assignee.as_ref() == Some(person))
}
