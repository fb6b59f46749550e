//! Tells the person: the request has arrived, here is a code, the archive is ready.
//!
//! Codes and tickets are made here, stored hashed, and known in the clear to the mail alone.
//! The mail service has no idempotency: a crash between sending and committing sends again, and says so in the log.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::job::{JobStatus, Outcome};
use domain::record::{Challenge, Record, Ticket};
use domain::sensitive::Sensitive;
use domain::step::StepKind;
use domain::transition::Cause;
use jiff::SignedDuration;

use super::clock_notice::{clock_notice, is_being_screened};
use super::locate::contact;
use crate::advance_job::{Ran, RunStep};
use crate::notice::{Notice, mail};
use crate::ports::{Entropy, Mailer};
use crate::sealing::sha256;
use crate::step_context::StepContext;
use crate::step_error::StepError;
use crate::verify_identity::code_hash;

/// How long a code counts.
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How long a notice waits for the address on record.
const SCREENED_FIRST: SignedDuration = SignedDuration::from_mins(5);
/// Digits of a code.
const CODE_DIGITS: u32 = 8;

/// Sends notices.
pub struct Notify {
    // Dependencies.
    /// The mail service.
    pub mailer: Arc<dyn Mailer>,
    // Configuration.
    /// Where the API is reached from outside.
    pub public_url: String,
}

#[async_trait]
impl RunStep for Notify {
    fn kinds(&self) -> &'static [StepKind] {
        &[
            StepKind::NotifyReceived,
            StepKind::NotifyCode,
            StepKind::NotifyReady,
            StepKind::NotifyScheduled,
            StepKind::NotifyErased,
            StepKind::NotifyExtended,
            StepKind::NotifyPaused,
            StepKind::NotifyResumed,
            StepKind::NotifyRejected,
        ]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let Some(address) = contact(context).await? else {
            // Not known yet is not the same as not on record.
            let later = Ran::NotBefore(context.now + SCREENED_FIRST);
            return Ok(if is_being_screened(context).await? { later } else { Ran::Done(Outcome::Nothing) });
        };
        let Some(notice) = self.notice(context).await? else { return Ok(Ran::Done(Outcome::Nothing)) };
        if context.step.attempts > 1 {
            tracing::warn!(job = %context.job.id, step = %context.step.kind, attempt = context.step.attempts, "a notice may be sent twice");
        }
        let notice_id = format!("{}-{}-{}", context.job.id, context.step.kind, context.step.shard);
        self.mailer.send(&mail(&notice, Sensitive::new(address), notice_id)?).await?;
        Ok(Ran::Done(Outcome::Notified))
    }
}

impl Notify {
    async fn notice(&self, context: &mut StepContext) -> Result<Option<Notice>, StepError> {
        let job = context.job.id.to_string();
        match context.step.kind {
            StepKind::NotifyReceived => Ok(Some(Notice::Received {
                job,
                request_type: context.job.request_type,
                due_on: day(context.job.due_at),
            })),
            StepKind::NotifyCode if context.job.status == JobStatus::AwaitingVerification => {
                let code = self.new_code(context).await?;
                Ok(Some(Notice::Code { job, code, minutes: CODE_LIFE.as_mins() }))
            }
            StepKind::NotifyReady => {
                let link = self.new_ticket(context).await?;
                let hours = context
                    .job
                    .archive
                    .as_ref()
                    .map_or(0, |archive| archive.expires_at.duration_since(context.now).as_hours().max(0));
                Ok(Some(Notice::Ready { job, link, hours }))
            }
            StepKind::NotifyScheduled if context.job.status == JobStatus::Scheduled => {
                let ends_at = context.job.erasure.as_ref().and_then(|erasure| erasure.grace_ends_at);
                Ok(ends_at.map(|ends_at| Notice::Scheduled { job, final_on: day(ends_at) }))
            }
            StepKind::NotifyErased => Ok(Some(Notice::Erased { job })),
            StepKind::NotifyExtended | StepKind::NotifyPaused | StepKind::NotifyResumed | StepKind::NotifyRejected => {
                Ok(clock_notice(&context.job, context.step.kind, context.step.shard))
            }
            StepKind::NotifyScheduled
            | StepKind::NotifyCode
            | StepKind::PlanErasure
            | StepKind::SealPlan
            | StepKind::Approve
            | StepKind::Grace
            | StepKind::BeginErasure
            | StepKind::Erase
            | StepKind::Confirm
            | StepKind::Conclude
            | StepKind::Screen
            | StepKind::Verify
            | StepKind::Locate
            | StepKind::Collect
            | StepKind::Package
            | StepKind::Expire => Ok(None),
        }
    }

    /// Makes a code; an earlier one stops counting, so that a mail sent twice carries one good code.
    async fn new_code(&self, context: &mut StepContext) -> Result<Sensitive<String>, StepError> {
        let key = context.job_key().await?;
        let code = random_code(context.ports.entropy.as_ref());
        let stored = context.ports.store.load(&[Challenge::key_of(&context.job.tenant, &context.job.id)]).await?;
        let before = stored.into_iter().flatten().find_map(Record::into_challenge).map(|found| found.version);
        let mut builder = context.transition(Cause::worker(context.now));
        let challenge = Challenge {
            v: 1,
            tenant: context.job.tenant.clone(),
            job: context.job.id.clone(),
            version: 0,
            op_nonce: builder.op_nonce().clone(),
            code_hash: code_hash(&key, &context.job.id, &code),
            expires_at: context.now + CODE_LIFE,
            attempts: 0,
            used: false,
        };
        builder.write_challenge(challenge, before);
        context.ports.store.commit(&builder.build()).await?;
        Ok(Sensitive::new(code))
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

/// The day of an instant, UTC.
fn day(at: jiff::Timestamp) -> String {
    at.to_string().chars().take(10).collect()
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
