//! Claims about settings: what is refused, and with which sentence.

use super::{KNOWN, Settings};

fn complete() -> Vec<(String, String)> {
    let value = |name: &str| match name {
        "HABEAS_STAGE" => "dev",
        "HABEAS_LEASE_SECONDS" => "150",
        "HABEAS_BACKUP_DAYS" => "35",
        "HABEAS_ERASURE_PASS_HOURS" => "24",
        "HABEAS_MAX_OPEN_JOBS" => "100",
        "HABEAS_MAX_JOBS_PER_MONTH" => "10000",
        "HABEAS_PRIVACY_EPSILON" => "10",
        "HABEAS_DOWNLOAD_HOURS" => "24",
        "HABEAS_EVIDENCE_KEEP_DAYS" => "2557",
        "HABEAS_RETENTION_CAP_ROWS" => "100000",
        "HABEAS_RETENTION_CAP_PERCENT" => "20",
        "HABEAS_EVIDENCE_LOCK_MODE" => "COMPLIANCE",
        "HABEAS_STREAM_METHOD" => "masking",
        "HABEAS_STREAM_PURPOSE" => "analytics",
        "HABEAS_DISCOVERY_ROWS" => "100",
        "HABEAS_PUBLIC_URL" => "https://privacy.example.com/",
        _ => "x",
    };
    KNOWN.iter().map(|name| ((*name).to_owned(), value(name).to_owned())).collect()
}

fn check(changes: &[(&str, Option<&str>)], expected: &str) {
    let mut pairs = complete();
    for (name, value) in changes {
        pairs.retain(|(known, _)| known != name);
        pairs.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
    }
    let got = Settings::from_pairs(pairs).map(|_| ()).map_err(|error| error.to_string());
    let expected = if expected.is_empty() { Ok(()) } else { Err(format!("cannot start: {expected}")) };
    assert_eq!(got, expected);
}

#[test]
fn a_complete_environment_is_accepted() {
    check(&[], "");
    let settings = Settings::from_pairs(complete()).unwrap();
    assert_eq!(settings.public_url, "https://privacy.example.com");
}

#[test]
fn unknown_missing_and_wrong_settings_are_named_together() {
    check(&[("HABEAS_TYPO", Some("1"))], "HABEAS_TYPO is not a setting");
    check(
        &[("HABEAS_JOBS_TABLE", None), ("HABEAS_STAGE", Some("live"))],
        "HABEAS_STAGE is not dev, staging or prod; HABEAS_JOBS_TABLE is missing",
    );
    check(&[("HABEAS_PRIVACY_EPSILON", Some("0"))], "HABEAS_PRIVACY_EPSILON is not a whole number from 1 to 1000000");
    check(&[("HABEAS_DOWNLOAD_HOURS", Some("0"))], "HABEAS_DOWNLOAD_HOURS is not a whole number from 1 to 168");
    check(
        &[("HABEAS_ERASURE_PASS_HOURS", Some("169"))],
        "HABEAS_ERASURE_PASS_HOURS is not a whole number from 0 to 168",
    );
    check(
        &[("HABEAS_EVIDENCE_LOCK_MODE", Some("compliance"))],
        "HABEAS_EVIDENCE_LOCK_MODE is not one of COMPLIANCE, GOVERNANCE, NONE",
    );
    check(&[("GDPR_AUTOMATION_ENABLED", Some("no"))], "GDPR_AUTOMATION_ENABLED is not true or false");
}

#[test]
fn readable_logs_are_refused_in_production() {
    check(&[("LOG_REDACT_PII", Some("false"))], "");
    check(
        &[("LOG_REDACT_PII", Some("false")), ("HABEAS_STAGE", Some("prod"))],
        "LOG_REDACT_PII=false is not allowed where HABEAS_STAGE is prod",
    );
}

#[test]
fn the_clock_moves_only_on_this_machine() {
    let refused = "HABEAS_CLOCK_OFFSET is only for a stack on this machine (AWS_ENDPOINT_URL)";
    let offset = ("HABEAS_CLOCK_OFFSET", Some("86400"));
    check(&[offset], refused);
    check(&[offset, ("AWS_ENDPOINT_URL", Some("http://127.0.0.1:4566"))], "");
    check(&[offset, ("AWS_ENDPOINT_URL", Some("http://127.0.0.1.example.com:4566"))], refused);
    check(&[offset, ("AWS_ENDPOINT_URL", Some("http://127.0.0.1@example.com"))], refused);
}
