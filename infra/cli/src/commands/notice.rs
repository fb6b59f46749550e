//! `habeas notice preview`: every notice in every language with made-up values, by the code that writes the mails.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use domain::notice::{Language, NoticeName, NoticeTemplate};
use domain::sensitive::Sensitive;
use workflow::notice::{Addressee, Notice, Style, check_template, mail, samples};
use workflow::ports::Mail;

use crate::args::{NoticeCommand, PreviewArguments};
use crate::report;

/// Runs one command about notices.
pub(crate) fn run(command: &NoticeCommand) -> anyhow::Result<ExitCode> {
    match command {
        NoticeCommand::Preview(arguments) => preview(arguments),
    }
}

fn preview(arguments: &PreviewArguments) -> anyhow::Result<ExitCode> {
    let named = arguments.notice.as_deref().map(notice).transpose()?;
    let spoken = arguments.language.as_deref().map(language).transpose()?;
    let templates = arguments.templates.as_deref().map(read_templates).transpose()?.unwrap_or_default();
    if let Some(out) = &arguments.out {
        std::fs::create_dir_all(out).with_context(|| format!("--out {}", out.display()))?;
    }
    let samples = samples();
    for sample in samples.iter().filter(|it| named.is_none_or(|name| it.name() == name)) {
        for language in Language::ALL.iter().filter(|it| spoken.is_none_or(|spoken| spoken == **it)) {
            let written = written(sample, *language, &templates)?;
            show(sample.name(), *language, &written, arguments)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn written(sample: &Notice, language: Language, templates: &[NoticeTemplate]) -> anyhow::Result<Mail> {
    let template = templates.iter().find(|it| it.notice == sample.name() && it.language == language);
    let to = Sensitive::new("nobody@example.com".to_owned());
    let (notice_id, tenant) = ("preview".to_owned(), "example".parse()?);
    let addressee = Addressee { to, notice_id, tenant, receiver: "subject".to_owned() };
    Ok(mail(sample, Style { language, template }, addressee)?)
}

fn show(name: NoticeName, language: Language, mail: &Mail, arguments: &PreviewArguments) -> anyhow::Result<()> {
    for (suffix, part, hidden) in [("txt", &mail.text, arguments.html), ("html", &mail.html, arguments.text)] {
        if hidden {
            continue;
        }
        match &arguments.out {
            Some(out) => {
                let path = out.join(format!("{name}.{language}.{suffix}"));
                std::fs::write(&path, part.expose()).with_context(|| format!("{}", path.display()))?;
                report::line(&format!("{}", path.display()));
            }
            None => {
                report::line(&format!("== {name} {language} {suffix}: {}\n{}", mail.subject, part.expose()));
            }
        }
    }
    Ok(())
}

fn notice(text: &str) -> anyhow::Result<NoticeName> {
    let names = || NoticeName::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    NoticeName::parse(text).with_context(|| format!("--notice {text}: expected one of {}", names()))
}

fn language(text: &str) -> anyhow::Result<Language> {
    let names = || Language::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    Language::parse(text).with_context(|| format!("--language {text}: expected one of {}", names()))
}

fn read_templates(path: &Path) -> anyhow::Result<Vec<NoticeTemplate>> {
    let name = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("--templates {name}"))?;
    let templates: Vec<NoticeTemplate> =
        serde_json::from_slice(&bytes).with_context(|| format!("--templates {name}"))?;
    for template in &templates {
        if let Err(problem) = check_template(template) {
            bail!("--templates {name}: {} {}: {problem}", template.notice, template.language);
        }
    }
    Ok(templates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_are_answered_with_the_known_ones() {
        assert!(format!("{:#}", notice("hello").unwrap_err()).contains("request_received"));
        assert!(format!("{:#}", language("tlh").unwrap_err()).contains("en, de, fr, es"));
    }

    #[test]
    fn own_words_are_shown() {
        let own = NoticeTemplate {
            notice: NoticeName::RequestReceived,
            language: Language::De,
            subject: "Laden".to_owned(),
            text: "{{ title }}".to_owned(),
            html: None,
        };
        let sample = samples().into_iter().find(|it| it.name() == NoticeName::RequestReceived).unwrap();
        assert_eq!(written(&sample, Language::De, &[own]).unwrap().subject, "Laden");
    }
}
