//! Notices (V16): their names and languages, whom a tenant wants told, by which channel, in whose words.
//!
//! The settings name officers by the address at which they answer for the controller (GDPR Art. 37(7)): it must be
//! readable without any key, so that a deadline is told of whatever state the keys are in.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{OpNonce, TenantId};
use crate::key::{Partition, TenantKey};
use crate::request::wire_enum;
use crate::sensitive::Sensitive;

pub use self::language::Language;
pub use self::mail::{MailComplaint, MailFate, MailMark};

mod exposed;
mod language;
mod mail;

wire_enum! {
    /// A notice, by its published name.
    NoticeName {
        /// The request has arrived.
        RequestReceived = "request_received",
        /// Here is a code.
        VerificationCode = "verification_code",
        /// The archive can be fetched.
        ExportReady = "export_ready",
        /// The data will be deleted.
        DeletionScheduled = "deletion_scheduled",
        /// The deletion will not happen.
        DeletionCancelled = "deletion_cancelled",
        /// What was asked is done.
        RequestCompleted = "request_completed",
        /// The longer period was taken.
        RequestExtended = "request_extended",
        /// The clock stands still.
        RequestPaused = "request_paused",
        /// The clock goes on.
        RequestResumed = "request_resumed",
        /// The request was refused.
        RequestRejected = "request_rejected",
        /// A restriction is about to end.
        RestrictionLifting = "restriction_lifting",
        /// The plan of an erasure waits for an approval; to staff.
        ApprovalNeeded = "approval_needed",
        /// Mail to the person came back; to staff.
        NoticeUndelivered = "notice_undelivered",
        /// A due date is near; to staff.
        RequestDueSoon = "request_due_soon",
        /// A due date is over; to staff.
        RequestOverdue = "request_overdue",
        /// What is due this week; to staff.
        WeeklyDigest = "weekly_digest",
    }
}

impl NoticeName {
    /// Whether it goes to people of the controller, not to the person the request is about.
    #[must_use]
    pub const fn is_for_staff(self) -> bool {
        match self {
            Self::ApprovalNeeded
            | Self::NoticeUndelivered
            | Self::RequestDueSoon
            | Self::RequestOverdue
            | Self::WeeklyDigest => true,
            Self::RequestReceived
            | Self::VerificationCode
            | Self::ExportReady
            | Self::DeletionScheduled
            | Self::DeletionCancelled
            | Self::RequestCompleted
            | Self::RequestExtended
            | Self::RequestPaused
            | Self::RequestResumed
            | Self::RequestRejected
            | Self::RestrictionLifting => false,
        }
    }

    /// Whether machines are told: a code is the person's alone, and a digest says nothing they were not told.
    #[must_use]
    pub const fn is_for_machines(self) -> bool {
        !matches!(self, Self::VerificationCode | Self::WeeklyDigest)
    }
}

/// An officer who is told of deadlines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// What the settings call them; deliveries are counted by it.
    pub name: String,
    /// Where mail reaches them.
    #[serde(with = "exposed")]
    pub email: Sensitive<String>,
    /// Their language; the tenant's if not said.
    pub language: Option<Language>,
    /// What they want to be told.
    pub notices: Vec<NoticeName>,
}

/// Where webhooks go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookTarget {
    /// The address.
    pub url: String,
    /// Which secret signs; a new one is the next number.
    pub secret: u32,
    /// What is told.
    pub notices: Vec<NoticeName>,
}

/// A tenant's own words for a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeTemplate {
    /// For which notice.
    pub notice: NoticeName,
    /// In which language.
    pub language: Language,
    /// The subject line, as a template.
    pub subject: String,
    /// The text, as a template.
    pub text: String,
    /// The HTML, as a template; made from the text's lines if not said.
    pub html: Option<String>,
}

/// Whom a tenant wants told of what, and how (one item).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSettings {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// Rises by one with each write.
    pub version: u64,
    /// Nonce of the last write.
    pub op_nonce: OpNonce,
    /// When it was last set.
    pub at: Timestamp,
    /// The language of whoever has named none.
    pub language: Language,
    /// Officers.
    pub recipients: Vec<Recipient>,
    /// Where webhooks go, if anywhere.
    pub webhook: Option<WebhookTarget>,
    /// What is published on the deployment's topic, where it has one.
    pub topic: Vec<NoticeName>,
    /// The tenant's own words.
    pub templates: Vec<NoticeTemplate>,
    /// When the next digest is sent; `None` while nobody wants one.
    pub digest_at: Option<Timestamp>,
    /// Until when a run of the sweep has the digest for itself.
    pub digest_lease_until: Option<Timestamp>,
}

/// When on Mondays a digest is sent, in the controller's time zone.
const DIGEST_HOUR: i8 = 6;
/// What the officer of the data map is called where no recipient is set; no recipient can be called so.
const OFFICER_OF_MAP: &str = "dpo_contact";

impl NoticeSettings {
    /// The sort key.
    pub const SORT: &'static str = "notices";

    /// What counts where nothing was set: every notice to the person, and to the topic where there is one.
    #[must_use]
    pub fn unset(tenant: &TenantId, nonce: OpNonce, now: Timestamp) -> Self {
        Self {
            v: 1,
            tenant: tenant.clone(),
            version: 0,
            op_nonce: nonce,
            at: now,
            language: Language::En,
            recipients: Vec::new(),
            webhook: None,
            topic: machine_notices(),
            templates: Vec::new(),
            digest_at: None,
            digest_lease_until: None,
        }
    }

    /// The key of a tenant's settings.
    #[must_use]
    pub fn key_of(tenant: &TenantId) -> TenantKey {
        TenantKey::new(tenant, Partition::Tenant, Self::SORT.to_owned())
    }

    /// When the sweep looks for a digest to send.
    #[must_use]
    pub fn next_look_at(&self) -> Option<Timestamp> {
        self.digest_at.map(|at| self.digest_lease_until.map_or(at, |until| until.max(at)))
    }

    /// The same with the date of the next digest, while anybody wants one.
    #[must_use]
    pub fn with_next_digest(mut self, now: Timestamp, timezone: &TimeZone) -> Self {
        let wanted = self.recipients.iter().any(|it| it.notices.contains(&NoticeName::WeeklyDigest));
        self.digest_at = wanted.then(|| next_digest_at(now, timezone));
        self.digest_lease_until = None;
        self
    }

    /// The tenant's own words for a notice, if it has any in this language.
    #[must_use]
    pub fn template(&self, notice: NoticeName, language: Language) -> Option<&NoticeTemplate> {
        self.templates.iter().find(|it| it.notice == notice && it.language == language)
    }

    /// The same with the officer that the data map names, who is told while the tenant has set no recipient.
    #[must_use]
    pub fn with_officer_of_map(mut self, email: Sensitive<String>) -> Self {
        let notices = NoticeName::ALL.iter().copied().filter(|it| it.is_for_staff()).collect();
        self.recipients.push(Recipient { name: OFFICER_OF_MAP.to_owned(), email, language: None, notices });
        self
    }

    /// Who wants to be told of a notice.
    pub fn recipients_of(&self, notice: NoticeName) -> impl Iterator<Item = &Recipient> {
        self.recipients.iter().filter(move |it| it.notices.contains(&notice))
    }
}

/// Every notice that machines may be told.
#[must_use]
pub fn machine_notices() -> Vec<NoticeName> {
    NoticeName::ALL.iter().copied().filter(|notice| notice.is_for_machines()).collect()
}

/// The next Monday, 06:00 in this time zone, after `now`.
#[must_use]
pub fn next_digest_at(now: Timestamp, timezone: &TimeZone) -> Timestamp {
    let today = now.to_zoned(timezone.clone()).date();
    let monday = today.checked_sub(Span::new().days(today.weekday().to_monday_zero_offset()));
    let digest_of = |weeks: i64| {
        let monday = monday.clone().ok()?.checked_add(Span::new().weeks(weeks)).ok()?;
        Some(monday.at(DIGEST_HOUR, 0, 0, 0).to_zoned(timezone.clone()).ok()?.timestamp())
    };
    [0, 1].into_iter().filter_map(digest_of).find(|at| *at > now).unwrap_or(Timestamp::MAX)
}

wire_enum! {
    /// How a delivery ended.
    DeliveryOutcome {
        /// The service or the receiver took it.
        Accepted = "accepted",
        /// It was refused, or tried too often.
        GivenUp = "given_up",
        /// The person has called our mail unwanted, and no law asks for this one.
        Withheld = "withheld",
    }
}

/// One delivery of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// To whom: `subject`, `webhook`, `topic`, or `staff:` and the recipient's name.
    pub to: String,
    /// How it ended.
    pub outcome: DeliveryOutcome,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_on_mondays_at_six_where_the_controller_is() {
        for (zone, now, next) in [
            ("UTC", "2026-11-20T12:00:00Z", "2026-11-23T06:00:00Z"),
            ("UTC", "2026-11-23T05:59:59Z", "2026-11-23T06:00:00Z"),
            ("UTC", "2026-11-23T06:00:00Z", "2026-11-30T06:00:00Z"),
            ("UTC", "1969-12-31T00:00:00Z", "1970-01-05T06:00:00Z"),
            // The night in which summer time ends lies between.
            ("Europe/Berlin", "2026-10-23T12:00:00Z", "2026-10-26T05:00:00Z"),
            ("Asia/Tokyo", "2026-11-22T20:59:59Z", "2026-11-22T21:00:00Z"),
            ("America/Los_Angeles", "2026-11-23T13:59:59Z", "2026-11-23T14:00:00Z"),
        ] {
            let timezone = TimeZone::get(zone).unwrap();
            assert_eq!(next_digest_at(now.parse().unwrap(), &timezone).to_string(), next, "{now} {zone}");
        }
    }

    #[test]
    fn codes_are_told_to_no_machine() {
        assert!(!machine_notices().contains(&NoticeName::VerificationCode));
    }
}
