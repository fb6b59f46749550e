//! Scan, anonymise, scan again: whatever stands beside whatever, nothing is found that a method promises to hide.

#![expect(clippy::unwrap_used, reason = "test support may stop the test")]

use pii::detect::{PiiType, Scanner};
use pii::differential_privacy::RandomBytes;
use pii::mask::{Anonymized, Anonymizer, HashKey, Method, Replacements, masked};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Counts on, so that a run repeats itself.
struct Counting(u64);

impl RandomBytes for Counting {
    fn fill(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = u8::try_from(self.0 >> 56).unwrap();
        }
    }
}

fn anonymized(method: Method, document: Value) -> Anonymized {
    let (scanner, key) = (Scanner::new(), HashKey::new(&[7; 32]));
    let mut replacements = Replacements::new(&[9; 32], Counting(5));
    Anonymizer::new(&scanner, method, &key, &mut replacements).anonymize(document)
}

/// What readers look for, and what stands around it.
const PIECES: [&str; 44] = [
    "jane.roe@example.com",
    "abc@b.example",
    "+49 30 901820",
    "020 7946 0018",
    "(415) 555-0100",
    "4111 1111 1111 1111",
    "378282246310005",
    "123-45-6789",
    "DE89 3704 0044 0532 0130 00",
    "GB82WEST12345698765432",
    "https://u:pass@host.example/x",
    "AKIAIOSFODNN7EXAMPLE",
    "password: hunter2x",
    "api_key=\"abcd efgh\"",
    "10.20.30.40",
    "2001:db8::8a2e:370:7334",
    "00:1A:2B:3C:4D:5E",
    "born 1990-02-03",
    "passport X12345678",
    "nhs 943 476 5919",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2lnbmF0dXJl",
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "phone ",
    "card ",
    "iban ",
    "order 12 ",
    "7",
    "-",
    " ",
    ".",
    "@",
    ":",
    "=",
    "/",
    "(",
    "+",
    "\"",
    "\n",
    "x",
    "é",
    "***",
    "hash_",
    "words",
];

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..7).prop_map(|pieces| pieces.concat())
}

fn documents() -> impl Strategy<Value = Value> {
    let names = ["email", "phone", "note", "name", "dob", "city", "card_number", "password", "ssn", "ip", "x"];
    let fields = prop::collection::vec((prop::sample::select(names.to_vec()), texts()), 0..5);
    fields.prop_map(|fields| {
        let fields: serde_json::Map<String, Value> =
            fields.into_iter().map(|(name, text)| (name.to_owned(), json!(text))).collect();
        json!({"rows": [fields, null, 7]})
    })
}

/// The values that a scan finds.
fn found(document: &Value) -> Vec<String> {
    let text_at = |path: &str| {
        let pointer = format!("/{}", path.replace('[', "/").replace(']', "").replace('.', "/"));
        document.pointer(&pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let matches = Scanner::new().scan_value(document);
    matches.iter().map(|it| text_at(it.field.as_deref().unwrap())[it.start..it.end].to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_hidden_is_not_found_again(document in documents(), at in 0..3_usize) {
        let method = [Method::Redaction, Method::Masking, Method::Hashing][at];
        let done = anonymized(method, document.clone());
        let again = Scanner::new().scan_value(&done.document);
        prop_assert!(again.is_empty(), "{document} -> {}: {again:?}", done.document);
        prop_assert_eq!(done.found, Scanner::new().scan_value(&document).len());
        prop_assert_eq!(done.unchanged, 0);
    }

    #[test]
    fn pseudonyms_take_the_place_of_what_they_stand_for(text in texts()) {
        let document = json!({ "note": text });
        let done = anonymized(Method::Pseudonymization, document.clone()).document.to_string();
        let before = document.to_string();
        // The same value may stand elsewhere glued to letters, where it is not found.
        for value in found(&document).iter().filter(|value| value.len() > 6) {
            let value = json!(value).to_string();
            let value = value.trim_matches('"');
            let left = done.matches(value).count();
            prop_assert!(left < before.matches(value).count(), "{document} -> {done} holds {value}");
        }
    }

    #[test]
    fn what_a_method_leaves_as_it_is_is_counted(text in texts(), at in 0..2_usize) {
        let method = [Method::Generalization, Method::NoiseAddition][at];
        let document = json!({ "note": text });
        let done = anonymized(method, document.clone());
        if done.document == document {
            prop_assert!(done.unchanged > 0 || done.found == 0, "{document}: {} found", done.found);
        }
        prop_assert!(done.unchanged <= done.found);
    }

    #[test]
    fn a_masked_secret_shows_nothing_and_its_length_tells_nothing(secret in "\\PC{0,80}", more in "\\PC{0,80}") {
        let shown = |text: &str| text.chars().filter(|letter| *letter != '*').count();
        let (once, longer) = (masked(PiiType::Secret, &secret), masked(PiiType::Secret, &format!("{secret}{more}")));
        prop_assert_eq!(shown(&once), 0);
        prop_assert_eq!(shown(&longer), 0);
        prop_assert!(longer.chars().count() <= 8);
        for kind in PiiType::ALL {
            let visible = shown(&masked(kind, &secret));
            prop_assert!(visible <= secret.chars().count(), "{kind}");
        }
    }
}
