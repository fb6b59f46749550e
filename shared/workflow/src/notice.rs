//! The words of our mails: plain language, no personal data beyond the address.

use askama::Template;
use domain::request::RequestType;
use domain::sensitive::Sensitive;

pub use self::clock::{ClockNotice, Moved};
use crate::ports::Mail;
use crate::step_error::StepError;

mod clock;

/// What a mail tells.
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
    /// The legal clock was moved, or the request refused.
    Clock(ClockNotice),
}

#[derive(Template)]
#[template(path = "notice.txt", escape = "none")]
struct Text<'a> {
    title: &'a str,
    lines: &'a [String],
    code: Option<&'a str>,
    link: Option<&'a str>,
    job: &'a str,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Html<'a> {
    title: &'a str,
    lines: &'a [String],
    code: Option<&'a str>,
    link: Option<&'a str>,
    job: &'a str,
}

/// Writes the mail of a notice.
///
/// # Errors
/// When a template fails, which parks the notice.
pub fn mail(notice: &Notice, to: Sensitive<String>, notice_id: String) -> Result<Mail, StepError> {
    let (title, lines) = words(notice);
    let (job, code, link) = match notice {
        Notice::Received { job, .. } => (job, None, None),
        Notice::Code { job, code, .. } => (job, Some(code.expose().as_str()), None),
        Notice::Ready { job, link, .. } => (job, None, Some(link.expose().as_str())),
        Notice::Clock(notice) => (&notice.job, None, None),
    };
    let broken = |_| StepError::park("a mail template does not render");
    let text = Text { title, lines: &lines, code, link, job }.render().map_err(broken)?;
    let html = Html { title, lines: &lines, code, link, job }.render().map_err(broken)?;
    Ok(Mail { to, subject: title.to_owned(), text: Sensitive::new(text), html: Sensitive::new(html), notice_id })
}

fn words(notice: &Notice) -> (&'static str, Vec<String>) {
    match notice {
        Notice::Received { request_type, due_on, .. } => (
            "Your privacy request has arrived",
            vec![
                format!("We have received a request ({request_type}) about the personal data we hold for this address."),
                format!("You will have an answer by {due_on} at the latest."),
                "If you did not ask for this, you can ignore this message: nothing is disclosed without your confirmation."
                    .to_owned(),
            ],
        ),
        Notice::Code { minutes, .. } => (
            "Your confirmation code",
            vec![
                "Please confirm that the request about your personal data comes from you.".to_owned(),
                format!("The code below can be used once, within {minutes} minutes."),
                "If you did not ask for this, do not pass the code on to anyone.".to_owned(),
            ],
        ),
        Notice::Ready { hours, .. } => (
            "Your data is ready",
            vec![
                "The archive with your personal data can now be downloaded.".to_owned(),
                format!("The link below works for about {hours} hours. Whoever has it can fetch the archive: keep it to yourself."),
            ],
        ),
        Notice::Clock(notice) => notice.words(),
    }
}
