//! Masks log lines and structured fields before they leave the process (R-AUD-6, V12); it is the last net and knows no person.
//!
//! Secrets by name and the shapes of V12 count wherever they stand; what else the scanner is sure of is masked too.

use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::detect::{Confidence, Hit, PiiType, Scanner};

mod secrets;
mod shapes;

const MASKED: &str = "***MASKED***";
const SECRET: &str = "********";
const NUMBER: &str = "************";
/// Names whose fields are masked whole; compared in lower case with `-` as `_` (V12, plus the two headers that carry tokens).
const MASKED_NAMES: [&str; 9] =
    ["password", "secret", "token", "api_key", "apikey", "private_key", "authorization", "cookie", "credential"];
/// A log is full of numbers: what is less sure than this stays readable.
const SURE: Confidence = Confidence::percent(80);
/// A mask may bring what stands beside it into view; after so many rounds a line is left as it is.
const MOST_ROUNDS: usize = 8;

/// Masks by shape and by name; holds nothing that takes time to make.
#[derive(Clone, Debug)]
pub struct LogMasker {
    scanner: Scanner,
}

impl Default for LogMasker {
    fn default() -> Self {
        Self::new()
    }
}

impl LogMasker {
    /// A masker over the usual scanner.
    #[must_use]
    pub const fn new() -> Self {
        Self { scanner: Scanner::new().with_threshold(SURE) }
    }

    /// The text with secrets, cards, numbers and addresses of people masked; borrowed if there were none.
    ///
    /// Masking twice is masking once.
    #[must_use]
    pub fn masked_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut masked = Cow::Borrowed(text);
        for _ in 0..MOST_ROUNDS {
            match self.round(&masked) {
                Some(next) if next != masked => masked = Cow::Owned(next),
                Some(_) | None => break,
            }
        }
        masked
    }

    /// One look at the text; nothing where nothing is masked.
    fn round(&self, text: &str) -> Option<String> {
        if !may_need_masking(text) {
            return None;
        }
        let passes: [Pass<'_>; 5] = [
            &secrets::spans,
            // Account numbers before the shapes, which would take a part of one for a telephone.
            &|text| self.found(text, |kind| !has_shape(kind)),
            &shapes::emails,
            &shapes::numbers,
            &|text| self.found(text, has_shape),
        ];
        let mut pieces = vec![Piece::Plain(text)];
        for pass in passes {
            pieces = pieces.into_iter().flat_map(|piece| split(piece, pass)).collect();
        }
        if let [Piece::Plain(_)] = pieces[..] {
            return None;
        }
        Some(pieces.iter().map(Piece::as_str).collect())
    }

    /// What the scanner finds of some types.
    fn found(&self, text: &str, wanted: impl Fn(PiiType) -> bool) -> Vec<Span> {
        let mut hits: Vec<Hit> = Vec::new();
        self.scanner.find(text.as_bytes(), &mut hits);
        let mut end = 0;
        let mut spans = Vec::new();
        for hit in hits.iter().filter(|hit| wanted(hit.kind) && is_personal(hit, &text[hit.start..hit.end])) {
            if hit.start >= end {
                end = hit.end;
                spans.push(Span { range: hit.start..hit.end, mask: mask(hit.kind) });
            }
        }
        spans
    }

    /// A structured value masked: fields by name, texts (and numbers that look like cards) by shape, nested ones alike.
    #[must_use]
    pub fn masked_json(&self, value: Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value,
            Value::Number(number) => masked_number(number),
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

/// Finds what is to be masked in a text.
type Pass<'a> = &'a dyn Fn(&str) -> Vec<Span>;

fn split<'a>(piece: Piece<'a>, pass: Pass<'_>) -> Vec<Piece<'a>> {
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

/// Most numbers of a log count something, so only cards, social security numbers and telephones are looked for.
fn masked_number(number: serde_json::Number) -> Value {
    let text = number.to_string();
    match &shapes::numbers(&text)[..] {
        [span] => Value::String(span.mask.to_owned()),
        _ => Value::Number(number),
    }
}

fn is_masked_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.', ' '], "_");
    MASKED_NAMES.iter().any(|masked| name.contains(masked))
}

/// A cheap look that lets the ordinary line pass: nothing is masked without a digit, a mark or a secret's name.
fn may_need_masking(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit() || matches!(byte, b'@' | b':' | b'=')) || secrets::names_any(text)
}

/// Addresses of services and of one's own network are what a log is about.
fn is_personal(hit: &Hit, value: &str) -> bool {
    match hit.kind {
        PiiType::Url => value.contains('@'),
        PiiType::IpAddress => value.parse().map_or(true, |address| !is_own_network(address)),
        PiiType::Email
        | PiiType::Phone
        | PiiType::CreditCard
        | PiiType::Iban
        | PiiType::BankAccount
        | PiiType::Ssn
        | PiiType::Passport
        | PiiType::DriversLicense
        | PiiType::MedicalRecord
        | PiiType::NationalId
        | PiiType::MacAddress
        | PiiType::Secret
        | PiiType::DateOfBirth
        | PiiType::Name
        | PiiType::Address
        | PiiType::CryptoAddress => true,
    }
}

/// RFC 1918, loopback, link-local; unique local addresses of IPv6 (RFC 4193).
fn is_own_network(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => it.is_private() || it.is_loopback() || it.is_link_local() || it.is_unspecified(),
        IpAddr::V6(it) => it.is_loopback() || it.is_unspecified() || it.is_unique_local() || it.is_unicast_link_local(),
    }
}

/// The types that V12's shapes find as well.
const fn has_shape(kind: PiiType) -> bool {
    matches!(kind, PiiType::Email | PiiType::Phone | PiiType::CreditCard | PiiType::Ssn)
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
mod tests;
