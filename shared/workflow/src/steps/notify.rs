//! Tells the person of each milestone, and whoever else the tenant wants told: officers, a webhook, the topic.
//!
//! Codes and tickets are made here, stored hashed, and known in the clear to the mail alone.
//! The mail service has no idempotency: a crash between sending and committing sends again, and says so in the log.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ids::OpNonce;
use domain::job::Outcome;
use domain::key::TenantKey;
use domain::notice::{DeliveryOutcome, Language, MailComplaint, NoticeSettings};
use domain::record::Record;
use domain::sensitive::Sensitive;
use domain::step::{Checkpoint, NotifyCheckpoint, StepKind};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::clock_notice::is_being_screened;
use super::locate::contact;
use crate::advance_job::{Ran, RunStep};
use crate::notice::{Addressee, Notice, Style, mail};
use crate::ports::{DataMaps, Mailer, NoticeTopic, PortError, WebhookSender};
use crate::step_context::StepContext;
use crate::step_error::StepError;

mod delivering;
mod machine;
mod milestone;
mod staff;

use self::delivering::{SUBJECT, is_settled, kept, note, notice_id};

/// How long a notice waits for the address on record.
const SCREENED_FIRST: SignedDuration = SignedDuration::from_mins(5);

/// Sends notices.
pub struct Notify {
    // Dependencies.
    /// The mail service.
    pub mailer: Arc<dyn Mailer>,
    /// Calls webhooks.
    pub webhooks: Arc<dyn WebhookSender>,
    /// The operator's topic, where there is one.
    pub topic: Option<Arc<dyn NoticeTopic>>,
    /// Published data maps: they name the officer who is told where the tenant has set nobody.
    pub maps: Arc<dyn DataMaps>,
    // Configuration.
    /// Where the API is reached from outside.
    pub public_url: String,
    /// Where the controller's days begin and end.
    pub timezone: TimeZone,
}

#[async_trait]
impl RunStep for Notify {
    fn kinds(&self) -> &'static [StepKind] {
        &[
            StepKind::NotifyReceived,
            StepKind::NotifyCode,
            StepKind::NotifyReady,
            StepKind::NotifyScheduled,
            StepKind::NotifyCancelled,
            StepKind::NotifyErased,
            StepKind::NotifyDecided,
            StepKind::NotifyLifting,
            StepKind::NotifyExtended,
            StepKind::NotifyPaused,
            StepKind::NotifyResumed,
            StepKind::NotifyRejected,
            StepKind::NotifyApproval,
            StepKind::NotifyUndelivered,
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
        let kept = kept(context);
        if staff::tells_staff(context.step.kind) {
            let Some(notice) = self.staff_notice(context).await? else { return Ok(NOTHING) };
            let settings = self.with_officer(context, stored(context, false).await?.0).await?;
            return self.deliver(context, &settings, &notice, kept).await;
        }
        let Some(told) = self.milestone(context) else { return Ok(NOTHING) };
        let is_owed = told.name().is_owed(context.job.regime);
        let (settings, complained) = stored(context, !is_owed).await?;
        if is_settled(&kept, SUBJECT) {
            return self.deliver(context, &settings, &told, kept).await;
        }
        if complained {
            return self.withhold(context, &settings, &told, kept).await;
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
        let addressee = Addressee {
            to: Sensitive::new(address),
            notice_id: notice_id(context),
            tenant: context.job.tenant.clone(),
            receiver: SUBJECT.to_owned(),
        };
        let mail = mail(&notice, style, addressee)?;
        self.mailer.send(&mail).await?;
        note(&mut kept, SUBJECT.to_owned(), DeliveryOutcome::Accepted, context.ports.clock.now());
        self.tell_others(context, settings, &notice, kept).await
    }

    /// The person has called our mail unwanted, and no law asks for this one: only others are told.
    async fn withhold(
        &self,
        context: &mut StepContext,
        settings: &NoticeSettings,
        notice: &Notice,
        mut kept: NotifyCheckpoint,
    ) -> Result<Ran, StepError> {
        note(&mut kept, SUBJECT.to_owned(), DeliveryOutcome::Withheld, context.ports.clock.now());
        self.tell_others(context, settings, notice, kept).await
    }

    /// The person is settled: whoever else wants to be told is next.
    async fn tell_others(
        &self,
        context: &mut StepContext,
        settings: &NoticeSettings,
        notice: &Notice,
        kept: NotifyCheckpoint,
    ) -> Result<Ran, StepError> {
        if self.receivers(settings, notice).is_empty() {
            // The outcome writes it: one transaction fewer for whoever wants mail alone.
            context.step.checkpoint = Some(Checkpoint::Notify(kept));
            return Ok(Ran::Done(Outcome::Notified));
        }
        context.save(Checkpoint::Notify(kept.clone()), Vec::new()).await?;
        self.deliver(context, settings, notice, kept).await
    }
}

/// Whom the tenant wants told, and, where it is asked, whether the person has called our mail unwanted; read without
/// any key.
async fn stored(context: &StepContext, asks_complaint: bool) -> Result<(NoticeSettings, bool), PortError> {
    let tenant = &context.job.tenant;
    let alias = context.job.subject_ref.as_ref().filter(|_| asks_complaint);
    let mut keys: Vec<TenantKey> = vec![NoticeSettings::key_of(tenant)];
    keys.extend(alias.map(|alias| MailComplaint::key_of(tenant, alias)));
    let found: Vec<Record> = context.ports.store.load(&keys).await?.into_iter().flatten().collect();
    let complained = found.iter().any(|record| matches!(record, Record::Complaint(_)));
    let settings = found.into_iter().find_map(Record::into_notices).map(|boxed| *boxed);
    let unset = || NoticeSettings::unset(tenant, OpNonce::new([0; 16]), context.now);
    Ok((settings.unwrap_or_else(unset), complained))
}

/// How a notice is written in a language of a tenant.
fn style_of<'a>(settings: &'a NoticeSettings, notice: &Notice, language: Language) -> Style<'a> {
    Style { language, template: settings.template(notice.name(), language) }
}
