//! Settings of notices as they are read and written (V16).

use domain::notice::{Language, NoticeName, NoticeTemplate, Recipient};
use domain::sensitive::Sensitive;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflow::notice_settings::{AskedNotices, AskedWebhook, NoticesView};

use super::schema;

/// Settings of notices; what is not named goes back to its default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticesForm {
    /// The language of whoever has named none; `en` if not said.
    #[schema(schema_with = schema::language, required = false)]
    pub language: Option<Language>,
    /// Officers who are told by mail; the officer of the data map while there are none.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub recipients: Vec<RecipientForm>,
    /// Where milestones are posted, signed as Standard Webhooks asks.
    pub webhook: Option<WebhookForm>,
    /// What is published on the topic of the deployment, if it has one; everything if not said.
    #[schema(schema_with = schema::notice_names, required = false)]
    pub topic: Option<Vec<NoticeName>>,
    /// Own words for notices to the person, as templates.
    #[serde(default)]
    #[schema(max_items = 60)]
    pub templates: Vec<TemplateForm>,
}

/// An officer.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecipientForm {
    /// A short name, lower case.
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9-]+$")]
    pub name: String,
    /// Where mail reaches them.
    #[schema(max_length = 255)]
    pub email: String,
    /// Their language.
    #[schema(schema_with = schema::language, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// What they want to be told: `approval_needed`, `notice_undelivered`, `request_due_soon`, `request_overdue`, `weekly_digest`.
    #[schema(schema_with = schema::notice_names)]
    pub notices: Vec<NoticeName>,
}

/// A webhook.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookForm {
    /// An HTTPS address on the public internet.
    #[schema(max_length = 2048)]
    pub url: String,
    /// What is told; everything if not said.
    #[schema(schema_with = schema::notice_names, required = false)]
    pub notices: Option<Vec<NoticeName>>,
    /// Whether it gets a new secret.
    #[serde(default)]
    pub new_secret: bool,
}

/// Own words for one notice in one language.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateForm {
    /// The notice.
    #[schema(schema_with = schema::notice_name)]
    pub notice: NoticeName,
    /// The language.
    #[schema(schema_with = schema::language)]
    pub language: Language,
    /// The subject line.
    #[schema(min_length = 1)]
    pub subject: String,
    /// The text.
    #[schema(min_length = 1)]
    pub text: String,
    /// The HTML; made from the text if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
}

/// The settings that count.
#[derive(Serialize, ToSchema)]
pub struct NoticesBody {
    /// Version; 0 where nothing was set.
    pub version: u64,
    /// The language of whoever has named none.
    #[schema(schema_with = schema::language)]
    pub language: Language,
    /// Officers.
    pub recipients: Vec<RecipientForm>,
    /// The webhook.
    pub webhook: Option<WebhookBody>,
    /// What is published on the topic.
    #[schema(schema_with = schema::notice_names)]
    pub topic: Vec<NoticeName>,
    /// Own words.
    pub templates: Vec<TemplateForm>,
    /// When the next digest is sent.
    pub next_digest_at: Option<String>,
}

/// A webhook as it is set.
#[derive(Serialize, ToSchema)]
pub struct WebhookBody {
    /// The address.
    pub url: String,
    /// What is told.
    #[schema(schema_with = schema::notice_names)]
    pub notices: Vec<NoticeName>,
    /// What signs (`whsec_…`); in the answer of whoever sets it only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl NoticesForm {
    /// The settings that are asked for.
    #[must_use]
    pub fn asked(self) -> AskedNotices {
        let recipient = |it: RecipientForm| {
            let RecipientForm { name, email, language, notices } = it;
            Recipient { name, email: Sensitive::new(email), language, notices }
        };
        let template = |it: TemplateForm| {
            let TemplateForm { notice, language, subject, text, html } = it;
            NoticeTemplate { notice, language, subject, text, html }
        };
        let webhook = |it: WebhookForm| AskedWebhook { url: it.url, notices: it.notices, new_secret: it.new_secret };
        AskedNotices {
            language: self.language,
            recipients: self.recipients.into_iter().map(recipient).collect(),
            webhook: self.webhook.map(webhook),
            topic: self.topic,
            templates: self.templates.into_iter().map(template).collect(),
        }
    }
}

impl NoticesBody {
    /// Shows settings.
    #[must_use]
    pub fn of(view: NoticesView) -> Self {
        let NoticesView { settings, webhook_secret } = view;
        let recipient = |it: Recipient| {
            let Recipient { name, email, language, notices } = it;
            RecipientForm { name, email: email.into_exposed(), language, notices }
        };
        let template = |it: NoticeTemplate| {
            let NoticeTemplate { notice, language, subject, text, html } = it;
            TemplateForm { notice, language, subject, text, html }
        };
        let secret = webhook_secret.map(Sensitive::into_exposed);
        Self {
            version: settings.version,
            language: settings.language,
            recipients: settings.recipients.into_iter().map(recipient).collect(),
            webhook: settings.webhook.map(|it| WebhookBody { url: it.url, notices: it.notices, secret }),
            topic: settings.topic,
            templates: settings.templates.into_iter().map(template).collect(),
            next_digest_at: settings.digest_at.map(|at| at.to_string()),
        }
    }
}
