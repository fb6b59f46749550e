//! Masks secrets and personal data in text and in structured fields (R-AUD-6, V12).
//!
//! It is the last net: nothing personal should reach a log line. It masks by shape and by name, never by knowing a person.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::{Map, Value};

mod secrets;
mod shapes;

const MASKED: &str = "***MASKED***";
/// Names whose fields are masked whole; compared in lower case with `-` as `_` (V12, plus the two headers that carry tokens).
const MASKED_NAMES: [&str; 9] =
    ["password", "secret", "token", "api_key", "apikey", "private_key", "authorization", "cookie", "credential"];

/// Masks in a text: names followed by a value, bearer tokens, cards, social security numbers, e-mails, phones.
///
/// Masking twice is masking once.
#[must_use]
pub fn redact_text(text: &str) -> Cow<'_, str> {
    if !may_need_masking(text) {
        return Cow::Borrowed(text);
    }
    let passes: [fn(&str) -> Vec<Span>; 3] = [secrets::spans, shapes::emails, shapes::numbers];
    let mut pieces = vec![Piece::Plain(text)];
    for pass in passes {
        pieces = pieces.into_iter().flat_map(|piece| split(piece, pass)).collect();
    }
    if let [Piece::Plain(_)] = pieces[..] {
        return Cow::Borrowed(text);
    }
    Cow::Owned(pieces.iter().map(Piece::as_str).collect())
}

/// A range of bytes and what stands for it.
struct Span {
    range: Range<usize>,
    mask: &'static str,
}

enum Piece<'a> {
    Plain(&'a str),
    Masked(&'static str),
}

impl Piece<'_> {
    const fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Masked(text) => text,
        }
    }
}

fn split<'a>(piece: Piece<'a>, pass: fn(&str) -> Vec<Span>) -> Vec<Piece<'a>> {
    let Piece::Plain(text) = piece else { return vec![piece] };
    let mut pieces = Vec::new();
    let mut at = 0;
    for Span { range, mask } in pass(text) {
        if range.start > at {
            pieces.push(Piece::Plain(&text[at..range.start]));
        }
        pieces.push(Piece::Masked(mask));
        at = range.end;
    }
    if at < text.len() || pieces.is_empty() {
        pieces.push(Piece::Plain(&text[at..]));
    }
    pieces
}

/// Masks a structured value: fields by name, texts (and numbers that look like cards) by shape, nested ones alike.
#[must_use]
pub fn redact_json(value: Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value,
        Value::Number(number) => match redact_text(&number.to_string()) {
            Cow::Borrowed(_) => Value::Number(number),
            Cow::Owned(masked) => Value::String(masked),
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

#[cfg(test)]
mod tests;
