//! Hands out a link to a finished archive: minted on demand, for minutes, audited each time, never stored.

use std::sync::Arc;

use domain::event::{Action, EventType};
use domain::ids::{JobId, OpNonce, TenantId};
use domain::job::{Archive, Job, JobStatus, Scope};
use domain::record::{Record, Ticket};
use domain::role::Permission;
use domain::sensitive::Sensitive;
use domain::transition::{Cause, TransitionBuilder};
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

use crate::caller::{Caller, Circumstances};
use crate::ports::{CommitError, ExportStore, Link};
use crate::read_jobs::job_of;
use crate::refusal::Refusal;
use crate::sealing::sha256;
use crate::step_context::StepPorts;

/// The longest life of a link.
const LINK_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// Hands out links.
pub struct IssueDownload {
    // Dependencies.
    /// What every use case runs on.
    pub ports: StepPorts,
    /// Signs links.
    pub exports: Arc<dyn ExportStore>,
}

/// Somebody who holds a mailed ticket and has no session.
#[derive(Debug, Clone)]
pub struct TicketHolder {
    /// The tenant the link names.
    pub tenant: TenantId,
    /// The secret of the ticket.
    pub secret: Sensitive<String>,
}

impl IssueDownload {
    /// A link for the verified requester's session: the subject, or the owner who asked for the organisation; to an
    /// export of the audit log for whoever may read that.
    ///
    /// # Errors
    /// `NotFound` for everybody else; `WrongState` before the archive is ready; `Gone` after its life.
    pub async fn for_session(&self, caller: &Caller, id: &JobId) -> Result<Link, Refusal> {
        let now = self.ports.clock.now();
        let tenant = &caller.principal.tenant;
        let secrets = self.ports.keyring.tenant(tenant, now).await?;
        let job = job_of(self.ports.store.as_ref(), tenant, id).await?;
        let entitled = match job.scope {
            Scope::Subject => caller.is_subject_of(&job, &secrets) && job.verification.is_some(),
            Scope::Organization => {
                caller.owns_organization_of(&job) && job.requester == secrets.pseudonym(&caller.principal.subject)
            }
            Scope::Collection => caller.ordered(&job, &secrets),
            Scope::AuditLog => caller.principal.may(Permission::AdminAuditLog),
        };
        if !entitled {
            return Err(match (caller.may_see(&job, &secrets), job.scope) {
                (false, _) => Refusal::NotFound,
                (true, Scope::AuditLog) => Refusal::Forbidden { needs: vec![Permission::AdminAuditLog] },
                (true, Scope::Subject | Scope::Organization | Scope::Collection) => {
                    Refusal::Reserved { to: "the verified requester" }
                }
            });
        }
        self.issue(&job, caller.cause(&secrets, self.ports.entropy.as_ref(), now)).await
    }

    /// A link for whoever holds the ticket that was mailed to the address on record.
    ///
    /// # Errors
    /// `NotFound` unless the ticket is right; `Gone` after the archive's life.
    pub async fn for_ticket(&self, holder: &TicketHolder, from: &Circumstances, id: &JobId) -> Result<Link, Refusal> {
        let job = job_of(self.ports.store.as_ref(), &holder.tenant, id).await?;
        let found = self.ports.store.load(&[Ticket::key_of(&holder.tenant, id)]).await?;
        let ticket = found.into_iter().flatten().find_map(Record::into_ticket);
        let ticket = ticket.ok_or(Refusal::NotFound)?;
        let given = sha256(holder.secret.expose().as_bytes());
        if !bool::from(given.as_bytes().ct_eq(ticket.secret_hash.as_bytes())) {
            return Err(Refusal::NotFound);
        }
        // Only now the tenant is more than claimed, and something may be kept under its key.
        let now = self.ports.clock.now();
        let secrets = self.ports.keyring.tenant(&holder.tenant, now).await?;
        self.issue(&job, from.holder_cause(&job, &secrets, self.ports.entropy.as_ref(), now)).await
    }

    async fn issue(&self, job: &Job, cause: Cause) -> Result<Link, Refusal> {
        let now = cause.at;
        let archive = ready_archive(job, now)?;
        let until = archive.expires_at.min(now + LINK_LIFE);
        let link = self.exports.sign_link(&archive.key, &file_name(job), now, until).await?;
        // Audited before it is handed out: a link nobody knows of must not exist.
        let entropy = self.ports.entropy.as_ref();
        let mut builder = TransitionBuilder::new(&job.tenant, OpNonce::new(entropy.bytes()), cause, entropy.bytes());
        let mut event = builder.plain_event(&job.id, "archive", Action::Export);
        event.event_type = EventType::ExportIssued;
        event.counts = vec![("bytes".to_owned(), archive.bytes)];
        builder.event(event);
        match self.ports.store.commit(&builder.build()).await {
            Ok(()) => Ok(link),
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => Err(Refusal::Busy),
            Err(CommitError::Port(error)) => Err(error.into()),
        }
    }
}

fn ready_archive(job: &Job, now: Timestamp) -> Result<&Archive, Refusal> {
    match (&job.archive, job.status) {
        (Some(archive), JobStatus::Completed) if archive.expires_at > now => Ok(archive),
        (Some(_), JobStatus::Completed) => Err(Refusal::Gone),
        (_, status) => Err(Refusal::WrongState { status }),
    }
}

/// The name the archive is saved under: the job's id, nothing of the person.
fn file_name(job: &Job) -> String {
    match job.scope {
        Scope::Subject | Scope::Organization | Scope::AuditLog => format!("{}.zip", job.id),
        Scope::Collection => format!("{}.ndjson.gz", job.id),
    }
}
