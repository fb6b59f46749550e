//! What notices say: plain language, no personal data beyond the address. Whom they reach is in `steps::notify`.

use domain::ids::TenantId;
use domain::job::WaitingFor;
use domain::notice::{Language, NoticeName, NoticeTemplate};
use domain::request::{Regime, RequestType};
use domain::sensitive::Sensitive;

pub use self::clock::{ClockNotice, Moved};
pub use self::moment::Moment;
pub use self::own_words::{TemplateProblem, check_template};
pub use self::sample::samples;
pub use self::staff::{ApprovalNotice, DeadlineNotice, DigestLine, UndeliveredNotice};
use crate::ports::Mail;
use crate::step_error::StepError;

mod clock;
mod de;
mod en;
mod es;
mod fr;
mod layout;
mod moment;
mod own_words;
mod sample;
mod staff;

/// What a notice tells.
pub enum Notice {
    /// The request has arrived.
    Received {
        /// The job's id.
        job: String,
        /// What was asked.
        request_type: RequestType,
        /// The law's date.
        due_on: Moment,
    },
    /// Here is a code.
    Code {
        /// The job's id.
        job: String,
        /// The code.
        code: Sensitive<String>,
        /// How long it counts.
        minutes: i64,
        /// Until when.
        until: Moment,
    },
    /// The archive can be fetched.
    Ready {
        /// The job's id.
        job: String,
        /// The address to fetch it from.
        link: Sensitive<String>,
        /// How long it can be fetched.
        hours: i64,
        /// Until when.
        until: Moment,
    },
    /// The data will be deleted.
    Scheduled {
        /// The job's id.
        job: String,
        /// When it begins and can't be taken back any more.
        final_at: Moment,
    },
    /// The data will not be deleted.
    NotDeleted {
        /// The job's id.
        job: String,
    },
    /// The data is deleted.
    Erased {
        /// The job's id.
        job: String,
    },
    /// The data is corrected.
    Corrected {
        /// The job's id.
        job: String,
    },
    /// The data is only kept from now on.
    Restricted {
        /// The job's id.
        job: String,
        /// Whether because an objection was upheld.
        objected: bool,
    },
    /// The data is not used for direct marketing any more.
    NoMarketing {
        /// The job's id.
        job: String,
    },
    /// The restriction is about to end.
    Lifting {
        /// The job's id.
        job: String,
        /// Why, in an officer's words.
        reason: String,
    },
    /// The legal clock was moved, or the request refused.
    Clock(ClockNotice),
    /// A plan of erasure, or of corrections, waits for an approval; to staff.
    Approval(ApprovalNotice),
    /// Mail to the person came back; to staff.
    Undelivered(UndeliveredNotice),
    /// A deadline is near or over; to staff.
    Deadline(DeadlineNotice),
    /// What is due this week; to staff.
    Digest(Vec<DigestLine>),
}

/// A notice in words of a language.
struct Words {
    title: String,
    lines: Vec<String>,
}

/// Words that every notice of a language shares.
struct Labels {
    download: &'static str,
    reference: &'static str,
}

impl Notice {
    /// Its published name.
    #[must_use]
    pub fn name(&self) -> NoticeName {
        match self {
            Self::Received { .. } => NoticeName::RequestReceived,
            Self::Code { .. } => NoticeName::VerificationCode,
            Self::Ready { .. } => NoticeName::ExportReady,
            Self::Scheduled { .. } => NoticeName::DeletionScheduled,
            Self::NotDeleted { .. } => NoticeName::DeletionCancelled,
            Self::Erased { .. } | Self::Corrected { .. } | Self::Restricted { .. } | Self::NoMarketing { .. } => {
                NoticeName::RequestCompleted
            }
            Self::Lifting { .. } => NoticeName::RestrictionLifting,
            Self::Clock(notice) => notice.moved.name(),
            Self::Approval(_) => NoticeName::ApprovalNeeded,
            Self::Undelivered(_) => NoticeName::NoticeUndelivered,
            Self::Deadline(notice) if notice.is_late() => NoticeName::RequestOverdue,
            Self::Deadline(_) => NoticeName::RequestDueSoon,
            Self::Digest(_) => NoticeName::WeeklyDigest,
        }
    }

    fn job(&self) -> Option<&str> {
        match self {
            Self::Received { job, .. }
            | Self::Code { job, .. }
            | Self::Ready { job, .. }
            | Self::Scheduled { job, .. }
            | Self::Restricted { job, .. }
            | Self::Lifting { job, .. }
            | Self::NotDeleted { job }
            | Self::Corrected { job }
            | Self::NoMarketing { job }
            | Self::Erased { job } => Some(job),
            Self::Clock(notice) => Some(&notice.job),
            Self::Approval(notice) => Some(&notice.job),
            Self::Undelivered(notice) => Some(&notice.job),
            Self::Deadline(notice) => Some(&notice.job),
            Self::Digest(_) => None,
        }
    }

    fn code(&self) -> Option<&str> {
        if let Self::Code { code, .. } = self { Some(code.expose()) } else { None }
    }

    fn link(&self) -> Option<&str> {
        if let Self::Ready { link, .. } = self { Some(link.expose()) } else { None }
    }

    fn words(&self, language: Language) -> Words {
        match language {
            Language::En => en::words(self),
            Language::De => de::words(self),
            Language::Fr => fr::words(self),
            Language::Es => es::words(self),
        }
    }
}

/// How a mail is written: the language, and the tenant's own words where it has any.
#[derive(Clone, Copy)]
pub struct Style<'a> {
    /// The language.
    pub language: Language,
    /// The tenant's own words.
    pub template: Option<&'a NoticeTemplate>,
}

/// Whom a mail is for, and the names under which the mail service reports what became of it.
#[derive(Debug, Clone)]
pub struct Addressee {
    /// The address.
    pub to: Sensitive<String>,
    /// Id of the notice.
    pub notice_id: String,
    /// The tenant.
    pub tenant: TenantId,
    /// `subject`, or `staff:` and the recipient's name.
    pub receiver: String,
}

/// Writes the mail of a notice. Where the tenant's own words fail, ours are sent and the log says so.
///
/// # Errors
/// When our own template fails, which parks the notice.
pub fn mail(notice: &Notice, style: Style<'_>, addressee: Addressee) -> Result<Mail, StepError> {
    if let Some(template) = style.template {
        match own_words::render(template, notice) {
            Ok(written) => return Ok(written.into_mail(addressee)),
            Err(problem) => {
                let (notice, language) = (template.notice, template.language);
                tracing::error!(%notice, %language, %problem, alert = "notice_template", "a tenant's template failed");
            }
        }
    }
    let written = layout::render(notice, style.language)?;
    Ok(written.into_mail(addressee))
}

/// A law by the name that people know; the GDPR has one in each language.
const fn law(regime: Regime, gdpr: &'static str) -> &'static str {
    match regime {
        Regime::Gdpr => gdpr,
        Regime::UkGdpr => "UK GDPR",
        Regime::Ccpa => "CCPA",
        Regime::Hipaa => "HIPAA",
        Regime::Lgpd => "LGPD",
    }
}

const fn waiting_for_words(waiting_for: WaitingFor, words: [&'static str; 3]) -> &'static str {
    match waiting_for {
        WaitingFor::Identity => words[0],
        WaitingFor::Clarification => words[1],
        WaitingFor::Fee => words[2],
    }
}
