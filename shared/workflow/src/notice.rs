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
        Notice::Received { job, .. } | Notice::Scheduled { job, .. } | Notice::Erased { job } => (job, None, None),
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
        Notice::Scheduled { final_on, .. } => (
            "Your data will be deleted",
            vec![
                format!("Your request was approved. On {final_on} the personal data we hold about you will be deleted."),
                "Until then you can take the request back; after that nobody can bring the data back.".to_owned(),
            ],
        ),
        Notice::Erased { .. } => (
            "Your data has been deleted",
            vec![
                "The personal data we held about you has been deleted, or made anonymous where the law asks us to keep a record.".to_owned(),
                "A signed receipt says what was done, source by source. You can ask for it with the number of your request.".to_owned(),
                "This is the last message about this request: your address was kept only to send it.".to_owned(),
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
