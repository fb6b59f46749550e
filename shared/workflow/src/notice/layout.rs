//! Our own layout of a mail: words in, text and HTML out.

use askama::Template;
use domain::notice::Language;
use domain::sensitive::Sensitive;

use super::{Labels, Notice, Words, de, en, es, fr};
use crate::ports::Mail;
use crate::step_error::StepError;

/// A written notice that has no address yet.
pub(super) struct Written {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl Written {
    pub(super) fn into_mail(self, to: Sensitive<String>, notice_id: String) -> Mail {
        let Self { subject, text, html } = self;
        Mail { to, subject, text: Sensitive::new(text), html: Sensitive::new(html), notice_id }
    }
}

#[derive(Template)]
#[template(path = "notice.txt", escape = "none")]
struct Text<'a> {
    words: &'a Words,
    code: Option<&'a str>,
    link: Option<&'a str>,
    job: Option<&'a str>,
    labels: &'a Labels,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Html<'a> {
    language: Language,
    words: &'a Words,
    code: Option<&'a str>,
    link: Option<&'a str>,
    job: Option<&'a str>,
    labels: &'a Labels,
}

pub(super) fn render(notice: &Notice, language: Language) -> Result<Written, StepError> {
    let words = notice.words(language);
    let (labels, code, link, job) = (labels(language), notice.code(), notice.link(), notice.job());
    let broken = |_| StepError::park("a mail template does not render");
    let text = Text { words: &words, code, link, job, labels }.render().map_err(broken)?;
    let html = Html { language, words: &words, code, link, job, labels }.render().map_err(broken)?;
    Ok(Written { subject: words.title, text, html })
}

const fn labels(language: Language) -> &'static Labels {
    match language {
        Language::En => &en::LABELS,
        Language::De => &de::LABELS,
        Language::Fr => &fr::LABELS,
        Language::Es => &es::LABELS,
    }
}
