//! Masks log lines and structured fields before they leave the process (R-AUD-6, V12).

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::detect::{Hit, PiiType, Scanner};

const MASKED: &str = "***MASKED***";
const SECRET: &str = "********";
const NUMBER: &str = "************";
/// Fields masked whole whatever they hold; compared in lower case with `-` as `_`.
const MASKED_NAMES: [&str; 9] =
    ["password", "secret", "token", "api_key", "apikey", "private_key", "authorization", "cookie", "credential"];

/// Masks by shape and by name; it is the last net and knows no person.
#[derive(Clone, Debug, Default)]
pub struct LogMasker {
    scanner: Scanner,
}

impl LogMasker {
    /// A masker over the usual scanner.
    #[must_use]
    pub const fn new() -> Self {
        Self { scanner: Scanner::new() }
    }

    /// The text with secrets, cards, numbers and addresses of people masked; borrowed if there were none.
    #[must_use]
    pub fn masked_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut hits: Vec<Hit> = Vec::new();
        self.scanner.find(text.as_bytes(), &mut hits);
        if hits.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for hit in hits.iter().filter(|hit| is_masked(hit, text)) {
            if hit.start >= at {
                out.push_str(&text[at..hit.start]);
                out.push_str(mask(hit.kind));
                at = hit.end;
            }
        }
        if at == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[at..]);
        Cow::Owned(out)
    }

    /// A structured value masked: fields by name, texts and numbers by shape, nested ones alike.
    #[must_use]
    pub fn masked_json(&self, value: Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value,
            Value::Number(number) => match self.masked_text(&number.to_string()) {
                Cow::Borrowed(_) => Value::Number(number),
                Cow::Owned(masked) => Value::String(masked),
            },
            Value::String(text) => match self.masked_text(&text) {
                Cow::Borrowed(_) => Value::String(text),
                Cow::Owned(masked) => Value::String(masked),
            },
            Value::Array(values) => Value::Array(values.into_iter().map(|value| self.masked_json(value)).collect()),
            Value::Object(fields) => Value::Object(self.masked_fields(fields)),
        }
    }

    fn masked_fields(&self, fields: Map<String, Value>) -> Map<String, Value> {
        let masked = |(name, value): (String, Value)| {
            let whole = is_masked_name(&name);
            let value = if whole { Value::String(MASKED.to_owned()) } else { self.masked_json(value) };
            (self.masked_text(&name).into_owned(), value)
        };
        fields.into_iter().map(masked).collect()
    }
}

fn is_masked_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.', ' '], "_");
    MASKED_NAMES.iter().any(|masked| name.contains(masked))
}

/// Addresses without credentials are what a log is about.
fn is_masked(hit: &Hit, text: &str) -> bool {
    hit.kind != PiiType::Url || text[hit.start..hit.end].contains('@')
}

/// V12's forms, and a word for each type beyond them.
const fn mask(kind: PiiType) -> &'static str {
    match kind {
        PiiType::Secret => SECRET,
        PiiType::CreditCard | PiiType::Ssn => NUMBER,
        PiiType::Email => "[email]",
        PiiType::Phone => "[phone]",
        PiiType::Iban | PiiType::BankAccount => "[account]",
        PiiType::Passport | PiiType::DriversLicense | PiiType::MedicalRecord | PiiType::NationalId => "[id]",
        PiiType::IpAddress | PiiType::MacAddress => "[network]",
        PiiType::Url => "[url]",
        PiiType::DateOfBirth => "[date]",
        PiiType::Name => "[name]",
        PiiType::Address => "[address]",
        PiiType::CryptoAddress => "[wallet]",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_masked_in_the_forms_of_the_values() {
        let masker = LogMasker::new();
        let check = |given: &str, expected: &str| assert_eq!(masker.masked_text(given), expected);
        check("Password: hunter2 for a@example.com", "Password: ******** for [email]");
        check("api-key=\"abc def\" card 4111-1111-1111-1111", "api-key=\"********\" card ************");
        check("ssn 123-45-6789", "ssn ************");
        check("GET https://example.com/a took 12 ms", "GET https://example.com/a took 12 ms");
    }

    #[test]
    fn fields_are_masked_by_name_at_any_depth() {
        let given = json!({"a": [{"Access-Token": "x", "n": 4_111_111_111_111_111_u64}], "ok": true});
        let expected = json!({"a": [{"Access-Token": "***MASKED***", "n": "************"}], "ok": true});
        assert_eq!(LogMasker::new().masked_json(given), expected);
    }
}
