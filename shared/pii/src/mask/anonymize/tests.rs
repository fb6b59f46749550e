//! Claims about anonymised documents: forms per method, nulls and shapes kept, nothing found a second time.

use proptest::prelude::*;
use serde_json::json;

use super::*;

struct Counter(u32);

impl Replacer for Counter {
    fn pseudonym(&mut self, _: PiiType, _: &str) -> String {
        self.0 += 1;
        format!("anon_{}", self.0)
    }

    fn noisy(&mut self, number: f64) -> f64 {
        number + 0.5
    }
}

fn anonymized(method: Method, document: Value, fields: Option<&[String]>) -> Anonymized {
    let (scanner, key, mut replacer) = (Scanner::new(), HashKey::new(&[7; 32]), Counter(0));
    let anonymizer = Anonymizer::new(&scanner, method, &key, &mut replacer);
    match fields {
        Some(fields) => anonymizer.only(fields).anonymize(document),
        None => anonymizer.anonymize(document),
    }
}

fn check(method: Method, given: Value, expected: &Value) {
    assert_eq!(anonymized(method, given, None).document, *expected);
}

#[test]
fn each_method_has_its_form() {
    let person = json!({"email": "email@example.com", "note": "call 555-123-4567 now", "dob": "1990-02-03", "age": 30, "x": null});
    check(
        Method::Masking,
        person.clone(),
        &json!({"email": "e***l@example.com", "note": "call ***-***-4567 now", "dob": "19******03", "age": 30, "x": null}),
    );
    check(
        Method::Redaction,
        person.clone(),
        &json!({"email": "[REDACTED]", "note": "call [REDACTED] now", "dob": "[REDACTED]", "age": 30, "x": null}),
    );
    let coarse = anonymized(Method::Generalization, person.clone(), None);
    assert_eq!(coarse.document["dob"], "1990");
    assert_eq!(coarse.document["email"], "email@example.com");
    assert_eq!(coarse.unchanged, 2);
    let hashed = anonymized(Method::Hashing, person, None).document;
    assert_eq!(hashed["email"].as_str().map(str::len), Some(21));
}

#[test]
fn only_the_fields_named_are_treated() {
    let given = json!({"a": {"email": "x@example.com"}, "email": "yy@example.com", "b": [{"salary": 100.0}]});
    let fields = ["a.email".to_owned()];
    let done = anonymized(Method::Redaction, given.clone(), Some(&fields));
    assert_eq!(done.document["a"]["email"], "[REDACTED]");
    assert_eq!(done.document["email"], "yy@example.com");
    let noisy = anonymized(Method::NoiseAddition, given, Some(&["salary".to_owned()]));
    assert_eq!(noisy.document["b"][0]["salary"], 100.5);
}

#[test]
fn methods_read_from_their_wire_names() {
    assert_eq!("noise_addition".parse(), Ok(Method::NoiseAddition));
    assert_eq!("k_anonymity".parse::<Method>(), Err(UnknownMethod));
}

fn documents() -> impl Strategy<Value = Value> {
    let value = prop::sample::select(vec![
        "jane.roe@example.com",
        "+49 30 901820",
        "4111 1111 1111 1111",
        "123-45-6789",
        "DE89370400440532013000",
        "call me at 020 7946 0018 or mail me at a@b.example",
        "https://u:pass@host.example/x",
        "AKIAIOSFODNN7EXAMPLE",
        "10.20.30.40",
        "2001:db8::8a2e:370:7334",
        "password: hunter2",
        "born 1990-02-03",
        "plain words",
        "",
    ]);
    let name = prop::sample::select(vec!["email", "phone", "note", "name", "dob", "city", "x"]);
    prop::collection::vec((name, value), 0..6).prop_map(|fields| {
        Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect())
    })
}

proptest! {
    #[test]
    fn nothing_is_found_a_second_time(document in documents(), at in 0..3_usize) {
        let method = [Method::Redaction, Method::Masking, Method::Hashing][at];
        let done = anonymized(method, document.clone(), None).document;
        let again = Scanner::new().scan_value(&done);
        prop_assert!(again.is_empty(), "{document} -> {done}: {again:?}");
    }
}
