//! Reads and replaces whom a tenant wants told of what, and in whose words. Telling them is in `steps::notify`.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::event::Action;
use domain::ids::{OpNonce, TenantId};
use domain::notice::{Language, NoticeName, NoticeSettings, NoticeTemplate, Recipient, WebhookTarget, machine_notices};
use domain::record::Record;
use domain::request::{Identity, IdentityKind};
use domain::role::Permission;
use domain::sensitive::Sensitive;
use domain::transition::TransitionBuilder;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::caller::Caller;
use crate::keyring::Keyring;
use crate::notice::check_template;
use crate::ports::{Clock, CommitError, Entropy, JobStore, PortError};
use crate::refusal::{FieldError, Refusal};
use crate::webhook::{WebhookSecret, checked_url};

/// How often the settings are written anew because somebody else was first.
const MAX_DECISIONS: u32 = 5;
const MOST_RECIPIENTS: usize = 20;
const MOST_TEMPLATES: usize = 60;
/// Bytes of all templates together: the settings are one item.
const MOST_TEMPLATE_BYTES: usize = 200 * 1024;
const LONGEST_NAME: usize = 40;

/// Settings as asked for; what is not named goes back to its default.
#[derive(Debug, Clone, Default)]
pub struct AskedNotices {
    /// The language of whoever has named none.
    pub language: Option<Language>,
    /// Officers.
    pub recipients: Vec<Recipient>,
    /// Where webhooks go.
    pub webhook: Option<AskedWebhook>,
    /// What is published on the topic; everything if not said.
    pub topic: Option<Vec<NoticeName>>,
    /// The tenant's own words.
    pub templates: Vec<NoticeTemplate>,
}

/// A webhook as asked for.
#[derive(Debug, Clone)]
pub struct AskedWebhook {
    /// The address.
    pub url: String,
    /// What is told; everything if not said.
    pub notices: Option<Vec<NoticeName>>,
    /// Whether it gets a new secret.
    pub new_secret: bool,
}

/// The settings that count.
#[derive(Debug, Clone)]
pub struct NoticesView {
    /// The settings; version 0 where nothing was set.
    pub settings: NoticeSettings,
    /// The secret that signs webhooks; told to whoever sets them, never to readers.
    pub webhook_secret: Option<Sensitive<String>>,
}

/// Reads and replaces settings of notices.
pub struct ManageNotices {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    // Configuration.
    /// Whether webhooks may go to this machine over plain HTTP: on a local stack only.
    pub is_local: bool,
    /// Where the controller's days begin and end.
    pub timezone: TimeZone,
}

impl ManageNotices {
    /// The settings that count for the caller's tenant.
    ///
    /// # Errors
    /// `Forbidden` without the permission.
    pub async fn show(&self, caller: &Caller) -> Result<NoticesView, Refusal> {
        permitted(caller)?;
        let settings = self.current(&caller.principal.tenant, self.clock.now()).await?;
        Ok(NoticesView { settings, webhook_secret: None })
    }

    /// Replaces the settings of the caller's tenant.
    ///
    /// # Errors
    /// `Forbidden` without the permission, `Invalid` naming each wrong field.
    pub async fn replace(&self, caller: &Caller, asked: &AskedNotices) -> Result<NoticesView, Refusal> {
        permitted(caller)?;
        self.check(asked)?;
        let tenant = &caller.principal.tenant;
        let now = self.clock.now();
        let secrets = self.keyring.tenant(tenant, now).await?;
        for _ in 0..MAX_DECISIONS {
            let before = self.current(tenant, now).await?;
            let after = replaced(&before, asked, now, &self.timezone);
            let cause =
                caller.cause(&secrets, self.entropy.as_ref(), now).because("the settings of notices are replaced");
            let nonce = OpNonce::new(self.entropy.bytes());
            let mut builder = TransitionBuilder::new(tenant, nonce, cause, self.entropy.bytes());
            let action = if before.version == 0 { Action::Create } else { Action::Update };
            builder.write_notices(Some(&before).filter(|it| it.version > 0), after.clone(), action);
            match self.store.commit(&builder.build()).await {
                Ok(()) => {
                    let secret = after.webhook.as_ref().map(|it| WebhookSecret::of(&secrets, it.secret).to_text());
                    let settings = NoticeSettings { version: before.version + 1, ..after };
                    return Ok(NoticesView { settings, webhook_secret: secret });
                }
                Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {}
                Err(CommitError::Port(error)) => return Err(error.into()),
            }
        }
        Err(Refusal::Busy)
    }

    async fn current(&self, tenant: &TenantId, now: Timestamp) -> Result<NoticeSettings, PortError> {
        let found = self.store.load(&[NoticeSettings::key_of(tenant)]).await?;
        let found = found.into_iter().flatten().find_map(Record::into_notices).map(|boxed| *boxed);
        Ok(found.unwrap_or_else(|| NoticeSettings::unset(tenant, OpNonce::new([0; 16]), now)))
    }

    /// Everything that is wrong, at once.
    fn check(&self, asked: &AskedNotices) -> Result<(), Refusal> {
        let mut wrong = Vec::new();
        check_recipients(&asked.recipients, &mut wrong);
        if let Some(webhook) = &asked.webhook {
            let is_ours = self.is_local && webhook.url.starts_with("http://127.0.0.1:");
            if let Err(problem) = checked_url(&webhook.url)
                && !is_ours
            {
                wrong.push(FieldError { pointer: "/webhook/url".to_owned(), detail: problem.to_string() });
            }
            check_names("/webhook/notices", webhook.notices.as_deref().unwrap_or_default(), &mut wrong);
        }
        check_names("/topic", asked.topic.as_deref().unwrap_or_default(), &mut wrong);
        check_templates(&asked.templates, &mut wrong);
        if wrong.is_empty() { Ok(()) } else { Err(Refusal::Invalid(wrong)) }
    }
}

fn permitted(caller: &Caller) -> Result<(), Refusal> {
    let needed = Permission::NoticeUpdate;
    if caller.principal.may(needed) { Ok(()) } else { Err(Refusal::Forbidden { needs: vec![needed] }) }
}

fn replaced(before: &NoticeSettings, asked: &AskedNotices, now: Timestamp, timezone: &TimeZone) -> NoticeSettings {
    let secret = before.webhook.as_ref().map_or(1, |webhook| webhook.secret);
    let webhook = asked.webhook.as_ref().map(|webhook| WebhookTarget {
        url: webhook.url.clone(),
        secret: secret + u32::from(webhook.new_secret),
        notices: webhook.notices.clone().unwrap_or_else(machine_notices),
    });
    let after = NoticeSettings {
        at: now,
        language: asked.language.unwrap_or(Language::En),
        recipients: asked.recipients.clone(),
        webhook,
        topic: asked.topic.clone().unwrap_or_else(machine_notices),
        templates: asked.templates.clone(),
        ..before.clone()
    };
    after.with_next_digest(now, timezone)
}

fn check_recipients(recipients: &[Recipient], wrong: &mut Vec<FieldError>) {
    if recipients.len() > MOST_RECIPIENTS {
        let detail = format!("names more than {MOST_RECIPIENTS}");
        wrong.push(FieldError { pointer: "/recipients".to_owned(), detail });
        return;
    }
    let mut names = BTreeSet::new();
    for (at, recipient) in recipients.iter().enumerate() {
        let mut refuse = |field: &str, detail: String| {
            wrong.push(FieldError { pointer: format!("/recipients/{at}/{field}"), detail });
        };
        let spelled = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=LONGEST_NAME).contains(&recipient.name.len()) || !recipient.name.bytes().all(spelled) {
            refuse("name", format!("must have 1 to {LONGEST_NAME} lower-case letters, digits or hyphens"));
        } else if !names.insert(recipient.name.as_str()) {
            refuse("name", "is named twice".to_owned());
        }
        if let Err(error) = Identity::new(IdentityKind::Email, recipient.email.expose()) {
            refuse("email", error.to_string());
        }
        if recipient.notices.is_empty() || recipient.notices.iter().any(|notice| !notice.is_for_staff()) {
            let staff: Vec<_> = NoticeName::ALL.iter().filter(|it| it.is_for_staff()).map(|it| it.as_str()).collect();
            refuse("notices", format!("must name at least one of {}, and no other", staff.join(", ")));
        }
    }
}

fn check_names(pointer: &str, names: &[NoticeName], wrong: &mut Vec<FieldError>) {
    for name in names.iter().filter(|name| !name.is_for_machines()) {
        let detail = format!("names {name}, which is sent to a person only");
        wrong.push(FieldError { pointer: pointer.to_owned(), detail });
    }
}

fn check_templates(templates: &[NoticeTemplate], wrong: &mut Vec<FieldError>) {
    let bytes: usize = templates.iter().map(|it| it.text.len() + it.html.as_ref().map_or(0, String::len)).sum();
    if templates.len() > MOST_TEMPLATES || bytes > MOST_TEMPLATE_BYTES {
        let detail = format!("are more than {MOST_TEMPLATES}, or more than {MOST_TEMPLATE_BYTES} bytes in all");
        wrong.push(FieldError { pointer: "/templates".to_owned(), detail });
        return;
    }
    let mut seen = BTreeSet::new();
    for (at, template) in templates.iter().enumerate() {
        if !seen.insert((template.notice, template.language)) {
            let detail = "there is another for this notice and language".to_owned();
            wrong.push(FieldError { pointer: format!("/templates/{at}"), detail });
        }
        if let Err(problem) = check_template(template) {
            wrong.push(FieldError { pointer: format!("/templates/{at}/{}", problem.part), detail: problem.detail });
        }
    }
}
