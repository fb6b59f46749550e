//! Walks JSON as it is read, without building a tree: values by their field names and by what they hold.

mod learnt;

use std::fmt::{self, Write as _};
use std::mem;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Confidence, Hit, Match, PiiType, Scanner, Why};
use learnt::Learnt;

/// The text is no JSON document, or nested deeper than 128 levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON document: line {line}, column {column}")]
pub struct JsonError {
    /// Line of the mistake, from 1.
    pub line: usize,
    /// Column of the mistake, from 1.
    pub column: usize,
}

/// Scans document after document; what it learns of one's field names serves the next.
#[derive(Debug)]
pub struct DocumentScanner<'s> {
    walk: Walk<'s>,
}

impl DocumentScanner<'_> {
    /// What a JSON document holds; positions count within the value of the field, unescaped.
    ///
    /// # Errors
    /// Where the bytes are no JSON document, or nest too deep to be anybody's record.
    pub fn scan(&mut self, document: &[u8]) -> Result<Vec<Match>, JsonError> {
        self.walk.path.clear();
        self.walk.matches.clear();
        self.walk.matches.reserve(self.walk.usual);
        let mut reader = serde_json::Deserializer::from_slice(document);
        let read = Node { walk: &mut self.walk, field: None }.deserialize(&mut reader).and_then(|()| reader.end());
        match read {
            Ok(()) => {
                self.walk.usual = self.walk.matches.len().min(MOST_RESERVED);
                Ok(mem::take(&mut self.walk.matches))
            }
            Err(error) => Err(JsonError { line: error.line(), column: error.column() }),
        }
    }
}

impl Scanner {
    /// A reader of many documents.
    #[must_use]
    pub fn documents(&self) -> DocumentScanner<'_> {
        DocumentScanner { walk: Walk::new(self) }
    }

    /// What one JSON document holds.
    ///
    /// # Errors
    /// As [`DocumentScanner::scan`].
    pub fn scan_json(&self, document: &[u8]) -> Result<Vec<Match>, JsonError> {
        self.documents().scan(document)
    }

    /// The same for a value that is read already.
    #[must_use]
    pub fn scan_value(&self, value: &Value) -> Vec<Match> {
        let mut walk = Walk::new(self);
        // A value that is read already is refused by nothing.
        let read: Result<(), serde_json::Error> = Node { walk: &mut walk, field: None }.deserialize(value);
        debug_assert!(read.is_ok(), "the walk refuses no value");
        walk.matches
    }

    /// What one value holds whose field has this name: by the name, and by what it holds.
    pub fn find_value(&self, value: &str, field: Option<PiiType>, hits: &mut Vec<Hit>) {
        if let Some(kind) = field.filter(|_| !value.trim().is_empty() && !looks_masked(value)) {
            hits.push(Hit {
                kind,
                country: None,
                start: 0,
                end: value.len(),
                confidence: Confidence::percent(90),
                why: Why::shape("the name of the field"),
            });
        }
        self.find_in_field(value.as_bytes(), field, hits);
    }
}

/// What the methods of this package leave behind is nobody's data any more.
fn looks_masked(value: &str) -> bool {
    let may = value.bytes().any(|byte| matches!(byte, b'[' | b'*'));
    let replaced = || ["[REDACTED]", "[DATE]", "*"].iter().any(|mark| value.contains(mark));
    may && replaced() || value.starts_with("hash_") || value.starts_with("anon_")
}

/// Room for so many matches at most is made before a document is read.
const MOST_RESERVED: usize = 64;

#[derive(Debug)]
struct Walk<'s> {
    scanner: &'s Scanner,
    path: String,
    number: String,
    hits: Vec<Hit>,
    matches: Vec<Match>,
    /// How many matches the document before had.
    usual: usize,
    learnt: Learnt,
}

impl<'s> Walk<'s> {
    fn new(scanner: &'s Scanner) -> Self {
        let (path, number, hits, matches) = Default::default();
        Self { scanner, path, number, hits, matches, usual: 0, learnt: Learnt::default() }
    }

    fn look(&mut self, value: &str, field: Option<PiiType>) {
        self.hits.clear();
        self.scanner.find_value(value, field, &mut self.hits);
        if !self.hits.is_empty() {
            let path = (!self.path.is_empty()).then(|| self.learnt.path(&self.path));
            self.matches.extend(Match::of_hits(&self.hits, value, path));
        }
    }

    fn look_at_number(&mut self, value: &dyn fmt::Display, field: Option<PiiType>) {
        let mut text = mem::take(&mut self.number);
        text.clear();
        write!(text, "{value}").expect("writing to a string does not fail");
        self.look(&text, field);
        self.number = text;
    }
}

/// The name of a field: it goes to the end of the path, and what it says comes back.
struct Name<'a, 's> {
    walk: &'a mut Walk<'s>,
}

impl<'de> DeserializeSeed<'de> for Name<'_, '_> {
    type Value = Option<PiiType>;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_, '_> {
    type Value = Option<PiiType>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        if !self.walk.path.is_empty() {
            self.walk.path.push('.');
        }
        self.walk.path.push_str(name);
        Ok(self.walk.learnt.type_of(name))
    }
}

/// One value of the document: the walk so far and what the nearest field's name says.
struct Node<'a, 's> {
    walk: &'a mut Walk<'s>,
    field: Option<PiiType>,
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.walk.look_at_number(&value, self.field);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        // Fewer digits are nobody's number; a field's name still counts.
        if value > 99_999 || self.field.is_some() {
            self.walk.look_at_number(&value, self.field);
        }
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        if self.field.is_some() {
            self.walk.look_at_number(&value, self.field);
        }
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.walk.look(value, self.field);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let length = self.walk.path.len();
        for index in 0_usize.. {
            write!(self.walk.path, "[{index}]").expect("writing to a string does not fail");
            let more = items.next_element_seed(Node { walk: &mut *self.walk, field: self.field })?;
            self.walk.path.truncate(length);
            if more.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let length = self.walk.path.len();
        while let Some(kind) = fields.next_key_seed(Name { walk: &mut *self.walk })? {
            // A name within a named field says more than the outer one: `address.phone` is a phone.
            let field = kind.or(self.field);
            fields.next_value_seed(Node { walk: &mut *self.walk, field })?;
            self.walk.path.truncate(length);
        }
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        self.deserialize(reader)
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<(), E> {
        Err(E::custom("bytes are no JSON value"))
    }
}
