//! Claims about log lines beyond V12's forms, which `lambda-kit` claims where lines are written.

use proptest::prelude::*;
use serde_json::json;

use super::LogMasker;

fn check(given: &str, expected: &str) {
    let masker = LogMasker::new();
    assert_eq!(masker.masked_text(given), expected, "{given}");
    assert_eq!(masker.masked_text(expected), expected, "masking twice: {given}");
}

#[test]
fn lines_are_masked_in_the_forms_of_the_values() {
    check("Password: hunter2 for a@example.com", "Password: ******** for [email]");
    check("api-key=\"abc def\" card 4111-1111-1111-1111", "api-key=\"********\" card ************");
    check("ssn 123-45-6789", "ssn ************");
    check("GET https://example.com/a took 12 ms", "GET https://example.com/a took 12 ms");
}

#[test]
fn what_only_the_scanner_knows_is_masked_too() {
    check("iban DE89 3704 0044 0532 0130 00 refused", "iban [account] refused");
    check("client 203.0.113.7 gave up", "client [network] gave up");
    check("key AKIAIOSFODNN7EXAMPLE leaked", "key ******** leaked");
    check("connect to https://ada:s3cret@db.example.com/x failed", "connect to [url] failed");
    check("hardware 00:1A:2B:3C:4D:5E", "hardware [network]");
}

#[test]
fn ordinary_lines_of_a_service_stay_as_they_are() {
    for line in [
        "arn:aws:dynamodb:eu-central-1:123456789012:table/habeas-dev-jobs answered in 12 ms",
        "etag d41d8cd98f00b204e9800998ecf8427e of exports/job_0193a2b4c5d6780090a0b0c0d0e0f000/archive.zip",
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "request JKJaXmPLvHcESHA= took 1767603600001 ns, version 1.2.3",
        "127.0.0.1:4566 and 10.0.0.1 answered 200; fe80::1 did not",
        "2026-11-21T03:33:06.123456Z due_at 2026-12-21",
        "evt_0193a2b4c5d67800 step#collect#000001 fence 3 of 12345678",
    ] {
        check(line, line);
    }
}

#[test]
fn fields_are_masked_by_name_at_any_depth() {
    let given =
        json!({"a": [{"Access-Token": "x", "n": 4_111_111_111_111_111_u64}], "ok": true, "ms": 1_767_603_600_001_u64});
    let expected =
        json!({"a": [{"Access-Token": "***MASKED***", "n": "************"}], "ok": true, "ms": 1_767_603_600_001_u64});
    assert_eq!(LogMasker::new().masked_json(given), expected);
}

proptest! {
    #[test]
    fn any_line_is_masked_without_a_panic_and_twice_is_once(text in "[ -~é]{0,80}") {
        let masker = LogMasker::new();
        let once = masker.masked_text(&text).into_owned();
        prop_assert_eq!(masker.masked_text(&once).into_owned(), once);
    }
}
