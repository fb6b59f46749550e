//! A tenant's own words: minijinja without filters, functions, files, assignments or loops of its own making, with
//! bounded work and bounded output. What a template may hold is checked before it is kept.

use std::collections::BTreeMap;
use std::io::{self, Write};

use domain::notice::NoticeTemplate;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use super::layout::Written;
use super::{Moved, Notice, sample};

/// Steps of one rendering.
const FUEL: u64 = 20_000;
/// Bytes of one rendered part.
const MOST_BYTES: usize = 128 * 1024;
/// Bytes of one template.
const LONGEST: usize = 16 * 1024;
/// Characters of a subject line.
const LONGEST_SUBJECT: usize = 200;
/// Text where no HTML is set.
const FRAME: &str = "<!doctype html><html lang=\"{{ language }}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"></head><body><pre style=\"font-family:sans-serif;white-space:pre-wrap;overflow-wrap:anywhere\">{{ text }}</pre></body></html>";
/// Without assignments nothing grows by being doubled.
const TAGS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// Why a template can't be used. Quotes names of the template's own, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {detail}")]
pub struct TemplateProblem {
    /// `subject`, `text` or `html`.
    pub part: &'static str,
    /// What is wrong.
    pub detail: String,
}

/// Tries a template on sample data, strictly: a name that the notice doesn't have is a mistake.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check_template(template: &NoticeTemplate) -> Result<(), TemplateProblem> {
    let samples = sample::samples();
    let sample = samples.iter().find(|notice| notice.name() == template.notice);
    let Some(sample) = sample.filter(|notice| !notice.name().is_for_staff()) else {
        return Err(problem("notice", "is not told to the person".to_owned()));
    };
    let written = rendered(template, sample, UndefinedBehavior::Strict)?;
    for needed in [sample.code(), sample.link()].into_iter().flatten() {
        for (part, body) in [("text", &written.text), ("html", &written.html)] {
            let shown = body.replace("&#x2f;", "/").replace("&amp;", "&");
            if !shown.contains(needed) {
                let name = if sample.code().is_some() { "code" } else { "link" };
                return Err(problem(part, format!("does not show {{{{ {name} }}}}")));
            }
        }
    }
    Ok(())
}

/// Writes a notice in a tenant's own words.
pub(super) fn render(template: &NoticeTemplate, notice: &Notice) -> Result<Written, TemplateProblem> {
    rendered(template, notice, UndefinedBehavior::Lenient)
}

fn rendered(
    template: &NoticeTemplate,
    notice: &Notice,
    undefined: UndefinedBehavior,
) -> Result<Written, TemplateProblem> {
    let mut environment = Environment::empty();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(64);
    environment.set_undefined_behavior(undefined);
    let html = |name: &str| if name == "html" { AutoEscape::Html } else { AutoEscape::None };
    environment.set_auto_escape_callback(html);
    let values = values(notice, template);
    let subject = part(&environment, "subject", &template.subject, &values)?;
    if subject.trim().is_empty() || subject.chars().count() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
        return Err(problem("subject", format!("must give one line of 1 to {LONGEST_SUBJECT} characters")));
    }
    let text = part(&environment, "text", &template.text, &values)?;
    if text.trim().is_empty() {
        return Err(problem("text", "gives nothing".to_owned()));
    }
    let html = match &template.html {
        Some(html) => part(&environment, "html", html, &values)?,
        None => {
            let framed = [("text", Value::from(text.as_str())), ("language", Value::from(template.language.as_str()))];
            part(&environment, "html", FRAME, &BTreeMap::from(framed))?
        }
    };
    Ok(Written { subject, text, html })
}

fn part(
    environment: &Environment<'_>,
    name: &'static str,
    source: &str,
    values: &BTreeMap<&'static str, Value>,
) -> Result<String, TemplateProblem> {
    check_source(source).map_err(|detail| problem(name, detail))?;
    // The error's own text is not used: it can quote what was rendered.
    let failed = |error: minijinja::Error| {
        let line = error.line().map_or_else(String::new, |line| format!(" in line {line}"));
        problem(name, format!("does not render: {:?}{line}", error.kind()))
    };
    let template = environment.template_from_named_str(name, source).map_err(failed)?;
    let mut written = Bounded(Vec::new());
    template
        .render_captured_to(Value::from_pairs(values.iter().map(|(name, value)| (*name, value.clone()))), &mut written)
        .map_err(failed)?;
    String::from_utf8(written.0).map_err(|_| problem(name, "gives no text".to_owned()))
}

fn check_source(source: &str) -> Result<(), String> {
    if source.len() > LONGEST {
        return Err(format!("is longer than {LONGEST} bytes"));
    }
    for tag in source.split("{%").skip(1) {
        let tag = tag.trim_start_matches(['-', '+']).trim_start();
        let word: String = tag.chars().take_while(char::is_ascii_alphanumeric).take(20).collect();
        if !TAGS.contains(&word.as_str()) {
            return Err(format!("may use {} only, not `{word}`", TAGS.join(", ")));
        }
    }
    Ok(())
}

const fn problem(part: &'static str, detail: String) -> TemplateProblem {
    TemplateProblem { part, detail }
}

/// What a template may name. `title` and `lines` are ours, for whoever wants to frame them only.
fn values(notice: &Notice, template: &NoticeTemplate) -> BTreeMap<&'static str, Value> {
    let words = notice.words(template.language);
    let mut values = BTreeMap::from([("title", Value::from(words.title)), ("lines", Value::from(words.lines))]);
    let named: [(&'static str, Option<&str>); 3] =
        [("job", notice.job()), ("code", notice.code()), ("link", notice.link())];
    values.extend(named.into_iter().filter_map(|(name, value)| Some((name, Value::from(value?)))));
    match notice {
        Notice::Received { request_type, due_on, .. } => {
            values.insert("request_type", Value::from(request_type.as_str()));
            values.insert("due_on", Value::from(due_on.day()));
        }
        Notice::Code { minutes, until, .. } => {
            values.insert("minutes", Value::from(*minutes));
            values.insert("until", Value::from(until.time_in(template.language)));
        }
        Notice::Ready { hours, until, .. } => {
            values.insert("hours", Value::from(*hours));
            values.insert("until", Value::from(until.time_in(template.language)));
        }
        Notice::Scheduled { final_at, .. } => {
            values.insert("final_on", Value::from(final_at.day()));
            values.insert("final_at", Value::from(final_at.time_in(template.language)));
        }
        Notice::Clock(notice) => {
            values.insert("reason", Value::from(notice.reason.as_str()));
            values.insert("due_on", Value::from(notice.due_on.day()));
            if let Moved::Paused(waiting_for) = notice.moved {
                values.insert("waiting_for", Value::from(waiting_for.as_str()));
            }
        }
        Notice::Lifting { reason, .. } => drop(values.insert("reason", Value::from(reason.as_str()))),
        Notice::NotDeleted { .. }
        | Notice::Restricted { .. }
        | Notice::Erased { .. }
        | Notice::Corrected { .. }
        | Notice::NoMarketing { .. }
        | Notice::Approval(_)
        | Notice::Undelivered(_)
        | Notice::Deadline(_)
        | Notice::Digest(_) => {}
    }
    values
}

/// Takes so many bytes and no more.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_BYTES {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::notice::{Language, NoticeName};

    use super::*;
    use crate::notice::Moment;

    fn template(notice: NoticeName, text: &str, html: Option<&str>) -> NoticeTemplate {
        let (subject, text, html) = ("Shop: {{ title }}".to_owned(), text.to_owned(), html.map(str::to_owned));
        NoticeTemplate { notice, language: Language::De, subject, text, html }
    }

    fn detail(notice: NoticeName, text: &str) -> String {
        check_template(&template(notice, text, None)).unwrap_err().to_string()
    }

    #[test]
    fn a_tenants_words_are_used_and_html_is_escaped() {
        let html = Some("<p>{{ reason }}</p>{% for line in lines %}<i>{{ line }}</i>{% endfor %}");
        let own = template(NoticeName::RequestExtended, "Bis {{ due_on }}: {{ reason }}", html);
        assert_eq!(check_template(&own), Ok(()));
        let notice = Notice::Clock(super::super::ClockNotice {
            job: "job_1".to_owned(),
            moved: Moved::Extended,
            reason: "<b>viel</b>".to_owned(),
            due_on: Moment::of("2026-03-31T12:00:00Z".parse().unwrap(), &jiff::tz::TimeZone::UTC),
            lifts: false,
        });
        let written = render(&own, &notice).unwrap();
        assert_eq!(written.subject, "Shop: Ihre Datenschutzanfrage braucht mehr Zeit");
        assert_eq!(written.text, "Bis 2026-03-31: <b>viel</b>");
        assert!(written.html.starts_with("<p>&lt;b&gt;viel"), "{}", written.html);
    }

    #[test]
    fn what_a_template_may_not_do_is_refused() {
        for (text, expected) in [
            ("{% set x = 1 %}", "text: may use if, elif, else, endif, for, endfor only, not `set`"),
            ("{%- include 'a' %}", "text: may use if, elif, else, endif, for, endfor only, not `include`"),
            ("{{ nonsense }}", "text: does not render: UndefinedError in line 1"),
            ("{{ range(10) }}", "text: does not render: UnknownFunction in line 1"),
            ("{{ title|safe }}", "text: does not render: UnknownFilter in line 1"),
            ("{{ title", "text: does not render: SyntaxError in line 1"),
            ("  ", "text: gives nothing"),
        ] {
            assert_eq!(detail(NoticeName::RequestReceived, text), expected, "{text}");
        }
    }

    #[test]
    fn endless_work_and_endless_output_are_refused() {
        let nested = "{% for a in lines %}".repeat(12) + "x" + &"{% endfor %}".repeat(12);
        assert!(detail(NoticeName::RequestReceived, &nested).contains("OutOfFuel"));
        let large = "{{ 'x' * 10000000 }}";
        assert!(check_template(&template(NoticeName::RequestReceived, large, None)).is_err());
        assert!(detail(NoticeName::RequestReceived, &"x".repeat(LONGEST + 1)).contains("longer than"));
    }

    #[test]
    fn a_code_and_a_link_must_be_shown() {
        assert_eq!(detail(NoticeName::VerificationCode, "Hallo"), "text: does not show {{ code }}");
        assert_eq!(detail(NoticeName::ExportReady, "Hallo"), "text: does not show {{ link }}");
        assert_eq!(check_template(&template(NoticeName::ExportReady, "Hier: {{ link }}", None)), Ok(()));
    }

    #[test]
    fn staff_notices_have_our_words_only() {
        assert!(detail(NoticeName::RequestOverdue, "x").contains("not told to the person"));
    }
}
