//! The notice of a step to the person: with a fresh code or ticket for the mail, without one for machines.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::job::JobStatus;
use domain::record::{Challenge, Record, Ticket};
use domain::request::RequestType;
use domain::sensitive::Sensitive;
use domain::step::StepKind;
use domain::transition::Cause;
use jiff::{SignedDuration, Timestamp};

use super::Notify;
use crate::notice::{Moment, Notice};
use crate::ports::Entropy;
use crate::sealing::sha256;
use crate::step_context::StepContext;
use crate::step_error::StepError;
use crate::steps::clock_notice::{clock_notice, restriction_notice};
use crate::verify_identity::code_hash;

/// How long a code counts.
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// Digits of a code.
const CODE_DIGITS: u32 = 8;

impl Notify {
    /// The notice for machines: without a new code or ticket.
    pub(super) fn milestone(&self, context: &StepContext) -> Option<Notice> {
        let job = context.job.id.to_string();
        let nobody = || Sensitive::new(String::new());
        match context.step.kind {
            StepKind::NotifyReceived => {
                let (request_type, due_on) = (context.job.request_type, self.moment(context.job.due_at));
                Some(Notice::Received { job, request_type, due_on })
            }
            StepKind::NotifyCode => {
                Some(Notice::Code { job, code: nobody(), minutes: 0, until: self.moment(context.now) })
            }
            StepKind::NotifyReady => {
                Some(Notice::Ready { job, link: nobody(), hours: 0, until: self.moment(context.now) })
            }
            StepKind::NotifyScheduled => {
                let ends_at = context.job.erasure.as_ref().and_then(|erasure| erasure.grace_ends_at);
                Some(Notice::Scheduled { job, final_at: self.moment(ends_at.unwrap_or(context.now)) })
            }
            StepKind::NotifyCancelled => Some(Notice::NotDeleted { job }),
            StepKind::NotifyErased => Some(Notice::Erased { job }),
            StepKind::NotifyExtended | StepKind::NotifyPaused | StepKind::NotifyResumed | StepKind::NotifyRejected => {
                clock_notice(&context.job, context.step.kind, context.step.shard, &self.timezone)
            }
            StepKind::NotifyDecided if context.job.request_type == RequestType::Rectification => {
                Some(Notice::Corrected { job })
            }
            StepKind::NotifyDecided | StepKind::NotifyLifting => restriction_notice(&context.job, context.step.kind),
            StepKind::NotifyApproval
            | StepKind::NotifyUndelivered
            | StepKind::NotifyDeadline
            | StepKind::PlanErasure
            | StepKind::SealPlan
            | StepKind::Approve
            | StepKind::Grace
            | StepKind::Quarantine
            | StepKind::LiftQuarantine
            | StepKind::RevokeTokens
            | StepKind::BeginErasure
            | StepKind::Erase
            | StepKind::Confirm
            | StepKind::TellProcessor
            | StepKind::Conclude
            | StepKind::Screen
            | StepKind::Verify
            | StepKind::Locate
            | StepKind::Collect
            | StepKind::Anonymize
            | StepKind::ExportEvents
            | StepKind::Package
            | StepKind::Expire => None,
        }
    }

    /// The notice for the person; `None` where it is out of date.
    pub(super) async fn notice(&self, context: &mut StepContext) -> Result<Option<Notice>, StepError> {
        let job = context.job.id.to_string();
        match (self.milestone(context), context.job.status) {
            (Some(Notice::Code { .. }), JobStatus::AwaitingVerification) => {
                let (code, ends_at) = self.new_code(context).await?;
                let (minutes, until) = (CODE_LIFE.as_mins(), self.moment(ends_at));
                Ok(Some(Notice::Code { job, code, minutes, until }))
            }
            (Some(Notice::Code { .. }), _) => Ok(None),
            (Some(Notice::Ready { .. }), _) => {
                let link = self.new_ticket(context).await?;
                let ends_at = context.job.archive.as_ref().map_or(context.now, |archive| archive.expires_at);
                let hours = ends_at.duration_since(context.now).as_hours().max(0);
                Ok(Some(Notice::Ready { job, link, hours, until: self.moment(ends_at) }))
            }
            (notice @ Some(Notice::Scheduled { .. }), status) => Ok(notice.filter(|_| status == JobStatus::Scheduled)),
            (notice, _) => Ok(notice),
        }
    }

    /// An instant where the controller is.
    pub(super) fn moment(&self, at: Timestamp) -> Moment {
        Moment::of(at, &self.timezone)
    }

    /// Makes a code; an earlier one stops counting, so that a mail sent twice carries one good code.
    async fn new_code(&self, context: &mut StepContext) -> Result<(Sensitive<String>, Timestamp), StepError> {
        let key = context.job_key().await?;
        let code = random_code(context.ports.entropy.as_ref());
        let stored = context.ports.store.load(&[Challenge::key_of(&context.job.tenant, &context.job.id)]).await?;
        let before = stored.into_iter().flatten().find_map(Record::into_challenge).map(|found| found.version);
        let mut builder = context.transition(Cause::worker(context.now));
        let expires_at = context.now + CODE_LIFE;
        let challenge = Challenge {
            v: 1,
            tenant: context.job.tenant.clone(),
            job: context.job.id.clone(),
            version: 0,
            op_nonce: builder.op_nonce().clone(),
            code_hash: code_hash(&key, &context.job.id, &code),
            expires_at,
            attempts: 0,
            used: false,
        };
        builder.write_challenge(challenge, before);
        context.ports.store.commit(&builder.build()).await?;
        Ok((Sensitive::new(code), expires_at))
    }

    /// Makes a ticket and the address of `/download` that carries it.
    async fn new_ticket(&self, context: &StepContext) -> Result<Sensitive<String>, StepError> {
        let secret = URL_SAFE_NO_PAD.encode(context.ports.entropy.bytes::<32>());
        let stored = context.ports.store.load(&[Ticket::key_of(&context.job.tenant, &context.job.id)]).await?;
        let before = stored.into_iter().flatten().find_map(Record::into_ticket).map(|found| found.version);
        let mut builder = context.transition(Cause::worker(context.now));
        let ticket = Ticket {
            v: 1,
            tenant: context.job.tenant.clone(),
            job: context.job.id.clone(),
            version: 0,
            op_nonce: builder.op_nonce().clone(),
            secret_hash: sha256(secret.as_bytes()),
        };
        builder.write_ticket(ticket, before);
        context.ports.store.commit(&builder.build()).await?;
        let base = self.public_url.trim_end_matches('/');
        let (tenant, job) = (&context.job.tenant, &context.job.id);
        Ok(Sensitive::new(format!("{base}/api/v1/privacy/jobs/{job}/download?tenant={tenant}&ticket={secret}")))
    }
}

/// Eight digits, each code equally likely.
fn random_code(entropy: &dyn Entropy) -> String {
    let codes = 10_u64.pow(CODE_DIGITS);
    let fair = u64::MAX - u64::MAX % codes;
    loop {
        let drawn = u64::from_be_bytes(entropy.bytes());
        if drawn < fair {
            return format!("{:08}", drawn % codes);
        }
    }
}
