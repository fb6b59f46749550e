//! What staff is told, and who of them: the recipients that are set, else the officer whom the data map names.

use domain::erasure::PlannedSource;
use domain::job::{DeadlineAlert, JobStatus};
use domain::key::Partition;
use domain::notice::{MailMark, NoticeSettings};
use domain::record::Record;
use domain::request::{Identity, IdentityKind, RequestType};
use domain::sensitive::Sensitive;
use domain::step::StepKind;

use super::Notify;
use crate::notice::{ApprovalNotice, DeadlineNotice, Notice, UndeliveredNotice};
use crate::ports::PortError;
use crate::step_context::StepContext;

/// Whether a step tells staff, not the person.
pub(super) const fn tells_staff(kind: StepKind) -> bool {
    matches!(kind, StepKind::NotifyApproval | StepKind::NotifyUndelivered | StepKind::NotifyDeadline)
}

impl Notify {
    /// The notice of a step to staff; `None` where it is out of date.
    pub(super) async fn staff_notice(&self, context: &StepContext) -> Result<Option<Notice>, PortError> {
        if context.step.kind == StepKind::NotifyUndelivered {
            return self.undelivered(context).await;
        }
        let is_deadline = context.step.kind == StepKind::NotifyDeadline;
        Ok(if is_deadline { self.deadline(context) } else { self.approval(context) })
    }

    /// The alerts that the sweep recorded in the transaction that made the step; `None` where newer ones of their kind
    /// have followed.
    fn deadline(&self, context: &StepContext) -> Option<Notice> {
        let (job, step) = (&context.job, &context.step);
        let marks = job.timing.marks.iter().filter(|mark| mark.at == step.created_at);
        let alerts: Vec<DeadlineAlert> = marks.map(|mark| mark.alert).collect();
        (!alerts.is_empty()).then(|| {
            Notice::Deadline(DeadlineNotice {
                job: job.id.to_string(),
                request_type: job.request_type,
                regime: job.regime,
                due_on: self.moment(job.due_at),
                alerts,
            })
        })
    }

    /// The plan of the step, while it waits for an approval.
    fn approval(&self, context: &StepContext) -> Option<Notice> {
        let job = &context.job;
        let erasure = job.erasure.as_ref().filter(|erasure| erasure.generation == context.step.shard)?;
        let plan = erasure.plan.as_ref().filter(|_| job.status == JobStatus::AwaitingApproval)?;
        let sources = plan.sources.iter().filter(|source| source.changed() > 0).count();
        let records = plan.sources.iter().map(PlannedSource::changed).sum();
        let corrects = job.request_type == RequestType::Rectification;
        let due_on = self.moment(job.due_at);
        Some(Notice::Approval(ApprovalNotice { job: job.id.to_string(), corrects, records, sources, due_on }))
    }

    /// The mail whose loss was recorded in the transaction that made the step.
    async fn undelivered(&self, context: &StepContext) -> Result<Option<Notice>, PortError> {
        let job = &context.job;
        let marks = context.ports.store.query(&job.tenant, &Partition::Job(job.id.clone()), MailMark::PREFIX).await?;
        let mut marks = marks.into_iter().filter_map(Record::into_mail_mark);
        let lost = marks.find(|mark| mark.at == context.step.created_at && mark.fate.is_lost());
        let due_on = self.moment(job.due_at);
        let notice = lost.and_then(|mark| mark.kind.notice());
        Ok(notice.map(|notice| Notice::Undelivered(UndeliveredNotice { job: job.id.to_string(), notice, due_on })))
    }

    /// The settings, with the officer of the data map while no recipient is set.
    pub(super) async fn with_officer(
        &self,
        context: &StepContext,
        settings: NoticeSettings,
    ) -> Result<NoticeSettings, PortError> {
        if !settings.recipients.is_empty() {
            return Ok(settings);
        }
        let map = self.maps.load(&context.job.tenant, &context.job.data_map).await?;
        // An officer may be named by another way to reach them, a telephone number for instance.
        let is_address = |text: &&String| Identity::new(IdentityKind::Email, text.as_str()).is_ok();
        match map.controller.as_ref().and_then(|it| it.dpo_contact.as_ref()).filter(is_address) {
            Some(address) => Ok(settings.with_officer_of_map(Sensitive::new(address.clone()))),
            None => Ok(settings),
        }
    }
}
