//! Our own layout of a mail: words in, text and HTML out.

use askama::Template;
use domain::notice::Language;
use domain::sensitive::Sensitive;

use super::{Addressee, Labels, Notice, Words, de, en, es, fr};
use crate::ports::Mail;
use crate::step_error::StepError;

/// Characters of a line of text (RFC 5322 §2.1.1 asks for 78 at most).
const LONGEST_LINE: usize = 76;

/// A written notice that has no address yet.
pub(super) struct Written {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl Written {
    pub(super) fn into_mail(self, addressee: Addressee) -> Mail {
        let Self { subject, text, html } = self;
        let Addressee { to, notice_id, tenant, receiver } = addressee;
        Mail { to, subject, text: Sensitive::new(text), html: Sensitive::new(html), notice_id, tenant, receiver }
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
    let wrapped = Words { title: words.title.clone(), lines: words.lines.iter().map(|line| wrapped(line)).collect() };
    let text = Text { words: &wrapped, code, link, job, labels }.render().map_err(broken)?;
    let html = Html { language, words: &words, code, link, job, labels }.render().map_err(broken)?;
    Ok(Written { subject: words.title, text, html })
}

/// A paragraph in lines that any reader shows whole; what has no space in it stays whole.
fn wrapped(paragraph: &str) -> String {
    let (mut text, mut column) = (String::with_capacity(paragraph.len() + 8), 0);
    for word in paragraph.split(' ') {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > LONGEST_LINE {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text
}

const fn labels(language: Language) -> &'static Labels {
    match language {
        Language::En => &en::LABELS,
        Language::De => &de::LABELS,
        Language::Fr => &fr::LABELS,
        Language::Es => &es::LABELS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paragraphs_are_broken_between_words_only() {
        let paragraph = format!("{} {} end", "word ".repeat(40).trim_end(), "x".repeat(100));
        let text = wrapped(&paragraph);
        let longest = text.lines().filter(|line| !line.contains("xx")).map(|line| line.chars().count()).max();
        assert!(longest.is_some_and(|length| (60..=LONGEST_LINE).contains(&length)), "{text}");
        assert_eq!(text.replace('\n', " "), paragraph);
        assert_eq!((wrapped(""), wrapped("a  b")), (String::new(), "a  b".to_owned()));
    }
}
