//! Claims about masking: the forms of V12, and canaries that must not come through.

use proptest::prelude::*;
use serde_json::json;

use super::{redact_json, redact_text};

fn check(given: &str, expected: &str) {
    assert_eq!(redact_text(given), expected, "{given}");
    assert_eq!(redact_text(expected), expected, "masking twice: {given}");
}

#[test]
fn a_secret_keeps_its_name_and_loses_its_value() {
    check("password=hunter2 ok", "password=******** ok");
    check("Password: hunter2, next", "Password: ********, next");
    check(r#"{"api_key":"a b","n":1}"#, r#"{"api_key":"********","n":1}"#);
    check(r#"body {\"secret\":\"x y\",\"z\":1}"#, r#"body {\"secret\":\"********\",\"z\":1}"#);
    check("api-key => abc apikey=def", "api-key => ******** apikey=********");
    check("access_token=abc&user=1", "access_token=********&user=1");
    check(r#"{"token": ["a","b"], "x": 2}"#, r#"{"token": ********, "x": 2}"#);
    check("Authorization: Bearer abcdefghijklmnop.q", "Authorization: Bearer ********");
    check("got eyJhbGciOi.eyJzdWIi.c2ln here", "got ******** here");
}

#[test]
fn cards_and_social_security_numbers_become_twelve_stars() {
    check("card 4111 1111 1111 1111 used", "card ************ used");
    check("card 4111-1111-1111-1111.", "card ************.");
    check("1234567812345678", "************");
    check("amex 378282246310005", "amex ************");
    check("ssn 123-45-6789;", "ssn ************;");
}

#[test]
fn addresses_and_telephones_are_masked() {
    check("mail to Ada.Lovelace+x@Example.co.uk failed", "mail to [email] failed");
    check("?to=ada%40example.com&x=1", "?to=[email]&x=1");
    check("grüße@bücher.example", "[email]");
    check("call +1 (415) 555-0100 now", "call [phone] now");
    check("call (415) 555-0100 or 415.555.0100", "call [phone] or [phone]");
    check("tel 030 1234567", "tel [phone]");
}

#[test]
fn ordinary_lines_stay_as_they_are() {
    for line in [
        "job_0193a2b4c5d6780090a0b0c0d0e0f000 collected 1200 rows in 35 ms",
        "2026-11-21T03:33:06.123456Z the token has expired",
        "10.0.0.1 answered 200",
        "secret without a value",
        "12345 of 67890 bytes, 3.14159265358979",
        "step#collect#000001",
        "message 059f36b4-0000-4000-8000-000000000000 sent at 1767603600001",
    ] {
        check(line, line);
    }
}

#[test]
fn structured_fields_are_masked_by_name_at_any_depth() {
    let given = json!({"a": [{"Refresh-Token": {"x": "y"}, "user": "ada@example.com", "n": 5}], "clientSecret": 1,
        "card": 4_111_111_111_111_111_u64});
    let expected = json!({"a": [{"Refresh-Token": "***MASKED***", "user": "[email]", "n": 5}],
        "clientSecret": "***MASKED***", "card": "************"});
    assert_eq!(redact_json(given), expected);
}

proptest! {
    #[test]
    fn no_canary_comes_through(
        before in "[ -~]{0,20}", after in "[ -~]{0,20}", canary in "[a-z]{8}[0-9]{4}", form in 0_usize..8,
    ) {
        let planted = match form {
            0 => format!("password={canary}"),
            1 => format!("\"token\": \"{canary}\""),
            2 => format!("api_key: '{canary}'"),
            3 => format!("\\\"secret\\\":\\\"{canary}\\\""),
            4 => format!("{canary}@example.com"),
            5 => format!("{canary}%40example.com"),
            6 => format!("Bearer {canary}.{canary}"),
            _ => format!("private_key=>{canary}"),
        };
        let line = format!("{before} {planted} {after}");
        let masked = redact_text(&line);
        prop_assert!(!masked.contains(&canary), "{line} -> {masked}");
    }

    #[test]
    fn no_card_comes_through(digits in "[1-9][0-9]{15}", separator in "[ -]?", before in "[ -~]{0,10}") {
        let card = format!("{}{separator}{}{separator}{}{separator}{}", &digits[..4], &digits[4..8], &digits[8..12], &digits[12..]);
        let line = format!("{before}: {card} paid");
        prop_assert!(!redact_text(&line).contains(&card), "{}", redact_text(&line));
    }

    #[test]
    fn any_text_is_masked_without_a_panic_and_twice_is_once(text in any::<String>()) {
        let once = redact_text(&text).into_owned();
        prop_assert_eq!(redact_text(&once).into_owned(), once);
    }

    #[test]
    fn a_nested_secret_never_comes_through(depth in 0_usize..6, canary in "[a-z]{12}") {
        let mut value = json!({"user_password": canary});
        for level in 0..depth {
            value = if level % 2 == 0 { json!([value]) } else { json!({"inner": value}) };
        }
        prop_assert!(!redact_json(value).to_string().contains(&canary));
    }
}
