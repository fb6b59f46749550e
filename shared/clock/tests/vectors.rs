//! The published vectors of `docs/deadlines.md`, each with its extended day and its acknowledgement.
#![expect(clippy::unwrap_used, reason = "a test may stop where its material is wrong")]

use clock::{Calendar, ClockError, Due, Pause, PauseReason, Question, Regime, due, end_of_day, moment, target};
use jiff::tz::TimeZone;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn question(regime: Regime, received: &str, timezone: &str, calendar: &str) -> Question {
    let timezone = zone(timezone);
    let received_at = moment(received, &timezone).unwrap();
    Question::new(regime, received_at, timezone, calendar.parse().unwrap())
}

fn extended(question: &Question) -> Result<Due, ClockError> {
    due(&Question { extended: true, ..question.clone() })
}

#[track_caller]
fn check(question: &Question, due_on: &str, extended_on: &str) {
    let first = due(question).unwrap();
    assert_eq!(first.due_on.to_string(), due_on);
    assert_eq!(first.due_at, end_of_day(first.due_on, &question.timezone).unwrap());
    assert_eq!(extended(question).unwrap().due_on.to_string(), extended_on);
}

fn pause(from: &str, to: &str, reason: PauseReason) -> Pause {
    let instant = |text| moment(text, &zone("Europe/London")).unwrap();
    Pause { from: instant(from), to: instant(to), reason }
}

#[test]
fn gdpr_month_without_its_day_ends_on_the_last_and_rolls_over_the_weekend() {
    for calendar in ["none+new-year", "weekends+new-year"] {
        let question = question(Regime::Gdpr, "2026-01-31", "Europe/Berlin", calendar);
        check(&question, "2026-03-02", "2026-04-30");
        assert!(due(&question).unwrap().rolled);
    }
}

#[test]
fn gdpr_month_rolls_over_new_year_and_sunday() {
    let question = question(Regime::Gdpr, "2025-12-01", "Europe/Berlin", "weekends+new-year");
    check(&question, "2026-01-02", "2026-03-02");
}

#[test]
fn gdpr_month_from_31_august_ends_on_30_september() {
    for calendar in ["weekends", "eu/de", "eu/fr", "weekends+new-year"] {
        let question = question(Regime::Gdpr, "2026-08-31", "Europe/Berlin", calendar);
        check(&question, "2026-09-30", "2026-11-30");
    }
}

#[test]
fn uk_month_rolls_over_easter() {
    let question = question(Regime::UkGdpr, "2026-03-03", "Europe/London", "uk/england");
    check(&question, "2026-04-07", "2026-06-03");
}

#[test]
fn ccpa_counts_calendar_days_and_acknowledges_in_business_days() {
    let question = question(Regime::Ccpa, "2026-01-05", "America/Los_Angeles", "us/federal");
    check(&question, "2026-02-19", "2026-04-05");
    let acknowledge_by = due(&question).unwrap().acknowledge_by.unwrap();
    assert_eq!(acknowledge_by.to_string(), "2026-01-20");
    assert_eq!(extended(&question).unwrap().acknowledge_by, Some(acknowledge_by));
}

#[test]
fn ccpa_opt_out_counts_business_days_and_is_never_extended() {
    let question = question(Regime::CcpaOptOut, "2026-01-05", "America/Los_Angeles", "us/federal");
    assert_eq!(due(&question).unwrap().due_on.to_string(), "2026-01-27");
    assert_eq!(extended(&question), Err(ClockError::NoExtension(Regime::CcpaOptOut)));
}

#[test]
fn breach_counts_72_hours_across_the_change_to_summer_time() {
    let question = question(Regime::Breach, "2026-03-28T22:30+01:00", "Europe/Berlin", "weekends");
    let answer = due(&question).unwrap();
    assert_eq!(answer.due_at, moment("2026-03-31T23:30+02:00", &TimeZone::UTC).unwrap());
    assert_eq!(answer.due_on.to_string(), "2026-03-31");
    assert_eq!(extended(&question), Err(ClockError::NoExtension(Regime::Breach)));
}

#[test]
fn hipaa_counts_30_days_and_once_30_more() {
    let question = question(Regime::Hipaa, "2026-01-05", "America/New_York", "us/federal");
    check(&question, "2026-02-04", "2026-03-06");
}

#[test]
fn lgpd_counts_15_days_and_is_never_extended() {
    let question = question(Regime::Lgpd, "2026-01-05", "America/Sao_Paulo", "br/national");
    assert_eq!(due(&question).unwrap().due_on.to_string(), "2026-01-20");
    assert_eq!(extended(&question), Err(ClockError::NoExtension(Regime::Lgpd)));
}

#[test]
fn the_day_of_receipt_is_the_controllers_local_day() {
    let instant = "2026-08-30T23:30:00Z";
    let berlin = question(Regime::Gdpr, instant, "Europe/Berlin", "weekends");
    let lisbon = question(Regime::Gdpr, "2026-08-29T22:30:00Z", "Europe/Lisbon", "weekends");
    assert_eq!(due(&berlin).unwrap().due_on.to_string(), "2026-09-30");
    assert_eq!(due(&lisbon).unwrap().due_on.to_string(), "2026-09-29");
    assert_eq!(due(&berlin).unwrap().due_at.to_string(), "2026-09-30T21:59:59Z");
}

#[test]
fn an_extension_runs_from_receipt_and_its_notice_is_due_inside_the_first_period() {
    let question = question(Regime::Gdpr, "2025-12-01", "Europe/Berlin", "weekends+new-year");
    let answer = extended(&question).unwrap();
    assert_eq!(answer.extension_notice_by, Some(due(&question).unwrap().due_on));
    assert_eq!(answer.rule, "gdpr-12-3-extended");
    assert!(answer.citation.starts_with("GDPR Art. 12(3)"));
}

#[test]
fn uk_clock_stops_for_clarification() {
    let mut question = question(Regime::UkGdpr, "2026-08-03", "Europe/London", "uk/england");
    question.pauses = vec![pause("2026-08-10", "2026-08-15", PauseReason::Clarification)];
    let answer = due(&question).unwrap();
    assert_eq!((answer.due_on.to_string().as_str(), answer.paused_days), ("2026-09-08", 5));
}

#[test]
fn uk_clock_starts_with_the_identity_but_only_there() {
    let mut question = question(Regime::UkGdpr, "2026-08-03", "Europe/London", "uk/england");
    question.completed_at = Some(moment("2026-08-10", &question.timezone).unwrap());
    assert_eq!(due(&question).unwrap().due_on.to_string(), "2026-09-10");
    question.regime = Regime::Gdpr;
    assert_eq!(due(&question).unwrap().due_on.to_string(), "2026-09-03");
}

#[test]
fn gdpr_clock_stops_for_a_doubted_identity_alone() {
    let mut question = question(Regime::Gdpr, "2026-08-03", "Europe/London", "weekends");
    question.pauses = vec![pause("2026-08-10", "2026-08-15", PauseReason::Clarification)];
    assert_eq!(due(&question).unwrap().due_on.to_string(), "2026-09-03");
    question.pauses.push(pause("2026-08-12", "2026-08-16", PauseReason::Identity));
    assert_eq!(due(&question).unwrap().due_on.to_string(), "2026-09-07");
}

#[test]
fn a_pause_begun_after_the_due_day_moves_nothing() {
    let mut question = question(Regime::UkGdpr, "2026-08-03", "Europe/London", "uk/england");
    question.pauses = vec![pause("2026-09-04", "2026-09-20", PauseReason::Fee)];
    assert_eq!(due(&question).unwrap().due_on.to_string(), "2026-09-03");
    assert_eq!(due(&question).unwrap().paused_days, 0);
}

#[test]
fn a_pause_begun_on_a_day_the_roll_has_given_lasts_to_its_end() {
    let mut question = question(Regime::UkGdpr, "2026-07-05", "Europe/London", "weekends");
    question.pauses = vec![pause("2026-08-05", "2026-08-10", PauseReason::Fee)];
    assert_eq!(due(&question).unwrap().due_on.to_string(), "2026-08-10");
    question.received_at = moment("2026-07-01", &question.timezone).unwrap();
    question.pauses = vec![pause("2026-08-03", "2026-08-06", PauseReason::Fee)];
    assert_eq!(due(&question).unwrap().due_on.to_string(), "2026-08-06");
}

#[test]
fn a_pause_that_is_no_span_after_receipt_is_refused() {
    let mut question = question(Regime::UkGdpr, "2026-08-03", "Europe/London", "uk/england");
    question.pauses = vec![pause("2026-08-12", "2026-08-10", PauseReason::Fee)];
    assert_eq!(due(&question), Err(ClockError::PauseEndsBeforeItBegins));
    question.pauses = vec![pause("2026-08-01", "2026-08-10", PauseReason::Fee)];
    assert_eq!(due(&question), Err(ClockError::PauseBeforeReceipt));
}

#[test]
fn the_inner_target_is_never_later_than_the_law() {
    let question = question(Regime::Gdpr, "2026-01-31", "Europe/Berlin", "weekends+new-year");
    let law = due(&question).unwrap();
    let inner = |days| target(question.received_at, &question.timezone, days, &law);
    assert_eq!(inner(25).to_string(), "2026-02-25T22:59:59Z");
    assert_eq!(inner(30), law.due_at);
    assert_eq!(inner(u16::MAX), law.due_at);
}

#[test]
fn the_end_of_the_calendar_is_an_error_not_a_panic() {
    for regime in Regime::ALL {
        for instant in [jiff::Timestamp::MAX, jiff::Timestamp::MIN] {
            for zone_name in ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"] {
                let answer = due(&Question::new(regime, instant, zone(zone_name), "eu/gr".parse().unwrap()));
                assert!(answer.is_ok() || answer == Err(ClockError::OutOfRange));
            }
        }
    }
}

#[test]
fn a_tenants_own_day_off_rolls_too() {
    let mut question = question(Regime::Gdpr, "2026-08-31", "Europe/Berlin", "eu/de");
    let own: jiff::civil::Date = "2026-09-30".parse().unwrap();
    question.calendar = question.calendar.with_extra_days([own]);
    assert_eq!(due(&question).unwrap().due_on.to_string(), "2026-10-01");
    assert!(!"eu/de+2026-09-30".parse::<Calendar>().unwrap().is_working_day(own));
}

#[test]
fn the_answer_reads_as_json_without_empty_fields() {
    let question = question(Regime::Lgpd, "2026-01-05", "America/Sao_Paulo", "br/national");
    let json = serde_json::to_value(due(&question).unwrap()).unwrap();
    assert_eq!(json["due_on"], "2026-01-20");
    assert_eq!(json["due_at"], "2026-01-21T02:59:59Z");
    assert_eq!(json["rule"], "lgpd-19-ii");
    assert!(json.get("acknowledge_by").is_none());
}
