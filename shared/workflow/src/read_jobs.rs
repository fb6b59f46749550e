//! Shows jobs to those who may see them. A job that may not be seen is a job that does not exist.

use std::sync::Arc;

use domain::event::{AuditEvent, EventType};
use domain::ids::{JobId, TenantId};
use domain::job::Job;
use domain::key::{Partition, TenantKey};
use domain::record::Record;
use domain::role::{Permission, Role};
use domain::sensitive::Sensitive;
use domain::step::{Step, StepState};

use crate::caller::Caller;
use crate::gate::steps_of;
use crate::keyring::{Keyring, TenantSecrets};
use crate::ports::{Clock, JobFilter, JobStore, ListPage};
use crate::refusal::Refusal;
use crate::request_body::RequestBody;
use crate::sealing::Place;
use crate::words::words_of;

/// Reads jobs.
pub struct ReadJobs {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// One job with what belongs to it.
#[derive(Debug, Clone)]
pub struct JobView {
    /// The job.
    pub job: Job,
    /// Its steps.
    pub steps: Vec<Step>,
    /// The requester's words, while the job key lives and only for one job at a time.
    pub description: Option<Sensitive<String>>,
}

/// One line of a timeline.
#[derive(Debug, Clone)]
pub struct Told {
    /// The event.
    pub event: AuditEvent,
    /// What the acting person said, while the key of the person it is about lives.
    pub words: Option<Sensitive<String>>,
}

impl JobView {
    /// Steps done and steps in all.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        let done = self.steps.iter().filter(|step| step.state == StepState::Done).count();
        (done, self.steps.len())
    }
}

impl ReadJobs {
    /// One job.
    ///
    /// # Errors
    /// `NotFound` for unknown, foreign and hidden jobs alike.
    pub async fn one(&self, caller: &Caller, id: &JobId) -> Result<JobView, Refusal> {
        let job = self.visible(caller, id).await?;
        let steps = steps_of(self.store.as_ref(), &job.tenant, id).await?;
        let description = self.description(&job).await;
        Ok(JobView { job, steps, description })
    }

    /// Jobs the caller may see, newest first.
    ///
    /// # Errors
    /// `Forbidden` for callers who may see none.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: JobFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ListPage, Refusal> {
        let tenant = &caller.principal.tenant;
        let secrets = self.keyring.tenant(tenant, self.clock.now()).await?;
        let Some(filter) = narrow(caller, filter, &secrets)? else {
            return Ok(ListPage::default());
        };
        Ok(self.store.list_jobs(tenant, &filter, after, limit).await?)
    }

    /// What changed a job or handed out its archive, oldest first; who looked at it is in the audit log.
    ///
    /// # Errors
    /// `NotFound` as for `one`.
    pub async fn timeline(&self, caller: &Caller, id: &JobId) -> Result<Vec<Told>, Refusal> {
        let job = self.visible(caller, id).await?;
        let mut events = events_of(self.store.as_ref(), &job.tenant, id).await?;
        // That somebody looked is in the audit log; a timeline tells what happened to the request.
        events.retain(|event| event.event_type != EventType::UserAccess);
        let words = words_of(&self.keyring, &job, &events, self.clock.now()).await?;
        Ok(events.into_iter().zip(words).map(|(event, words)| Told { event, words }).collect())
    }

    /// A job of the caller's tenant that the caller may see.
    ///
    /// # Errors
    /// `NotFound` for unknown, foreign and hidden jobs alike.
    pub async fn visible(&self, caller: &Caller, id: &JobId) -> Result<Job, Refusal> {
        let tenant = &caller.principal.tenant;
        let secrets = self.keyring.tenant(tenant, self.clock.now()).await?;
        let job = job_of(self.store.as_ref(), tenant, id).await?;
        if caller.may_see(&job, &secrets) { Ok(job) } else { Err(Refusal::NotFound) }
    }

    /// The description, if the job key still opens it.
    async fn description(&self, job: &Job) -> Option<Sensitive<String>> {
        let key = self.keyring.job_key(&job.tenant, &job.id).await.ok()?;
        let bytes = key.open(&Place::attribute(&job.key(), "request"), &job.request).ok()?;
        RequestBody::from_json(&bytes)?.description()
    }
}

/// What of a filter the caller may ask; `None` if the answer is empty whatever is stored.
fn narrow(caller: &Caller, filter: JobFilter, secrets: &TenantSecrets) -> Result<Option<JobFilter>, Refusal> {
    let staff = caller
        .principal
        .roles
        .iter()
        .any(|role| *role != Role::Owner && role.permissions().contains(&Permission::JobRead));
    if staff {
        return Ok(Some(filter));
    }
    if caller.principal.is(Role::Owner) {
        let own = caller.principal.organization_id.clone();
        let foreign = filter.organization_id.is_some() && filter.organization_id != own;
        return Ok((own.is_some() && !foreign).then_some(JobFilter { organization_id: own, ..filter }));
    }
    if caller.principal.is(Role::DataSubject) {
        let own = caller.own_identity().map(|identity| secrets.alias(&identity));
        let foreign = filter.subject.is_some() && filter.subject != own;
        return Ok((own.is_some() && !foreign).then_some(JobFilter { subject: own, ..filter }));
    }
    Err(Refusal::Forbidden { needs: vec![Permission::JobRead] })
}

/// The job with this id.
///
/// # Errors
/// `NotFound` if the tenant has none.
pub async fn job_of(store: &dyn JobStore, tenant: &TenantId, id: &JobId) -> Result<Job, Refusal> {
    let found = store.load(&[TenantKey::job(tenant, id)]).await?;
    found.into_iter().flatten().find_map(Record::into_job).map(|boxed| *boxed).ok_or(Refusal::NotFound)
}

/// The audit events of a job, oldest first.
///
/// # Errors
/// When the store fails.
pub async fn events_of(store: &dyn JobStore, tenant: &TenantId, id: &JobId) -> Result<Vec<AuditEvent>, Refusal> {
    let found = store.query(tenant, &Partition::Job(id.clone()), "event#").await?;
    Ok(found.into_iter().filter_map(Record::into_event).map(|boxed| *boxed).collect())
}
