//! What the queue carries: nudges of ours, and what the mail service reports, cut down by the rules of the event bus
//! to names and ids. No address is in either.

use domain::ids::TenantId;
use domain::notice::MailFate;
use domain::step::Nudge;
use lambda_kit::{About, QueueMessage};
use serde::Deserialize;
use workflow::record_mail_fate::MailReport;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A notice may be due.
    Nudge(Nudge),
    /// The mail service says what became of a mail.
    Mail(MailReport),
}

impl QueueMessage for Message {
    fn read(body: &str) -> Option<Self> {
        if let Ok(event) = serde_json::from_str::<MailEvent>(body) {
            return event.report().map(Self::Mail);
        }
        Nudge::read(body).map(Self::Nudge)
    }

    fn about(&self) -> About {
        match self {
            Self::Nudge(nudge) => nudge.about(),
            Self::Mail(report) => About { job: report.notice_id.clone(), step: "mail_event", shard: 0 },
        }
    }
}

/// An event of SES as the rules `MailBounced` and `MailFate` of the template pass it on. Tags are lists there.
#[derive(Deserialize)]
struct MailEvent {
    mail_event: Kind,
    /// `Permanent`, `Transient` or `Undetermined`; of bounces only.
    #[serde(default)]
    bounce_type: String,
    message_id: String,
    tenant: Vec<String>,
    notice_id: Vec<String>,
    receiver: Vec<String>,
}

/// The kinds of event that the rules ask for.
#[derive(Deserialize)]
enum Kind {
    Delivery,
    Bounce,
    Complaint,
    Reject,
}

/// Longest id of the mail service that is taken.
const LONGEST_ID: usize = 200;

impl MailEvent {
    fn report(self) -> Option<MailReport> {
        let fate = match (self.mail_event, self.bounce_type.as_str()) {
            (Kind::Delivery, _) => MailFate::Delivered,
            (Kind::Bounce, "Permanent") => MailFate::Bounced,
            (Kind::Bounce, _) => MailFate::BouncedForNow,
            (Kind::Complaint, _) => MailFate::Complained,
            (Kind::Reject, _) => MailFate::Rejected,
        };
        let tenant: TenantId = only(self.tenant)?.parse().ok()?;
        let (message_id, notice_id) = (Some(self.message_id).filter(|it| is_id(it))?, only(self.notice_id)?);
        Some(MailReport { tenant, notice_id, receiver: receiver(&only(self.receiver)?), message_id, fate })
    }
}

/// Tags hold no colon: `staff-dpo` is `staff:dpo`.
fn receiver(tag: &str) -> String {
    tag.strip_prefix("staff-").map_or_else(|| tag.to_owned(), |name| format!("staff:{name}"))
}

/// The only value of a tag.
fn only(values: Vec<String>) -> Option<String> {
    let [value] = <[String; 1]>::try_from(values).ok()?;
    is_id(&value).then_some(value)
}

fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn bounce() -> Value {
        let event: Value = serde_json::from_str(include_str!("../events/mail_bounced.json")).unwrap();
        serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap()
    }

    fn read(body: &Value) -> Option<Message> {
        Message::read(&body.to_string())
    }

    #[test]
    fn the_sample_event_is_a_bounce_without_an_address() {
        let body = bounce();
        assert!(!body.to_string().contains('@'));
        let Some(Message::Mail(report)) = read(&body) else { panic!("{body}") };
        assert_eq!((report.fate, report.receiver.as_str()), (MailFate::Bounced, "subject"));
        assert!(report.notice_id.ends_with("-notify_ready-0"), "{}", report.notice_id);
    }

    #[test]
    fn each_kind_of_event_is_a_fate() {
        for (kind, bounce_type, fate) in [
            ("Delivery", None, MailFate::Delivered),
            ("Complaint", None, MailFate::Complained),
            ("Reject", None, MailFate::Rejected),
            ("Bounce", Some("Transient"), MailFate::BouncedForNow),
            ("Bounce", Some("Undetermined"), MailFate::BouncedForNow),
            ("Bounce", Some("Permanent"), MailFate::Bounced),
        ] {
            let mut body = bounce();
            body["mail_event"] = json!(kind);
            body["bounce_type"] = json!(bounce_type.unwrap_or_default());
            let Some(Message::Mail(report)) = read(&body) else { panic!("{body}") };
            assert_eq!(report.fate, fate, "{kind}");
        }
    }

    #[test]
    fn a_receiver_of_the_staff_has_its_name_back() {
        let mut body = bounce();
        body["receiver"] = json!(["staff-dpo"]);
        let Some(Message::Mail(report)) = read(&body) else { panic!("{body}") };
        assert_eq!(report.receiver, "staff:dpo");
    }

    #[test]
    fn what_is_no_event_of_ours_is_not_read() {
        for (field, value) in [
            ("mail_event", json!("Open")),
            ("tenant", json!([])),
            ("tenant", json!(["acme", "globex"])),
            ("tenant", json!(["Acme#1"])),
            ("notice_id", json!(["a b"])),
            ("receiver", json!(["ada@example.com"])),
            ("message_id", json!("")),
            ("message_id", json!("x".repeat(LONGEST_ID + 1))),
        ] {
            let mut body = bounce();
            body[field] = value;
            assert_eq!(read(&body), None, "{body}");
        }
        assert_eq!(Message::read("{}"), None);
    }
}
