//! What notices say: plain language, no personal data beyond the address. Whom they reach is in `steps::notify`.

use domain::job::{DeadlineAlert, WaitingFor};
use domain::notice::{Language, NoticeName, NoticeTemplate};
use domain::request::{Regime, RequestType};
use domain::sensitive::Sensitive;

pub use self::clock::{ClockNotice, Moved};
pub use self::own_words::{TemplateProblem, check_template};
pub use self::sample::samples;
use crate::ports::Mail;
use crate::step_error::StepError;

mod clock;
mod de;
mod en;
mod es;
mod fr;
mod layout;
mod own_words;
mod sample;

/// What a notice tells.
pub enum Notice {
    /// The request has arrived.
    Received {
        /// The job's id.
        job: String,
        /// What was asked.
        request_type: RequestType,
        /// The day of the law, UTC.
        due_on: String,
    },
    /// Here is a code.
    Code {
        /// The job's id.
        job: String,
        /// The code.
        code: Sensitive<String>,
        /// How long it counts.
        minutes: i64,
    },
    /// The archive can be fetched.
    Ready {
        /// The job's id.
        job: String,
        /// The address to fetch it from.
        link: Sensitive<String>,
        /// How long it can be fetched.
        hours: i64,
    },
    /// The data will be deleted.
    Scheduled {
        /// The job's id.
        job: String,
        /// The day from which it can't be taken back, UTC.
        final_on: String,
    },
    /// The data is deleted.
    Erased {
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
    /// The restriction is about to end.
    Lifting {
        /// The job's id.
        job: String,
        /// Why, in an officer's words.
        reason: String,
    },
    /// The legal clock was moved, or the request refused.
    Clock(ClockNotice),
    /// A deadline is near or over; to staff.
    Deadline(DeadlineNotice),
    /// What is due this week; to staff.
    Digest(Vec<DigestLine>),
}

/// A deadline that staff must know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlineNotice {
    /// The job's id.
    pub job: String,
    /// What was asked.
    pub request_type: RequestType,
    /// The law.
    pub regime: Regime,
    /// The day of the law, UTC.
    pub due_on: String,
    /// What was recorded, at least one.
    pub alerts: Vec<DeadlineAlert>,
}

/// One request of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestLine {
    /// The job's id.
    pub job: String,
    /// What was asked.
    pub request_type: RequestType,
    /// The law.
    pub regime: Regime,
    /// The day of the law, UTC.
    pub due_on: String,
    /// Whether that day is over.
    pub is_late: bool,
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
            Self::Erased { .. } | Self::Restricted { .. } => NoticeName::RequestCompleted,
            Self::Lifting { .. } => NoticeName::RestrictionLifting,
            Self::Clock(notice) => notice.moved.name(),
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
            | Self::Erased { job } => Some(job),
            Self::Clock(notice) => Some(&notice.job),
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

impl DeadlineNotice {
    /// Whether the law's date is over.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.alerts.iter().any(|alert| alert.is_late())
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

/// Writes the mail of a notice. Where the tenant's own words fail, ours are sent and the log says so.
///
/// # Errors
/// When our own template fails, which parks the notice.
pub fn mail(notice: &Notice, style: Style<'_>, to: Sensitive<String>, notice_id: String) -> Result<Mail, StepError> {
    if let Some(template) = style.template {
        match own_words::render(template, notice) {
            Ok(written) => return Ok(written.into_mail(to, notice_id)),
            Err(problem) => {
                let (notice, language) = (template.notice, template.language);
                tracing::error!(%notice, %language, %problem, alert = "notice_template", "a tenant's template failed");
            }
        }
    }
    let written = layout::render(notice, style.language)?;
    Ok(written.into_mail(to, notice_id))
}

const fn waiting_for_words(waiting_for: WaitingFor, words: [&'static str; 3]) -> &'static str {
    match waiting_for {
        WaitingFor::Identity => words[0],
        WaitingFor::Clarification => words[1],
        WaitingFor::Fee => words[2],
    }
}
