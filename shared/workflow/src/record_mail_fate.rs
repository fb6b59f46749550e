//! Records what the mail service says became of a mail: once, without the address, beside the job it was about.
//! What follows for later mail is in `steps::notify`.

use domain::event::{Action, AuditEvent, EventOutcome, Level};
use domain::ids::{JobId, OpNonce, TenantId};
use domain::job::{Job, ready};
use domain::notice::{MailComplaint, MailFate, MailMark};
use domain::record::Record;
use domain::step::{Nudge, Step, StepKind, StepSeed};
use domain::transition::{Cause, Expect, TransitionBuilder};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::nudging::nudge_best_effort;
use crate::ports::{CommitError, PortError};
use crate::step_context::StepPorts;

/// The person the request is about, as a receiver.
const SUBJECT: &str = "subject";

/// What the mail service says about one mail. It names the mail by the tags it was sent with, never by its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailReport {
    /// The tenant.
    pub tenant: TenantId,
    /// Id of the notice.
    pub notice_id: String,
    /// To whom: `subject`, or `staff` and the recipient's name.
    pub receiver: String,
    /// The mail, as the service names it.
    pub message_id: String,
    /// What became of it.
    pub fate: MailFate,
}

/// What a report led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is recorded.
    New,
    /// It was recorded already.
    Known,
    /// It is about no job of ours: a digest, or a job that is gone.
    NoJob,
}

/// Records reports of the mail service.
pub struct RecordMailFate {
    // Dependencies.
    /// What every use case runs on.
    pub ports: StepPorts,
}

impl RecordMailFate {
    /// Records one report. The same report again changes nothing.
    ///
    /// # Errors
    /// When the store fails: the report has to come again.
    pub async fn record(&self, report: &MailReport) -> Result<Recorded, PortError> {
        let Some((job, kind, shard)) = sent_by(&report.notice_id) else {
            log(report, None);
            return Ok(Recorded::NoJob);
        };
        let keys = [domain::key::TenantKey::job(&report.tenant, &job)];
        let found = self.ports.store.load(&keys).await?.into_iter().flatten().find_map(Record::into_job);
        let Some(job) = found else {
            tracing::warn!(%job, message_id = report.message_id, "a report about mail names no job of ours");
            return Ok(Recorded::NoJob);
        };
        let now = self.ports.clock.now();
        let nonce = OpNonce::new(self.ports.entropy.bytes());
        let cause = Cause::worker(now).because("the mail service reports");
        let mut builder = TransitionBuilder::new(&job.tenant, nonce, cause, self.ports.entropy.bytes());
        let mark = mark(report, &job, (kind, shard), &builder, now);
        let event = event(&mut builder, &mark);
        builder.event(event);
        builder.put(Record::MailMark(Box::new(mark.clone())), Expect::Absent);
        if let Some(complaint) = complaint(&mark, &job) {
            builder.put(Record::Complaint(complaint), Expect::Any);
        }
        let officers = officers_step(&mark, &job, now);
        if let Some(step) = &officers {
            builder.create_step(step.clone());
        }
        match self.ports.store.commit(&builder.build()).await {
            Ok(()) => {}
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => return Ok(Recorded::Known),
            Err(CommitError::Port(error)) => return Err(error),
        }
        log(report, Some(&job.id));
        let nudges: Vec<Nudge> = officers.iter().map(Nudge::for_step).collect();
        nudge_best_effort(self.ports.queue.as_ref(), &nudges).await;
        Ok(Recorded::New)
    }
}

/// Job, kind and number of the step that sent a notice; `None` for a notice of no job.
fn sent_by(notice_id: &str) -> Option<(JobId, StepKind, u32)> {
    let mut parts = notice_id.rsplitn(3, '-');
    let shard = parts.next()?.parse().ok()?;
    let kind = StepKind::parse(parts.next()?).filter(|kind| kind.notice().is_some())?;
    Some((parts.next()?.parse().ok()?, kind, shard))
}

fn mark(
    report: &MailReport,
    job: &Job,
    (kind, shard): (StepKind, u32),
    builder: &TransitionBuilder,
    now: Timestamp,
) -> MailMark {
    MailMark {
        v: 1,
        tenant: job.tenant.clone(),
        job: job.id.clone(),
        message_id: report.message_id.clone(),
        fate: report.fate,
        kind,
        shard,
        to: report.receiver.clone(),
        op_nonce: builder.op_nonce().clone(),
        at: now,
    }
}

fn event(builder: &mut TransitionBuilder, mark: &MailMark) -> AuditEvent {
    let mut event = builder.plain_event(&mark.job, "mail", Action::Update);
    event.to = Some(mark.fate.as_str().to_owned());
    event.reason = Some(format!("{} to {}: {}", mark.kind, mark.to, mark.fate));
    match mark.fate {
        MailFate::Delivered => {}
        MailFate::BouncedForNow | MailFate::Complained => event.level = Level::Warning,
        MailFate::Bounced | MailFate::Rejected => {
            event.level = Level::Error;
            event.outcome = EventOutcome::Failure;
        }
    }
    event
}

/// A complaint of the person is one about all our mail that no law asks for.
fn complaint(mark: &MailMark, job: &Job) -> Option<MailComplaint> {
    let alias = job.subject_ref.clone().filter(|_| mark.fate == MailFate::Complained && mark.to == SUBJECT)?;
    let (tenant, op_nonce) = (mark.tenant.clone(), mark.op_nonce.clone());
    Some(MailComplaint { v: 1, tenant, alias, op_nonce, at: mark.at })
}

/// The step that tells officers, where the person did not get what is owed to them.
fn officers_step(mark: &MailMark, job: &Job, now: Timestamp) -> Option<Step> {
    let is_owed = mark.kind.notice().is_some_and(|notice| notice.is_owed(job.regime));
    if !(is_owed && mark.fate.is_lost() && mark.to == SUBJECT) {
        return None;
    }
    let digest = Sha256::digest(mark.message_id.as_bytes());
    let shard = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let seed = StepSeed { shard, ..ready(StepKind::NotifyUndelivered, now) };
    Some(Step::new(&mark.tenant, &mark.job, seed, mark.op_nonce.clone(), now))
}

/// Says in the log what somebody should look at.
fn log(report: &MailReport, job: Option<&JobId>) {
    let MailReport { notice_id, receiver, fate, .. } = report;
    let job = job.map_or("", JobId::as_str);
    match fate {
        MailFate::Delivered => {}
        MailFate::BouncedForNow => tracing::warn!(job, notice_id, receiver, %fate, "mail came back"),
        MailFate::Bounced | MailFate::Rejected | MailFate::Complained => {
            tracing::error!(job, notice_id, receiver, %fate, alert = "notice_undelivered", "mail came back");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_id_names_its_step() {
        let job = "job_0000019c000070008000000000000000";
        let (found, kind, shard) = sent_by(&format!("{job}-notify_ready-12")).unwrap();
        assert_eq!((found.as_str(), kind, shard), (job, StepKind::NotifyReady, 12));
        for other in ["digest-1774994399-dpo", "job_1-notify_ready-0", "", "x-locate-0", &format!("{job}-locate-0")] {
            assert_eq!(sent_by(other), None, "{other}");
        }
    }
}
