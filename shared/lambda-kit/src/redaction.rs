//! Masks secrets and personal data in text and in structured fields (R-AUD-6, V12).
//!
//! It is the last net: nothing personal should reach a log line. It masks by shape and by name, never by knowing a person.

use std::borrow::Cow;

use serde_json::{Map, Value};

mod secrets;
mod shapes;

const MASKED: &str = "***MASKED***";
/// Names whose fields are masked whole; compared in lower case with `-` as `_` (V12, plus the two headers that carry tokens).
const MASKED_NAMES: [&str; 9] = [
    "password",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "authorization",
    "cookie",
    "credential",
];

/// Masks in a text: names followed by a value, bearer tokens, cards, social security numbers, e-mails, phones.
///
/// Masking twice is masking once.
#[must_use]
pub fn redact_text(text: &str) -> Cow<'_, str> {
    if !may_need_masking(text) {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if let Some(found) = secrets::find(text, at).or_else(|| shapes::find(text, at)) {
            masked.truncate(masked.len() - found.back);
            masked.push_str(found.kept);
            masked.push_str(found.mask);
            at += found.length;
            continue;
        }
        let Some(next) = rest.chars().next() else { break };
        masked.push(next);
        at += next.len_utf8();
    }
    Cow::Owned(masked)
}

/// Masks a structured value: fields by name, texts (and numbers that look like cards) by shape, nested ones alike.
#[must_use]
pub fn redact_json(value: Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value,
        Value::Number(number) => match redact_text(&number.to_string()) {
            Cow::Owned(masked) if masked != number.to_string() => Value::String(masked),
            Cow::Owned(_) | Cow::Borrowed(_) => Value::Number(number),
        },
        Value::String(text) => match redact_text(&text) {
            Cow::Borrowed(_) => Value::String(text),
            Cow::Owned(masked) => Value::String(masked),
        },
        Value::Array(values) => Value::Array(values.into_iter().map(redact_json).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(redact_field).collect::<Map<_, _>>()),
    }
}

fn redact_field((name, value): (String, Value)) -> (String, Value) {
    let value = if is_masked_name(&name) { Value::String(MASKED.to_owned()) } else { redact_json(value) };
    (redact_text(&name).into_owned(), value)
}

fn is_masked_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.', ' '], "_");
    MASKED_NAMES.iter().any(|masked| name.contains(masked))
}

/// A cheap look that lets the ordinary line pass: nothing is masked without a digit, an at sign or a secret's name.
fn may_need_masking(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@') || secrets::names_any(text)
}

/// Something to mask.
struct Found<'a> {
    /// Bytes already written that belong to it.
    back: usize,
    /// Bytes of the text it takes from here.
    length: usize,
    /// What of it stays readable.
    kept: &'a str,
    /// What stands for the rest.
    mask: &'static str,
}

#[cfg(test)]
mod tests;
