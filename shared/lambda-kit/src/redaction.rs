//! Masks secrets and personal data in text and in structured fields (R-AUD-6, V12), as the package `pii` does.
//!
//! It is the last net: nothing personal should reach a log line.

use std::borrow::Cow;

use pii::mask::LogMasker;
use serde_json::Value;

/// Made by the compiler: a cold start pays nothing for it.
static MASKER: LogMasker = LogMasker::new();

/// Masks in a text: names followed by a value, bearer tokens, cards, social security numbers, e-mails, phones, and what
/// else the scanner is sure of.
///
/// Masking twice is masking once.
#[must_use]
pub fn redact_text(text: &str) -> Cow<'_, str> {
    MASKER.masked_text(text)
}

/// Masks a structured value: fields by name, texts (and numbers that look like cards) by shape, nested ones alike.
#[must_use]
pub fn redact_json(value: Value) -> Value {
    MASKER.masked_json(value)
}

#[cfg(test)]
mod tests;
