//! One notice to several receivers: each is told once, what fails is tried again alone, and what became of it is kept.

use domain::job::Outcome;
use domain::notice::{Delivery, DeliveryOutcome, NoticeSettings, Recipient, WebhookTarget};
use domain::step::{Checkpoint, NotifyCheckpoint};
use jiff::Timestamp;

use super::{Notify, machine, style_of};
use crate::advance_job::Ran;
use crate::notice::{Addressee, Notice, mail};
use crate::ports::{PortError, PortErrorKind, TopicMessage};
use crate::step_context::StepContext;
use crate::step_error::StepError;
use crate::steps::again::wait_after;
use crate::webhook::WebhookSecret;

/// Failed rounds after which a receiver is given up.
const GIVEN_UP_AFTER: u32 = 6;

/// The person the request is about, in the list of deliveries.
pub(super) const SUBJECT: &str = "subject";

/// A receiver beside the person.
pub(super) enum Receiver<'a> {
    /// An officer.
    Staff(&'a Recipient),
    /// The tenant's own system.
    Webhook(&'a WebhookTarget),
    /// The operator's topic.
    Topic,
}

impl Receiver<'_> {
    fn name(&self) -> String {
        match self {
            Self::Staff(recipient) => format!("staff:{}", recipient.name),
            Self::Webhook(_) => "webhook".to_owned(),
            Self::Topic => "topic".to_owned(),
        }
    }
}

/// What has been delivered so far.
pub(super) fn kept(context: &StepContext) -> NotifyCheckpoint {
    let Some(Checkpoint::Notify(kept)) = &context.step.checkpoint else { return NotifyCheckpoint::default() };
    kept.clone()
}

/// Adds an end to the list, in memory; the next save or the outcome writes it.
pub(super) fn note(kept: &mut NotifyCheckpoint, to: String, outcome: DeliveryOutcome, at: Timestamp) {
    kept.deliveries.push(Delivery { to, outcome, at });
}

pub(super) fn is_settled(kept: &NotifyCheckpoint, to: &str) -> bool {
    kept.deliveries.iter().any(|delivery| delivery.to == to)
}

impl Notify {
    /// Who beside the person is to be told.
    pub(super) fn receivers<'a>(&self, settings: &'a NoticeSettings, notice: &Notice) -> Vec<Receiver<'a>> {
        let name = notice.name();
        let mut receivers = Vec::new();
        if name.is_for_staff() {
            receivers.extend(settings.recipients_of(name).map(Receiver::Staff));
        }
        receivers.extend(settings.webhook.as_ref().filter(|it| it.notices.contains(&name)).map(Receiver::Webhook));
        if self.topic.is_some() && settings.topic.contains(&name) {
            receivers.push(Receiver::Topic);
        }
        receivers
    }

    /// One round over all receivers that are not settled.
    pub(super) async fn deliver(
        &self,
        context: &mut StepContext,
        settings: &NoticeSettings,
        notice: &Notice,
        mut kept: NotifyCheckpoint,
    ) -> Result<Ran, StepError> {
        let last_round = kept.rounds >= GIVEN_UP_AFTER;
        let mut waits = false;
        for receiver in self.receivers(settings, notice) {
            let name = receiver.name();
            if is_settled(&kept, &name) {
                continue;
            }
            match self.tell(context, settings, &receiver, notice).await {
                Ok(()) => {
                    note(&mut kept, name, DeliveryOutcome::Accepted, context.ports.clock.now());
                    context.save(Checkpoint::Notify(kept.clone()), Vec::new()).await?;
                }
                Err(error) if last_round || error.kind == PortErrorKind::Corrupt => {
                    let (job, step) = (&context.job.id, context.step.kind);
                    tracing::error!(%error, %job, %step, to = name, alert = "notice_undelivered", "a notice was given up");
                    note(&mut kept, name, DeliveryOutcome::GivenUp, context.ports.clock.now());
                }
                Err(error) => {
                    tracing::warn!(%error, job = %context.job.id, step = %context.step.kind, to = name, "a notice is tried again");
                    waits = true;
                }
            }
        }
        if waits {
            let wait = wait_after(kept.rounds);
            kept.rounds += 1;
            context.save(Checkpoint::Notify(kept), Vec::new()).await?;
            return Ok(Ran::NotBefore(context.ports.clock.now() + wait));
        }
        self.settle(context, notice, kept)
    }

    /// Every receiver is settled: what nobody of the staff could be told of is for a person to look at.
    fn settle(&self, context: &mut StepContext, notice: &Notice, kept: NotifyCheckpoint) -> Result<Ran, StepError> {
        let nobody = !kept.deliveries.is_empty()
            && kept.deliveries.iter().all(|delivery| delivery.outcome == DeliveryOutcome::GivenUp);
        let told = !kept.deliveries.is_empty();
        context.step.checkpoint = told.then_some(Checkpoint::Notify(kept));
        if nobody && notice.name().is_for_staff() {
            return Err(StepError::park(format!("nobody could be told: {}", notice.name())));
        }
        Ok(Ran::Done(if told { Outcome::Notified } else { Outcome::Nothing }))
    }

    async fn tell(
        &self,
        context: &StepContext,
        settings: &NoticeSettings,
        receiver: &Receiver<'_>,
        notice: &Notice,
    ) -> Result<(), PortError> {
        let (job, step) = (&context.job, &context.step);
        let id = notice_id(context);
        let body = || machine::body(job, step, notice);
        match receiver {
            Receiver::Staff(recipient) => {
                let language = recipient.language.unwrap_or(settings.language);
                let style = style_of(settings, notice, language);
                let (to, tenant) = (recipient.email.clone(), job.tenant.clone());
                let addressee = Addressee { to, notice_id: id, tenant, receiver: receiver.name() };
                let mail = mail(notice, style, addressee)
                    .map_err(|_| PortError::new(PortErrorKind::Corrupt, "write notice"))?;
                self.mailer.send(&mail).await
            }
            Receiver::Webhook(target) => {
                let now = context.ports.clock.now();
                let secrets = context.ports.keyring.tenant(&job.tenant, now).await?;
                let secret = WebhookSecret::of(&secrets, target.secret);
                self.webhooks.send(&secret.sign(id, target.url.clone(), now, body())).await
            }
            Receiver::Topic => {
                let Some(topic) = &self.topic else { return Ok(()) };
                let (notice, tenant) = (notice.name().to_string(), job.tenant.to_string());
                topic.publish(&TopicMessage { id, notice, tenant, body: body() }).await
            }
        }
    }
}

/// Id of the cause: the same however often it is told, and to whomever.
pub(super) fn notice_id(context: &StepContext) -> String {
    format!("{}-{}-{}", context.job.id, context.step.kind, context.step.shard)
}
