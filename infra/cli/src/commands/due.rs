//! `habeas due`: the legal due date of a request, by the package `clock`. It reads no clock: everything that counts is an argument.

use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clock::{Calendar, Due, Pause, PauseReason, Question, Regime};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::args::DueArguments;
use crate::report;

/// What is printed with `--json`; `clock` says more than a caller needs.
#[derive(Debug, Serialize)]
struct Answer<'d> {
    due_at: String,
    due_on: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledge_by: Option<String>,
    rule: &'d str,
    citation: &'d str,
}

/// Prints the due date, the rule that gave it and where the law says so.
pub(crate) fn run(arguments: &DueArguments) -> anyhow::Result<ExitCode> {
    let question = question(arguments)?;
    let due = clock::due(&question)?;
    let answer = answer(&due, &question.timezone);
    if arguments.json {
        report::line(&serde_json::to_string(&answer)?);
    } else {
        explain(&answer, &due);
    }
    Ok(ExitCode::SUCCESS)
}

fn question(arguments: &DueArguments) -> anyhow::Result<Question> {
    let regime: Regime = arguments.regime.parse().with_context(|| format!("--regime {}", arguments.regime))?;
    let timezone = TimeZone::get(&arguments.timezone)
        .map_err(|_| anyhow!("--timezone {}: expected an IANA name such as Europe/Berlin", arguments.timezone))?;
    let named = arguments.calendar.as_deref().unwrap_or(regime.usual_calendar());
    let calendar: Calendar = named.parse().with_context(|| format!("--calendar {named}"))?;
    let received_at = moment(&arguments.received, &timezone, "--received")?;
    let pauses = arguments.paused.iter().map(|text| pause(text, &timezone)).collect::<anyhow::Result<_>>()?;
    let question = Question::new(regime, received_at, timezone, calendar);
    Ok(Question { extended: arguments.extended, pauses, ..question })
}

fn pause(text: &str, timezone: &TimeZone) -> anyhow::Result<Pause> {
    let (from, to) =
        text.split_once('/').with_context(|| format!("--paused {text}: expected FROM/TO, two dates or instants"))?;
    let (from, to) = (moment(from, timezone, "--paused")?, moment(to, timezone, "--paused")?);
    Ok(Pause { from, to, reason: PauseReason::Identity })
}

fn moment(text: &str, timezone: &TimeZone, option: &str) -> anyhow::Result<Timestamp> {
    clock::moment(text, timezone).with_context(|| format!("{option} {text}"))
}

/// The due instant carries the offset of the controller's time zone, so that it can be read as it is.
fn answer<'d>(due: &'d Due, timezone: &TimeZone) -> Answer<'d> {
    let offset = timezone.to_offset(due.due_at);
    Answer {
        due_at: due.due_at.display_with_offset(offset).to_string(),
        due_on: due.due_on.to_string(),
        acknowledge_by: due.acknowledge_by.map(|date| date.to_string()),
        rule: due.rule,
        citation: due.citation,
    }
}

fn explain(answer: &Answer<'_>, due: &Due) {
    report::line(&format!("due on {}, at the latest {}", answer.due_on, answer.due_at));
    if let Some(date) = &answer.acknowledge_by {
        report::line(&format!("receipt to be confirmed by {date}"));
    }
    if let Some(date) = due.extension_notice_by {
        report::line(&format!("an extension to be told by {date}"));
    }
    if due.rolled {
        report::line("moved to a working day");
    }
    if due.paused_days > 0 {
        report::line(&format!("{} days of waiting for the person are added", due.paused_days));
    }
    report::line(&format!("rule {}: {}", answer.rule, answer.citation));
    report::note(clock::DISCLAIMER);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(regime: &str, received: &str) -> DueArguments {
        DueArguments {
            received: received.to_owned(),
            regime: regime.to_owned(),
            timezone: "Europe/Berlin".to_owned(),
            calendar: None,
            extended: false,
            paused: Vec::new(),
            json: true,
        }
    }

    fn json(arguments: &DueArguments) -> serde_json::Value {
        let question = question(arguments).unwrap();
        let due = clock::due(&question).unwrap();
        serde_json::to_value(answer(&due, &question.timezone)).unwrap()
    }

    #[test]
    fn a_month_ends_at_the_controllers_midnight() {
        let said = json(&arguments("gdpr", "2026-01-31"));
        assert_eq!(said["due_on"], "2026-03-02");
        assert_eq!(said["due_at"], "2026-03-02T23:59:59+01:00");
        assert_eq!(said["rule"], "gdpr-12-3");
        assert!(said.get("acknowledge_by").is_none());
    }

    #[test]
    fn receipt_is_confirmed_where_the_law_asks_for_it() {
        let said = json(&arguments("ccpa", "2026-01-05"));
        assert_eq!(said["due_on"], "2026-02-19");
        assert_eq!(said["acknowledge_by"], "2026-01-20");
    }

    #[test]
    fn a_wait_for_the_persons_identity_moves_the_date() {
        let paused = ["2026-08-20/2026-08-24".to_owned()].into();
        let said = json(&DueArguments { paused, ..arguments("gdpr", "2026-08-10") });
        assert_eq!(said["due_on"], "2026-09-14");
        let extended = json(&DueArguments { extended: true, ..arguments("gdpr", "2026-08-10") });
        assert_eq!(extended["due_on"], "2026-11-10");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let good = || arguments("gdpr", "2026-01-31");
        let wrong = [
            (DueArguments { regime: "french".to_owned(), ..good() }, "--regime french"),
            (DueArguments { received: "yesterday".to_owned(), ..good() }, "--received yesterday"),
            (DueArguments { timezone: "Mars/Base".to_owned(), ..good() }, "--timezone Mars/Base"),
            (DueArguments { calendar: Some("moon".to_owned()), ..good() }, "--calendar moon"),
            (DueArguments { paused: ["2026-02-01".to_owned()].into(), ..good() }, "--paused 2026-02-01"),
        ];
        for (arguments, part) in wrong {
            let error = question(&arguments).unwrap_err();
            assert!(format!("{error:#}").contains(part), "{error:#}");
        }
    }
}
