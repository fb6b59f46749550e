//! What a scan returns: hits in bytes, matches with characters and field paths, and why each is one.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{Confidence, PiiType};
use crate::classify::Class;

/// Why something was taken for personal data: the shape, the check it passed and the word beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why {
    /// The shape that was recognised.
    pub shape: &'static str,
    /// The check digit, plan or table that confirmed it.
    pub check: Option<&'static str>,
    /// What the words beside it or the field's name are about.
    pub context: Option<&'static str>,
}

impl Why {
    pub(crate) const fn shape(shape: &'static str) -> Self {
        Self { shape, check: None, context: None }
    }

    pub(crate) const fn checked(shape: &'static str, check: &'static str) -> Self {
        Self { shape, check: Some(check), context: None }
    }

    pub(crate) const fn beside(self, context: &'static str) -> Self {
        Self { context: Some(context), ..self }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.shape)?;
        if let Some(check) = self.check {
            write!(out, ", {check} holds")?;
        }
        if let Some(context) = self.context {
            write!(out, ", beside words for {context}")?;
        }
        Ok(())
    }
}

impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A find in bytes; starts and ends on a character boundary of any UTF-8 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it is.
    pub kind: PiiType,
    /// The country that issues such a number (ISO 3166-1), for national ids.
    pub country: Option<&'static str>,
    /// Byte at which it starts.
    pub start: usize,
    /// Byte behind its end.
    pub end: usize,
    /// How sure it is.
    pub confidence: Confidence,
    /// Why it was taken for one.
    pub why: Why,
}

impl Hit {
    pub(crate) const fn new(kind: PiiType, start: usize, end: usize, percent: u8, why: Why) -> Self {
        Self { kind, country: None, start, end, confidence: Confidence::percent(percent), why }
    }

    pub(crate) const fn of_country(self, country: &'static str) -> Self {
        Self { country: Some(country), ..self }
    }
}

/// A find in a text or in a value of a document; holds positions, never the value itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Match {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: PiiType,
    /// The country of a national id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<&'static str>,
    /// Path of the field, such as `a.b[2].c`; none in plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Arc<str>>,
    /// Byte of the text or value at which it starts.
    pub start: usize,
    /// Byte behind its end.
    pub end: usize,
    /// Character at which it starts.
    pub char_start: usize,
    /// Character behind its end.
    pub char_end: usize,
    /// How sure it is.
    pub confidence: Confidence,
    /// How it is to be treated (V11).
    pub classification: Class,
    /// Why it was taken for one.
    #[serde(rename = "explain")]
    pub why: Why,
}

impl Match {
    /// Matches of hits in `text`, which must be the text they were found in.
    pub(crate) fn of_hits(hits: &[Hit], text: &str, field: Option<Arc<str>>) -> impl Iterator<Item = Self> {
        let is_ascii = text.is_ascii();
        let mut seen = (0, 0);
        hits.iter().map(move |hit| {
            let chars = if is_ascii { (hit.start, hit.end) } else { characters(hit, text, &mut seen) };
            Self::of_hit(hit, chars, field.clone())
        })
    }

    fn of_hit(hit: &Hit, (char_start, char_end): (usize, usize), field: Option<Arc<str>>) -> Self {
        Self {
            kind: hit.kind,
            country: hit.country,
            field,
            start: hit.start,
            end: hit.end,
            char_start,
            char_end,
            confidence: hit.confidence,
            classification: Class::of_type(hit.kind),
            why: hit.why,
        }
    }
}

/// Where a hit stands in characters; `seen` is a place before it whose characters were counted.
fn characters(hit: &Hit, text: &str, seen: &mut (usize, usize)) -> (usize, usize) {
    let (at, chars) = *seen;
    let start = chars + text[at..hit.start].chars().count();
    *seen = (hit.start, start);
    (start, start + text[hit.start..hit.end].chars().count())
}
