//! Claims about scanning: each type found where it stands, traps left alone, any bytes survived.

use proptest::prelude::*;

use super::*;

fn found(text: &str) -> Vec<(PiiType, &str)> {
    let mut hits = Vec::new();
    Scanner::new().find(text.as_bytes(), &mut hits);
    hits.iter().map(|hit| (hit.kind, &text[hit.start..hit.end])).collect()
}

fn check(text: &str, expected: &[(PiiType, &str)]) {
    assert_eq!(found(text), expected, "{text}");
}

#[test]
fn each_type_is_found_where_it_stands() {
    use PiiType as T;
    check("mail john.smith+news@mail.example.co.uk.", &[(T::Email, "john.smith+news@mail.example.co.uk")]);
    check("józef@przykład.pl!", &[(T::Email, "józef@przykład.pl")]);
    check("call +49 30 901820 now", &[(T::Phone, "+49 30 901820")]);
    check("or (212) 555-0123, ok", &[(T::Phone, "(212) 555-0123")]);
    check("01.23.45.67.89", &[(T::Phone, "01.23.45.67.89")]);
    check("card 4111 1111 1111 1111 2", &[(T::CreditCard, "4111 1111 1111 1111")]);
    check("378282246310005", &[(T::CreditCard, "378282246310005")]);
    check("to DE89 3704 0044 0532 0130 00 please", &[(T::Iban, "DE89 3704 0044 0532 0130 00")]);
    check("SSN 123-45-6789", &[(T::Ssn, "123-45-6789")]);
    check("ssn: 123456789", &[(T::Ssn, "123456789")]);
    check("routing number 021000021", &[(T::BankAccount, "021000021")]);
    check("passport number X12345678", &[(T::Passport, "X12345678")]);
    check("my driver's license is D1234567", &[(T::DriversLicense, "D1234567")]);
    check("MRN 00123456", &[(T::MedicalRecord, "00123456")]);
    check("from 192.168.10.7:8080", &[(T::IpAddress, "192.168.10.7")]);
    check("at 2001:db8::8a2e:370:7334.", &[(T::IpAddress, "2001:db8::8a2e:370:7334")]);
    check("mac 00:1a:2b:3c:4d:5e", &[(T::MacAddress, "00:1a:2b:3c:4d:5e")]);
    check("mac AA-1A-2B-3C-4D-5E", &[(T::MacAddress, "AA-1A-2B-3C-4D-5E")]);
    check("see https://example.com/a?b=1.", &[(T::Url, "https://example.com/a?b=1")]);
    check("postgres://app:s3cr3t@db:5432/x", &[(T::Url, "postgres://app:s3cr3t@db:5432/x")]);
    check("key AKIAIOSFODNN7EXAMPLE end", &[(T::Secret, "AKIAIOSFODNN7EXAMPLE")]);
    check("password: hunter2", &[(T::Secret, "hunter2")]);
    check("born 2 January 1990", &[(T::DateOfBirth, "2 January 1990")]);
    check("née le 3 février 1985", &[(T::DateOfBirth, "3 février 1985")]);
    check("DOB 1990-02-03", &[(T::DateOfBirth, "1990-02-03")]);
}

#[test]
fn what_only_looks_alike_is_left_alone() {
    let traps = [
        "order ORD-12345678 of 2024-05-01",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "version 1.2.3 built 1714521600",
        "total $4111.50 and 3.14159265",
        "at 12:34:56 std::vector::size",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "tracking 1Z9999999999999999",
        "isbn 978-3-16-148410-0",
        "user@localhost or @handle",
    ];
    for text in traps {
        check(text, &[]);
    }
}

#[test]
fn baselines_are_those_of_the_values() {
    let percent = |text: &str| {
        let mut hits = Vec::new();
        Scanner::new().find(text.as_bytes(), &mut hits);
        hits.first().map(|hit| hit.confidence)
    };
    assert_eq!(percent("a@example.com"), Some(Confidence::percent(95)));
    assert_eq!(percent("4111111111111111"), Some(Confidence::percent(90)));
    assert_eq!(percent("4111111111111112"), Some(Confidence::percent(60)));
    assert_eq!(percent("123-45-6789"), Some(Confidence::percent(80)));
    assert_eq!(percent("10.20.30.40"), Some(Confidence::percent(80)));
}

#[test]
fn documents_are_walked_with_paths_and_both_kinds_of_match() {
    let document = br#"{"a":{"b":[{},{"c":"x"},{"email":"j\u00e9@example.com"}]},"n":4111111111111111,"phone":null}"#;
    let matches = Scanner::new().scan_json(document).unwrap();
    let seen: Vec<_> = matches.iter().map(|m| (m.field.as_deref(), m.kind, m.start, m.end, m.char_end)).collect();
    assert_eq!(
        seen,
        [
            (Some("a.b[2].email"), PiiType::Email, 0, 15, 14),
            (Some("a.b[2].email"), PiiType::Email, 0, 15, 14),
            (Some("n"), PiiType::CreditCard, 0, 16, 16),
        ]
    );
    assert_eq!(matches[0].confidence, Confidence::percent(90));
    assert_eq!(matches, Scanner::new().scan_value(&serde_json::from_slice(document).unwrap()));
}

#[test]
fn bad_documents_are_errors() {
    let deep = "[".repeat(10_000);
    for document in [&b"{"[..], b"", b"\xff", b"{} x", deep.as_bytes()] {
        assert!(Scanner::new().scan_json(document).is_err());
    }
    assert!(Scanner::new().scan_json(br#"{"a":"1@example.com","a":"2@example.com"}"#).unwrap().len() == 2);
}

fn pieces() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "4111 1111 1111 1111",
        "123-45-6789",
        "a@b.co",
        "+49 30 901820",
        "::",
        ":",
        "@",
        "https://",
        "u:p@",
        "=",
        "\\n",
        "password",
        "eyJ",
        "AKIA",
        "<<",
        "P<UTO",
        "2001:db8",
        "é",
        "born ",
        "DE89",
        "x12",
        "0x",
        "bc1",
        "(",
        ")",
        "-",
        "www.",
        "00-1a-2b-3c-4d-5e",
        "1.2.3.4",
        "\n",
        " ",
        "7",
        "Z",
        "PRIVATE KEY-----\nMII",
    ]);
    prop::collection::vec(prop_oneof![parts.prop_map(str::to_owned), any::<String>()], 0..12)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut hits = Vec::new();
        Scanner::new().find(&bytes, &mut hits);
        prop_assert!(hits.iter().all(|hit| hit.start < hit.end && hit.end <= bytes.len()));
    }

    #[test]
    fn spans_are_on_character_boundaries_and_in_order(text in pieces()) {
        let mut hits = Vec::new();
        Scanner::new().with_threshold(Confidence::percent(0)).find(text.as_bytes(), &mut hits);
        for hit in &hits {
            prop_assert!(text.is_char_boundary(hit.start) && text.is_char_boundary(hit.end), "{hit:?}");
        }
        for pair in hits.windows(2) {
            prop_assert!(pair[0].start <= pair[1].start);
            prop_assert!(pair[0].end <= pair[1].start || pair.iter().any(|hit| hit.kind == PiiType::Url) || pair[0].start < pair[1].start);
        }
        let matches = Scanner::new().scan_text(&text);
        for found in matches {
            prop_assert_eq!(text[..found.start].chars().count(), found.char_start);
            prop_assert_eq!(text[..found.end].chars().count(), found.char_end);
        }
    }
}
