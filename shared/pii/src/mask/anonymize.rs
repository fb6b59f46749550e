//! Anonymises a JSON document value by value: whole values by their field names, and what stands within texts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{HashKey, REDACTED, generalized, masked};
use crate::detect::{Hit, PiiType, Scanner, type_of_field};

/// How values are made unreadable (V10); methods for data sets as a whole are not here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// `[REDACTED]`.
    Redaction,
    /// Asterisks, by type.
    #[default]
    Masking,
    /// A keyed hash.
    Hashing,
    /// A coarser value, where there is one.
    Generalization,
    /// Another value of the same type, always the same one.
    Pseudonymization,
    /// A number near the number.
    NoiseAddition,
}

/// The word names no method for single values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such method for single values")]
pub struct UnknownMethod;

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(name))
            .map_err(|_| UnknownMethod)
    }
}

/// Looks at what was replaced, before a value that still shows something is redacted as a whole.
const MOST_ROUNDS: usize = 4;

impl Method {
    /// Whether nothing is to be found in what the method leaves; the others leave values that look like what they stand for.
    #[must_use]
    pub const fn hides(self) -> bool {
        match self {
            Self::Redaction | Self::Masking | Self::Hashing => true,
            Self::Generalization | Self::Pseudonymization | Self::NoiseAddition => false,
        }
    }
}

/// Where pseudonyms and noise come from: both need a key or randomness that this package doesn't have.
pub trait Replacer {
    /// The pseudonym of a value, the same for the same value.
    fn pseudonym(&mut self, kind: PiiType, value: &str) -> String;
    /// The number with noise.
    fn noisy(&mut self, number: f64) -> f64;
}

/// The document without its personal data, and what was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Anonymized {
    /// The document; shapes and nulls are as they were.
    pub document: Value,
    /// How many matches it held.
    pub found: usize,
    /// How many of them stayed as they were because the method has nothing to say on their type.
    pub unchanged: usize,
}

/// Replaces what the scanner finds, by one method.
pub struct Anonymizer<'a> {
    // Dependencies.
    scanner: &'a Scanner,
    key: &'a HashKey,
    replacer: &'a mut dyn Replacer,
    // Configuration.
    method: Method,
    fields: Option<&'a [String]>,
    // What was counted.
    found: usize,
    unchanged: usize,
}

impl fmt::Debug for Anonymizer<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Anonymizer").field("method", &self.method).finish_non_exhaustive()
    }
}

impl<'a> Anonymizer<'a> {
    /// One that treats every field.
    pub fn new(scanner: &'a Scanner, method: Method, key: &'a HashKey, replacer: &'a mut dyn Replacer) -> Self {
        Self { scanner, key, replacer, method, fields: None, found: 0, unchanged: 0 }
    }

    /// The same for these fields alone, by name or by path such as `a.b[2].c`; named ones are replaced whatever they hold.
    #[must_use]
    pub fn only(self, fields: &'a [String]) -> Self {
        Self { fields: Some(fields), ..self }
    }

    /// The document with its personal data replaced; nothing else of it changes.
    #[must_use]
    pub fn anonymize(mut self, document: Value) -> Anonymized {
        let document = self.node(document, "", None, self.fields.is_none());
        Anonymized { document, found: self.found, unchanged: self.unchanged }
    }

    fn node(&mut self, value: Value, path: &str, field: Option<PiiType>, treated: bool) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value,
            Value::Array(items) => {
                let each = |(at, item)| self.node(item, &format!("{path}[{at}]"), field, treated);
                Value::Array(items.into_iter().enumerate().map(each).collect())
            }
            Value::Object(fields) => Value::Object(self.object(fields, path, field, treated)),
            Value::String(text) if treated => Value::String(self.text(&text, field)),
            Value::Number(number) if treated => self.number(number, field),
            Value::String(_) | Value::Number(_) => value,
        }
    }

    fn object(
        &mut self,
        fields: Map<String, Value>,
        path: &str,
        outer: Option<PiiType>,
        treated: bool,
    ) -> Map<String, Value> {
        let mut out = Map::new();
        for (name, value) in fields {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let treated = treated
                || self.fields.is_some_and(|fields| fields.iter().any(|field| *field == name || *field == path));
            let value = self.node(value, &path, type_of_field(&name).or(outer), treated);
            out.insert(name, value);
        }
        out
    }

    fn text(&mut self, text: &str, field: Option<PiiType>) -> String {
        let mut hits = Vec::new();
        self.scanner.find_value(text, field, &mut hits);
        self.found += hits.len();
        let whole = hits.iter().find(|hit| hit.start == 0 && hit.end == text.len() && !text.is_empty());
        if let Some(hit) = whole.copied() {
            let replaced = self.replaced(best_of_whole(&hits, hit, text), text);
            return self.hidden(replaced, field);
        }
        if hits.is_empty() && self.fields.is_some() && !text.is_empty() && self.method == Method::Redaction {
            return REDACTED.to_owned();
        }
        let replaced = self.parts(text, &hits);
        if hits.is_empty() { replaced } else { self.hidden(replaced, field) }
    }

    /// Looks again: what stood beside something replaced may be found now that it is gone.
    fn hidden(&mut self, replaced: String, field: Option<PiiType>) -> String {
        if !self.method.hides() {
            return replaced;
        }
        let mut text = replaced;
        let mut hits = Vec::new();
        for _ in 0..MOST_ROUNDS {
            hits.clear();
            self.scanner.find_value(&text, field, &mut hits);
            if hits.is_empty() {
                return text;
            }
            text = self.parts(&text, &hits);
        }
        hits.clear();
        self.scanner.find_value(&text, field, &mut hits);
        if hits.is_empty() { text } else { REDACTED.to_owned() }
    }

    fn parts(&mut self, text: &str, hits: &[Hit]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for hit in hits {
            // What stands within something replaced is gone with it.
            if hit.start >= at {
                out.push_str(&text[at..hit.start]);
                out.push_str(&self.replaced(hit.kind, &text[hit.start..hit.end]));
                at = hit.end;
            }
        }
        out.push_str(&text[at..]);
        out
    }

    fn replaced(&mut self, kind: PiiType, value: &str) -> String {
        match self.method {
            Method::Redaction => REDACTED.to_owned(),
            Method::Masking => masked(kind, value),
            Method::Hashing => self.key.hashed(value),
            Method::Pseudonymization => self.replacer.pseudonym(kind, value),
            Method::Generalization => generalized(kind, value).unwrap_or_else(|| self.kept(value)),
            Method::NoiseAddition => self.kept(value),
        }
    }

    fn kept(&mut self, value: &str) -> String {
        self.unchanged += 1;
        value.to_owned()
    }

    /// Numbers keep their type where the method leaves a number.
    fn number(&mut self, number: serde_json::Number, field: Option<PiiType>) -> Value {
        if self.method == Method::NoiseAddition {
            let named = field.is_some() || self.fields.is_some();
            let noisy = number.as_f64().filter(|_| named).map(|value| self.replacer.noisy(value));
            self.found += usize::from(noisy.is_some());
            return noisy.and_then(serde_json::Number::from_f64).map_or(Value::Number(number), Value::Number);
        }
        let text = number.to_string();
        let before = self.found;
        let replaced = self.text(&text, field);
        if self.found == before || replaced == text { Value::Number(number) } else { Value::String(replaced) }
    }
}

/// The type that the value itself shows is more exact than the one its field's name suggests.
fn best_of_whole(hits: &[Hit], named: Hit, text: &str) -> PiiType {
    let shown = hits.iter().rfind(|hit| hit.start == 0 && hit.end == text.len());
    shown.map_or(named.kind, |hit| hit.kind)
}

#[cfg(test)]
mod tests;
