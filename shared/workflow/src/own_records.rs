//! What Habeas itself holds about a person or an organisation: their requests and the audit trail of these (R-EXP-1).
//!
//! Read like two more collections of the data map, page by page, newest first. Who acted is told by kind and role only.

use std::sync::Arc;

use datamap::{Collection, DataMap, Field, Lookup, Processing, Source};
use domain::datum::Datum;
use domain::event::AuditEvent;
use domain::ids::{JobId, TenantId};
use domain::job::{Job, Scope};
use domain::key::{Partition, TenantKey};
use domain::record::Record;
use domain::request::Alias;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keyring::TenantSecrets;
use crate::ports::{Cursor, JobFilter, JobStore, ListPage, PortError, SortRange, SourcePage};
use crate::request_body::RequestBody;
use crate::step_context::unreadable;
use crate::step_error::StepError;

mod row;

/// The dataset of our own records; a data map has none of this name.
pub const DATASET: &str = "habeas";
const REQUESTS: &str = "requests";
const AUDIT_EVENTS: &str = "audit_events";

/// Fields a lookup may compare.
const BY_SUBJECT: &str = "subject_ref";
const BY_ORGANIZATION: &str = "organization_id";
const BY_ID: &str = "id";

/// Jobs of one page.
const JOBS: usize = 100;
/// Events of one page.
const EVENTS: usize = 200;

/// Our own records as collections, with what Art. 15(1) asks to be told of them; none where the map has such a dataset.
#[must_use]
pub fn collections(map: &DataMap) -> Vec<Collection> {
    if map.collections.iter().any(|collection| collection.dataset == DATASET) {
        return Vec::new();
    }
    let basis = "Art. 6(1)(c) GDPR, legal obligation";
    let requests = "Your requests under data protection law and what became of them.";
    let events = "What was done with your requests, when, and by whom by kind.";
    vec![
        collection(REQUESTS, requests, row::REQUEST_FIELDS, "To answer your requests.", basis, "completed_requests"),
        collection(AUDIT_EVENTS, events, row::EVENT_FIELDS, "To prove how they were handled.", basis, "audit_logs"),
    ]
}

#[expect(clippy::too_many_arguments, reason = "two calls, one under the other; each argument is a field")]
fn collection(
    name: &str,
    description: &str,
    fields: &[&str],
    purpose: &str,
    basis: &str,
    retention: &str,
) -> Collection {
    Collection {
        dataset: DATASET.to_owned(),
        name: name.to_owned(),
        description: Some(description.to_owned()),
        data_categories: vec!["user.privacy_preferences".to_owned()],
        connection: usize::MAX,
        source: Source::DynamoDb {
            table: DATASET.to_owned(),
            indexes: std::collections::BTreeMap::new(),
            scan: false,
            segments: 1,
        },
        processing: Processing {
            purpose: Some(purpose.to_owned()),
            lawful_basis: Some(basis.to_owned()),
            retention_class: Some(retention.to_owned()),
            ..Processing::default()
        },
        fields: fields.iter().map(|path| field(path)).collect(),
        skip: false,
        erase_after: Vec::new(),
        masking: None,
        retention: None,
        revoke: None,
        consent: None,
        quarantine: None,
    }
}

fn field(path: &str) -> Field {
    Field {
        path: path.to_owned(),
        shape: path.to_owned(),
        description: None,
        data_type: None,
        array: false,
        data_categories: Vec::new(),
        identity: None,
        primary_key: path == BY_ID,
        references: Vec::new(),
        masking: None,
        read_only: true,
    }
}

/// The map with our own collections behind those of the customer.
#[must_use]
pub fn extended(map: &DataMap) -> DataMap {
    let own = collections(map);
    let mut map = map.clone();
    map.collections.extend(own);
    map
}

/// What to look up for a job: by every identity that was proven, and the job itself.
#[must_use]
pub fn lookups(map: &DataMap, job: &Job, proven: Option<&RequestBody>, secrets: &TenantSecrets) -> Vec<Lookup> {
    let text = |value: &str| Datum::Text(value.to_owned());
    let mut wanted: Vec<(&str, Vec<Datum>)> = Vec::new();
    match (job.scope, &job.organization_id, proven) {
        (Scope::Organization, Some(id), _) => wanted.push((BY_ORGANIZATION, vec![text(id)])),
        (Scope::Organization, None, _) | (Scope::Collection | Scope::AuditLog, ..) => {}
        (Scope::Subject, _, proven) => {
            let aliases = proven.map(|body| body.aliases(secrets)).unwrap_or_default();
            if !job.subject_ref.as_ref().is_some_and(|own| aliases.contains(own)) {
                wanted.push((BY_ID, vec![text(job.id.as_str())]));
            }
            wanted.push((BY_SUBJECT, aliases.iter().map(|alias| text(alias.as_str())).collect()));
        }
    }
    let first = map.collections.len();
    let lookup = |collection: usize| {
        wanted.iter().filter(|(_, values)| !values.is_empty()).map(move |(field, values)| Lookup {
            collection,
            field: (*field).to_owned(),
            values: values.clone(),
            projection: Vec::new(),
        })
    };
    (0..collections(map).len()).flat_map(|at| lookup(first + at)).collect()
}

/// Where a lookup goes on.
#[derive(Default, Serialize, Deserialize)]
struct At {
    /// Values that are done.
    value: usize,
    /// The last job that is done.
    job: Option<String>,
    /// The job whose events are being read, and the last of them that was.
    open: Option<(JobId, String)>,
}

/// Reads our own records as they were at one time.
pub struct OwnRecords {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    // Configuration.
    /// The tenant.
    pub tenant: TenantId,
    /// What came later is left out, so that a second run reads the same.
    pub until: Timestamp,
}

impl OwnRecords {
    /// A page of one lookup.
    ///
    /// # Errors
    /// When the store fails or the cursor is none of ours.
    pub async fn page(&self, map: &DataMap, lookup: &Lookup, after: Option<&Cursor>) -> Result<SourcePage, StepError> {
        let at = match after {
            Some(Cursor(text)) => serde_json::from_str(text).map_err(|_| unreadable("cursor"))?,
            None => At::default(),
        };
        let Some(value) = lookup.values.get(at.value).and_then(Datum::as_text) else {
            return Ok(SourcePage::default());
        };
        let is_events = map.collections.get(lookup.collection).is_some_and(|it| it.name == AUDIT_EVENTS);
        let (rows, next) = if is_events {
            self.events(&lookup.field, value, at).await?
        } else {
            self.requests(&lookup.field, value, at).await?
        };
        // After the last job of a value comes the next value.
        let next = next.filter(|at| at.value < lookup.values.len());
        let cursor = next.map(|at| serde_json::to_string(&at)).transpose().map_err(|_| unreadable("cursor"))?;
        Ok(SourcePage { rows, media: Vec::new(), next: cursor.map(Cursor) })
    }

    async fn requests(&self, field: &str, value: &str, at: At) -> Result<(Vec<Datum>, Option<At>), PortError> {
        let ListPage { jobs, next } = self.jobs(field, value, at.job.as_deref(), JOBS).await?;
        let rows = jobs.iter().filter(|job| job.created_at <= self.until).map(row::of_job).collect();
        Ok((rows, Some(after_job(at.value, next))))
    }

    /// Events of one job at a time, newest first.
    async fn events(&self, field: &str, value: &str, at: At) -> Result<(Vec<Datum>, Option<At>), PortError> {
        let (job, below) = match at.open {
            Some(open) => open,
            None => {
                let ListPage { jobs, next } = self.jobs(field, value, at.job.as_deref(), 1).await?;
                let Some(job) = jobs.into_iter().next().filter(|job| job.created_at <= self.until) else {
                    return Ok((Vec::new(), Some(after_job(at.value, next))));
                };
                (job.id, AuditEvent::sort_after(self.until))
            }
        };
        let partition = Partition::Job(job.clone());
        let range = SortRange { prefix: AuditEvent::SORT_PREFIX, below: &below };
        let found = self.store.query_newest(&self.tenant, &partition, range, EVENTS).await?;
        let more = found.len() == EVENTS;
        let last = found.last().map(|record| record.key().sort().to_owned()).filter(|_| more);
        let rows = found.into_iter().filter_map(Record::into_event).map(|event| row::of_event(&event)).collect();
        let next = match last {
            Some(sort) => At { value: at.value, job: at.job, open: Some((job, sort)) },
            None if field == BY_ID => after_job(at.value, None),
            None => after_job(at.value, Some(job.to_string())),
        };
        Ok((rows, Some(next)))
    }

    async fn jobs(&self, field: &str, value: &str, after: Option<&str>, limit: usize) -> Result<ListPage, PortError> {
        if field == BY_ID {
            let Ok(id) = value.parse::<JobId>() else { return Ok(ListPage::default()) };
            let found = self.store.load(&[TenantKey::job(&self.tenant, &id)]).await?;
            let jobs = found.into_iter().flatten().filter_map(Record::into_job).map(|job| *job).collect();
            return Ok(ListPage { jobs, next: None });
        }
        let filter = if field == BY_ORGANIZATION {
            JobFilter { organization_id: Some(value.to_owned()), ..JobFilter::default() }
        } else {
            JobFilter { subject: Some(Alias::from_keyed_hash(value.to_owned())), ..JobFilter::default() }
        };
        self.store.list_jobs(&self.tenant, &filter, after, limit).await
    }
}

/// Behind a job, or at the next value where it was the last.
fn after_job(value: usize, job: Option<String>) -> At {
    match job {
        Some(job) => At { value, job: Some(job), open: None },
        None => At { value: value + 1, job: None, open: None },
    }
}
