//! The acts themselves: who is held stays, what is archived and verified goes, each item only as it was read.
//!
//! Each transaction checks the guards of legal holds (INV-E1) and brings the event that says how many records went, so
//! that the verifier of the audit log knows a purge from a loss (INV-A1).

use std::collections::BTreeSet;

use domain::datum::Datum;
use domain::event::{Action, EventType};
use domain::hold::{Guard, GuardScope};
use domain::ids::OpNonce;
use domain::job::Job;
use domain::key::{Partition, TenantKey};
use domain::record::Record;
use domain::request::IdentityKind;
use domain::retention::RetentionClass;
use domain::retention_run::RetentionRun;
use domain::step::StepKind;
use domain::transition::{Cause, Expect, TransitionBuilder};

use super::{Expired, RetireRecords, Unit};
use crate::keyring::TenantSecrets;
use crate::ports::{CommitError, PortError};

/// Changes of one transaction, beside the job, its event and the event of the purge.
const ROOM: usize = 96;

/// A job with what of it goes.
struct Going {
    expired: Expired,
    guards: Vec<TenantKey>,
    /// Everything of it but its own record and its events.
    items: Vec<Record>,
}

impl RetireRecords {
    /// Archives and takes away; who stays until tomorrow is left in `stays`.
    pub(super) async fn take(
        &self,
        unit: &Unit,
        expired: Vec<Expired>,
        run: &mut RetentionRun,
        stays: &mut Vec<Expired>,
    ) -> Result<(), PortError> {
        let secrets = self.keyring.tenant(&unit.0, self.clock.now()).await?;
        let mut going = Vec::with_capacity(expired.len());
        let mut rest = expired.into_iter();
        for expired in rest.by_ref() {
            let guards = guards(&secrets, &expired.job);
            if self.is_held(&guards).await? {
                run.done.held += 1;
                stays.push(expired);
                continue;
            }
            let records = self.store.query(&unit.0, &Partition::Job(expired.job.id.clone()), "").await?;
            let mut busy = records.iter().filter_map(busy_with).peekable();
            if busy.peek().is_some() {
                // Officers are reminded each week of processors that do not answer; that is no failure of ours.
                if busy.all(|kind| kind == StepKind::TellProcessor) {
                    run.done.held += 1;
                } else {
                    run.done.failed += 1;
                    run.failed_because = Some("steps of an ended job are still open".to_owned());
                }
                stays.push(expired);
                continue;
            }
            let items = records.into_iter().filter(|it| !matches!(it, Record::Event(_) | Record::Job(_))).collect();
            going.push(Going { expired, guards, items });
        }
        if going.is_empty() {
            return Ok(());
        }
        let archived: Vec<Record> = going.iter().flat_map(|it| goes(it, unit.1)).collect();
        let sha256 = self.archive(unit, run, &archived).await?.sha256;
        run.done.archived += going.len() as u64;
        for it in going {
            if self.delete(unit.1, &it, &sha256).await? {
                run.done.deleted += 1;
            } else {
                run.done.failed += 1;
                stays.push(it.expired);
            }
        }
        Ok(())
    }

    async fn is_held(&self, guards: &[TenantKey]) -> Result<bool, PortError> {
        let found = self.store.load(guards).await?;
        Ok(found.into_iter().flatten().any(|record| !record.is_free_guard()))
    }

    /// Deletes the items of one job, and in the last transaction ends its run or the record itself. `false` where
    /// something moved meanwhile or a hold came: then nothing of that transaction went.
    async fn delete(&self, class: RetentionClass, it: &Going, sha256: &str) -> Result<bool, PortError> {
        let job = &it.expired.job;
        let mut parts: Vec<&[Record]> = it.items.chunks(ROOM.saturating_sub(it.guards.len()).max(1)).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let last = parts.len() - 1;
        for (number, part) in parts.into_iter().enumerate() {
            let now = self.clock.now();
            let cause = Cause::worker(now).because("the retention policy");
            let nonce = OpNonce::new(self.entropy.bytes());
            let mut builder = TransitionBuilder::new(&job.tenant, nonce, cause, self.entropy.bytes());
            let mut deleted = part.len() as u64;
            match class {
                _ if number < last => builder.check(job.key(), Expect::Version(job.version)),
                RetentionClass::Requests => {
                    deleted += 1;
                    builder.delete_if(job.key(), Expect::Version(job.version));
                }
                RetentionClass::JobExecutions
                | RetentionClass::AuditLogs
                | RetentionClass::Messages
                | RetentionClass::Logs
                | RetentionClass::Metrics
                | RetentionClass::Sessions
                | RetentionClass::TempFiles
                | RetentionClass::Evidence => {
                    builder.update_job(job, Job { retired_at: Some(now), ..job.clone() });
                }
            }
            for guard in &it.guards {
                builder.check(guard.clone(), Expect::NoHold);
            }
            for record in part {
                builder.delete_if(record.key(), record.version().map_or(Expect::Any, Expect::Version));
            }
            let mut event = builder.plain_event(&job.id, domain::event::AuditEvent::PURGED, Action::Delete);
            event.event_type = EventType::RetentionRun;
            event.from = Some(class.as_str().to_owned());
            event.to = Some(sha256.to_owned());
            event.counts = vec![("deleted".to_owned(), deleted)];
            builder.event(event);
            match self.store.commit(&builder.build()).await {
                Ok(()) => {}
                Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => return Ok(false),
                Err(CommitError::Port(error)) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// What of a job goes with a class: the record itself goes last.
fn goes(it: &Going, class: RetentionClass) -> Vec<Record> {
    let record = (class == RetentionClass::Requests).then(|| Record::Job(Box::new(it.expired.job.clone())));
    it.items.iter().cloned().chain(record).collect()
}

/// What a step still has to do, if this is one that has.
fn busy_with(record: &Record) -> Option<StepKind> {
    let Record::Step(step) = record else { return None };
    // What needs an open job does nothing any more, wherever it stood when the job ended.
    (step.next_check_at.is_some() && !step.kind.needs_open_job()).then_some(step.kind)
}

/// The guards of everybody a job is about.
fn guards(secrets: &TenantSecrets, job: &Job) -> Vec<TenantKey> {
    let mut scopes: BTreeSet<GuardScope> = crate::holds::guards_of(job);
    scopes.extend(job.subject_ref.iter().map(GuardScope::alias));
    let organization = job.organization_id.as_ref().map(|id| Datum::Text(id.clone()));
    let kind = IdentityKind::OrganizationId.as_str();
    scopes.extend(organization.map(|id| GuardScope::alias(&secrets.alias_of_value(kind, &id))));
    let copy = Guard::copy_of(&job.id);
    scopes.iter().map(|scope| Guard::key_of(&job.tenant, scope, copy)).collect()
}
