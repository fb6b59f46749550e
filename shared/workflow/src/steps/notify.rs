//! Tells the person of each milestone, and whoever else the tenant wants told: officers, a webhook, the topic.
//!
//! Codes and tickets are made here, stored hashed, and known in the clear to the mail alone.
//! The mail service has no idempotency: a crash between sending and committing sends again, and says so in the log.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::OpNonce;
use domain::job::{JobStatus, Outcome};
use domain::notice::{DeliveryOutcome, Language, NoticeSettings};
use domain::record::{Challenge, Record, Ticket};
use domain::sensitive::Sensitive;
use domain::step::{Checkpoint, NotifyCheckpoint, StepKind};
use domain::transition::Cause;
use jiff::SignedDuration;

use super::clock_notice::{clock_notice, is_being_screened, restriction_notice};
use super::locate::contact;
use crate::advance_job::{Ran, RunStep};
use crate::notice::{Notice, Style, mail};
use crate::ports::{Entropy, Mailer, NoticeTopic, PortError, WebhookSender};
use crate::sealing::sha256;
use crate::step_context::StepContext;
use crate::step_error::StepError;
use crate::verify_identity::code_hash;

mod deadline;
mod delivering;
mod machine;

use self::deadline::deadline_notice;
use self::delivering::{SUBJECT, is_settled, kept, note, notice_id};

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
    /// Calls webhooks.
    pub webhooks: Arc<dyn WebhookSender>,
    /// The operator's topic, where there is one.
    pub topic: Option<Arc<dyn NoticeTopic>>,
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
            StepKind::NotifyDecided,
            StepKind::NotifyLifting,
            StepKind::NotifyExtended,
            StepKind::NotifyPaused,
            StepKind::NotifyResumed,
            StepKind::NotifyRejected,
            StepKind::NotifyDeadline,
        ]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let ran = self.tell_all(context).await?;
        // Only a person who was told before is no longer restricted (GDPR Art. 18(3)).
        let ends = matches!(context.step.kind, StepKind::NotifyLifting | StepKind::NotifyRejected);
        let told = matches!(&ran, Ran::Done(_)) && is_settled(&kept(context), SUBJECT);
        Ok(if ends && told && context.job.restricts() { Ran::Done(Outcome::Lifted) } else { ran })
    }
}

/// Nobody is to be told of anything.
const NOTHING: Ran = Ran::Done(Outcome::Nothing);

impl Notify {
    async fn tell_all(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let settings = settings_of(context).await?;
        let kept = kept(context);
        if context.step.kind == StepKind::NotifyDeadline {
            let Some(notice) = deadline_notice(&context.job, &context.step) else { return Ok(NOTHING) };
            return self.deliver(context, &settings, &notice, kept).await;
        }
        if is_settled(&kept, SUBJECT) {
            let Some(notice) = self.milestone(context) else { return Ok(NOTHING) };
            return self.deliver(context, &settings, &notice, kept).await;
        }
        self.tell_person(context, &settings, kept).await
    }

    async fn tell_person(
        &self,
        context: &mut StepContext,
        settings: &NoticeSettings,
        mut kept: NotifyCheckpoint,
    ) -> Result<Ran, StepError> {
        let Some(address) = contact(context).await? else {
            // Not known yet is not the same as not on record.
            let later = Ran::NotBefore(context.now + SCREENED_FIRST);
            return Ok(if is_being_screened(context).await? { later } else { NOTHING });
        };
        let Some(notice) = self.notice(context).await? else { return Ok(NOTHING) };
        if context.step.attempts > 1 {
            tracing::warn!(job = %context.job.id, step = %context.step.kind, attempt = context.step.attempts, "a notice may be sent twice");
        }
        let style = style_of(settings, &notice, context.job.language.unwrap_or(settings.language));
        let mail = mail(&notice, style, Sensitive::new(address), notice_id(context))?;
        self.mailer.send(&mail).await?;
        note(&mut kept, SUBJECT.to_owned(), DeliveryOutcome::Accepted, context.ports.clock.now());
        if self.receivers(settings, &notice).is_empty() {
            // The outcome writes it: one transaction fewer for whoever wants mail alone.
            context.step.checkpoint = Some(Checkpoint::Notify(kept));
            return Ok(Ran::Done(Outcome::Notified));
        }
        context.save(Checkpoint::Notify(kept.clone()), Vec::new()).await?;
        self.deliver(context, settings, &notice, kept).await
    }

    /// The notice for machines, once the person has been told: without a new code or ticket.
    fn milestone(&self, context: &StepContext) -> Option<Notice> {
        let job = context.job.id.to_string();
        let nobody = || Sensitive::new(String::new());
        match context.step.kind {
            StepKind::NotifyReceived => {
                let (request_type, due_on) = (context.job.request_type, day(context.job.due_at));
                Some(Notice::Received { job, request_type, due_on })
            }
            StepKind::NotifyCode => Some(Notice::Code { job, code: nobody(), minutes: 0 }),
            StepKind::NotifyReady => Some(Notice::Ready { job, link: nobody(), hours: 0 }),
            StepKind::NotifyScheduled => Some(Notice::Scheduled { job, final_on: String::new() }),
            StepKind::NotifyErased => Some(Notice::Erased { job }),
            StepKind::NotifyDecided | StepKind::NotifyLifting => restriction_notice(&context.job, context.step.kind),
            StepKind::NotifyDeadline => deadline_notice(&context.job, &context.step),
            StepKind::NotifyExtended | StepKind::NotifyPaused | StepKind::NotifyResumed | StepKind::NotifyRejected => {
                clock_notice(&context.job, context.step.kind, context.step.shard)
            }
            StepKind::PlanErasure
            | StepKind::SealPlan
            | StepKind::Approve
            | StepKind::Grace
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
            | StepKind::Package
            | StepKind::Expire => None,
        }
    }

    async fn notice(&self, context: &mut StepContext) -> Result<Option<Notice>, StepError> {
        let job = context.job.id.to_string();
        match context.step.kind {
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
            StepKind::NotifyReceived
            | StepKind::NotifyErased
            | StepKind::NotifyDecided
            | StepKind::NotifyLifting
            | StepKind::NotifyExtended
            | StepKind::NotifyPaused
            | StepKind::NotifyResumed
            | StepKind::NotifyRejected
            | StepKind::NotifyDeadline => Ok(self.milestone(context)),
            StepKind::NotifyScheduled
            | StepKind::NotifyCode
            | StepKind::PlanErasure
            | StepKind::SealPlan
            | StepKind::Approve
            | StepKind::Grace
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

/// Whom the tenant wants told; read without any key.
async fn settings_of(context: &StepContext) -> Result<NoticeSettings, PortError> {
    let tenant = &context.job.tenant;
    let found = context.ports.store.load(&[NoticeSettings::key_of(tenant)]).await?;
    let settings = found.into_iter().flatten().find_map(Record::into_notices).map(|boxed| *boxed);
    Ok(settings.unwrap_or_else(|| NoticeSettings::unset(tenant, OpNonce::new([0; 16]), context.now)))
}

/// How a notice is written in a language of a tenant.
fn style_of<'a>(settings: &'a NoticeSettings, notice: &Notice, language: Language) -> Style<'a> {
    Style { language, template: settings.template(notice.name(), language) }
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
