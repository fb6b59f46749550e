//! Mail by SES. It has no idempotency: the caller counts what may be doubled. Tags name the notice in the service's
//! events about what became of a mail.

use async_trait::async_trait;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use workflow::ports::{Mail, Mailer, PortError, PortErrorKind};

use crate::failure::failed;

/// Mail from one verified sender.
#[derive(Debug, Clone)]
pub struct SesMailer {
    // Dependencies.
    client: Client,
    // Configuration.
    from: String,
    configuration_set: Option<String>,
}

impl SesMailer {
    pub(crate) fn new(client: Client, from: &str, configuration_set: Option<&str>) -> Self {
        let configuration_set = configuration_set.filter(|name| !name.is_empty()).map(str::to_owned);
        Self { client, from: from.to_owned(), configuration_set }
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        let message = message(mail).map_err(not_built)?;
        let tags =
            [("notice_id", mail.notice_id.as_str()), ("tenant", mail.tenant.as_str()), ("receiver", &mail.receiver)];
        let tags = tags.into_iter().map(|(name, value)| tag(name, value)).collect::<Result<_, _>>();
        self.client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(mail.to.expose()).build())
            .content(EmailContent::builder().simple(message).build())
            .set_email_tags(Some(tags.map_err(not_built)?))
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await
            .map(|_| ())
            .map_err(|error| failed("send mail", error))
    }
}

fn message(mail: &Mail) -> Result<Message, BuildError> {
    let body = Body::builder().text(utf8(mail.text.expose())?).html(utf8(mail.html.expose())?).build();
    Ok(Message::builder().subject(utf8(&mail.subject)?).body(body).build())
}

fn utf8(text: &str) -> Result<Content, BuildError> {
    Content::builder().data(text).charset("UTF-8").build()
}

fn tag(name: &str, value: &str) -> Result<MessageTag, BuildError> {
    MessageTag::builder().name(name).value(tag_value(value)).build()
}

/// Tags take letters, digits, `-` and `_` only.
fn tag_value(notice_id: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    notice_id.chars().take(256).map(|c| if allowed(c) { c } else { '-' }).collect()
}

fn not_built(source: BuildError) -> PortError {
    PortError::caused(PortErrorKind::Corrupt, "send mail", source)
}
