//! The exact JSON reader against `serde_json`, and back: on any bytes, and on any value.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first mistake")]

use domain::datum::{Datum, JsonErrorKind, MAXIMUM_DEPTH, is_json_number, same_value};
use proptest::prelude::*;

fn any_datum() -> impl Strategy<Value = Datum> {
    let leaf = prop_oneof![
        Just(Datum::Null),
        any::<bool>().prop_map(Datum::Bool),
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,12})?([eE][+-]?[0-9]{1,3})?".prop_map(Datum::Number),
        any::<String>().prop_map(Datum::Text),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Datum::List),
            prop::collection::btree_map(any::<String>(), inner, 0..24)
                .prop_map(|map| Datum::Map(map.into_iter().collect())),
        ]
    })
}

/// Texts near JSON, so that most mistakes are small ones.
fn near_json() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\"a\""),
        Just("\"b\""),
        Just("\"\\u00e9\""),
        Just("\"\\ud83d\\ude00\""),
        Just("\"\\ud83d\""),
        Just("1"),
        Just("-0.5e+3"),
        Just("01"),
        Just("true"),
        Just("nul"),
        Just(" "),
        Just("\n"),
        Just("\""),
        Just("\\"),
        Just("\u{1}"),
        Just("é"),
        Just("1."),
        Just("null"),
    ];
    prop::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat().into_bytes())
}

/// What `serde_json` says, but for numbers beyond a float, which we keep and it refuses.
fn check_against_serde(bytes: &[u8]) {
    let ours = Datum::parse_json(bytes);
    let theirs = serde_json::from_slice::<serde_json::Value>(bytes);
    match (&ours, &theirs) {
        (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) => assert!(error.to_string().contains("out of range"), "{bytes:?} {error}"),
        (Err(error), Ok(_)) => assert_eq!(error.kind, JsonErrorKind::DuplicateKey, "{bytes:?}"),
    }
    if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
        let again: serde_json::Value = serde_json::from_slice(&ours.to_json()).unwrap();
        assert_eq!(again, theirs);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back_equal(value in any_datum()) {
        prop_assert_eq!(Datum::parse_json(&value.to_json()), Ok(value));
    }

    #[test]
    fn texts_near_json_are_judged_as_serde_judges_them(bytes in near_json()) {
        check_against_serde(&bytes);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        check_against_serde(&bytes);
    }

    #[test]
    fn damaged_json_is_judged_as_serde_judges_it(value in any_datum(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = value.to_json();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        check_against_serde(&bytes);
        check_against_serde(&bytes[..at]);
    }

    #[test]
    fn numbers_compare_by_value(digits in 0_i64..1_000_000, zeros in 0_usize..5, negative: bool) {
        let sign = if negative { "-" } else { "" };
        let plain = format!("{sign}{digits}");
        let shifted = format!("{sign}{digits}{}.{}e-{zeros}", "0".repeat(zeros), "0".repeat(zeros + 1));
        prop_assert!(is_json_number(&plain) && is_json_number(&shifted));
        let next = Datum::Number(format!("{sign}{}", digits + 1));
        prop_assert!(same_value(&Datum::Number(plain.clone()), &Datum::Number(shifted)));
        prop_assert!(!same_value(&Datum::Number(plain), &next));
    }
}

fn check_error(json: &[u8], offset: usize, kind: JsonErrorKind) {
    let error = Datum::parse_json(json).unwrap_err();
    assert_eq!((error.offset, error.kind), (offset, kind), "{}", String::from_utf8_lossy(json));
}

#[test]
fn each_mistake_has_its_place_and_kind() {
    check_error(b"", 0, JsonErrorKind::UnexpectedEnd);
    check_error(b"\xff", 0, JsonErrorKind::InvalidUtf8);
    check_error(b"\"\xc3\"", 1, JsonErrorKind::InvalidUtf8);
    check_error(b"[1,", 3, JsonErrorKind::UnexpectedEnd);
    check_error(b"[1,]", 3, JsonErrorKind::UnexpectedByte);
    check_error(b"01", 1, JsonErrorKind::TrailingBytes);
    check_error(b"-", 0, JsonErrorKind::InvalidNumber);
    check_error(b"\"\\x\"", 2, JsonErrorKind::InvalidEscape);
    check_error(b"\"\\ud800\"", 7, JsonErrorKind::LoneSurrogate);
    check_error(b"\"a\nb\"", 2, JsonErrorKind::ControlCharacter);
    check_error(b"{\"a\":1,\"\\u0061\":2}", 18, JsonErrorKind::DuplicateKey);
    check_error(b"1 2", 2, JsonErrorKind::TrailingBytes);
}

#[test]
fn depth_is_bounded_exactly() {
    let nested = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
    assert!(Datum::parse_json(&nested(MAXIMUM_DEPTH)).is_ok());
    check_error(&nested(MAXIMUM_DEPTH + 1), MAXIMUM_DEPTH, JsonErrorKind::TooDeep);
    assert!(Datum::parse_json(&b"[".repeat(1_000_000)).is_err());
    let siblings = [b"[".to_vec(), b"[],{},".repeat(1_000), b"1]".to_vec()].concat();
    assert!(Datum::parse_json(&siblings).is_ok());
}

#[test]
fn a_name_twice_among_many_is_refused() {
    let many: Vec<String> = (0..50_000).map(|n| format!("\"k{n}\":0")).collect();
    let once = format!("{{{}}}", many.join(","));
    let twice = format!("{{{},\"k7\":1}}", many.join(","));
    assert!(Datum::parse_json(once.as_bytes()).is_ok());
    assert_eq!(Datum::parse_json(twice.as_bytes()).unwrap_err().kind, JsonErrorKind::DuplicateKey);
}

#[test]
fn an_error_never_tells_the_content() {
    let error = Datum::parse_json(b"{\"email\":\"canary@example.com\",}").unwrap_err();
    assert!(!error.to_string().contains("canary"), "{error}");
}
