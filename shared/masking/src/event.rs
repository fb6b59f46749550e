//! One event in, one event out: what form it has, whose rows it speaks of, and whom they name.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use pii::detect::Scanner;

use crate::json::{Cursor, Text, unescaped};
use crate::learned::Learned;
use crate::walk::{Found, Scratch, Walk};
use crate::{CollectionRules, Keys, Method};

/// Why an event can't be masked; it holds nothing of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// It is no JSON document.
    #[error("not a JSON document: byte {at}")]
    NotJson {
        /// Where it stops being one.
        at: usize,
    },
    /// It is no text.
    #[error("not UTF-8")]
    NotText,
    /// It nests deeper than 128 levels.
    #[error("nested too deep")]
    TooDeep,
}

/// What happened to a row, in the words of a Debezium envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It was made.
    Create,
    /// It was changed.
    Update,
    /// It was deleted.
    Delete,
    /// It was there when the stream began.
    Read,
    /// The whole table was emptied.
    Truncate,
    /// An application wrote to the log; nothing of it passes.
    Message,
}

impl Operation {
    pub(crate) fn of(letter: &str) -> Option<Self> {
        Some(match letter {
            "c" => Self::Create,
            "u" => Self::Update,
            "d" => Self::Delete,
            "r" => Self::Read,
            "t" => Self::Truncate,
            "m" => Self::Message,
            _unknown => return None,
        })
    }
}

/// Whom an event names: the kind of identity and its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Seen {
    /// The kind, as the data map says it.
    pub kind: Arc<str>,
    /// The value: personal data.
    pub value: String,
}

impl fmt::Debug for Seen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Seen").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Seen {
    pub(crate) fn add(seen: &mut Vec<Self>, kind: &Arc<str>, text: Text<'_>) {
        let mut value = String::new();
        if text.escaped {
            unescaped(text.raw, &mut value);
        } else if seen.iter().any(|other| other.value == text.raw && other.kind == *kind) {
            return;
        } else {
            text.raw.clone_into(&mut value);
        }
        seen.push(Self { kind: Arc::clone(kind), value });
    }
}

/// What was found out about an event while it was masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Masked {
    /// What happened, where it is an envelope.
    pub operation: Option<Operation>,
    /// Whether it marks a deleted key and holds nothing (`null` or no bytes).
    pub is_tombstone: bool,
    /// The rules it was masked by; none where no collection has the name.
    pub collection: Option<usize>,
    /// How many values were replaced.
    pub replaced: usize,
}

/// Masks event after event; what it learns of one's fields serves the next.
pub struct EventMasker {
    // Dependencies.
    scanner: Scanner,
    keys: Keys,
    // Configuration.
    method: Method,
    names: HashMap<String, usize>,
    // What was learned: a place per collection, the last one for rows of none.
    collections: Vec<Learned>,
    guess: Guess,
    table: (String, Option<usize>),
    scratch: Scratch,
    seen: Vec<Seen>,
}

/// What the next event will be, as the last one was.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Guess {
    is_envelope: bool,
    collection: usize,
}

impl fmt::Debug for EventMasker {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("EventMasker").field("method", &self.method).finish_non_exhaustive()
    }
}

impl EventMasker {
    /// A masker by these rules.
    #[must_use]
    pub fn new(rules: &[CollectionRules], method: Method, keys: Keys) -> Self {
        let named = rules.iter().enumerate().flat_map(|(at, rules)| rules.names.iter().map(move |name| (name, at)));
        let none = CollectionRules::default();
        Self {
            scanner: Scanner::new(),
            keys,
            method,
            names: named.map(|(name, at)| (name.clone(), at)).collect(),
            collections: rules.iter().chain([&none]).map(Learned::new).collect(),
            guess: Guess { is_envelope: true, collection: rules.len() },
            table: (String::new(), None),
            scratch: Scratch::default(),
            seen: Vec::new(),
        }
    }

    /// The rules of the collection of this name.
    #[must_use]
    pub fn collection(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// Whom the last event names.
    #[must_use]
    pub fn seen(&self) -> &[Seen] {
        &self.seen
    }

    /// Appends the event without its personal data; after an error `out` is as it was.
    ///
    /// `collection` is what the stream says; without it the event's own `source` decides.
    ///
    /// # Errors
    /// Where the event is no JSON document.
    pub fn mask(&mut self, collection: Option<usize>, event: &[u8], out: &mut Vec<u8>) -> Result<Masked, EventError> {
        self.run(collection, event, false, out)
    }

    /// The same with every value of its rows taken out but the keyed forms of their keys.
    ///
    /// # Errors
    /// Where the event is no JSON document.
    pub fn mask_whole(
        &mut self,
        collection: Option<usize>,
        event: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Masked, EventError> {
        self.run(collection, event, true, out)
    }

    fn run(
        &mut self,
        collection: Option<usize>,
        event: &[u8],
        whole: bool,
        out: &mut Vec<u8>,
    ) -> Result<Masked, EventError> {
        let text = std::str::from_utf8(event).map_err(|_| EventError::NotText)?;
        let start = out.len();
        self.seen.clear();
        if matches!(text.trim(), "" | "null") {
            out.extend(b"null");
            return Ok(Masked { operation: None, is_tombstone: true, collection, replaced: 0 });
        }
        let mut guess = self.guess;
        if let Some(given) = collection.filter(|given| *given + 1 < self.collections.len()) {
            guess.collection = given;
        }
        // Seldom twice: a stream's events are of one form and mostly of one table.
        for _ in 0..3 {
            let walked = self.walk(guess, text, whole, out);
            let found = match walked {
                Ok(found) => found,
                Err(error) => {
                    out.truncate(start);
                    return Err(error);
                }
            };
            let right = self.right(collection, guess, &found);
            if right == guess {
                self.guess = guess;
                let known = Some(guess.collection).filter(|at| at + 1 < self.collections.len());
                let operation = found.operation.filter(|_| guess.is_envelope);
                return Ok(Masked { operation, is_tombstone: false, collection: known, replaced: found.replaced });
            }
            out.truncate(start);
            self.seen.clear();
            guess = right;
        }
        // An event that is neither: as a row, which looks at everything.
        self.guess.is_envelope = false;
        let found = self.walk(Guess { is_envelope: false, ..guess }, text, whole, out)?;
        Ok(Masked { operation: None, is_tombstone: false, collection: None, replaced: found.replaced })
    }

    fn walk<'a>(
        &mut self,
        guess: Guess,
        text: &'a str,
        whole: bool,
        out: &mut Vec<u8>,
    ) -> Result<Found<'a>, EventError> {
        let mut walk = Walk {
            cursor: Cursor::new(text),
            fields: &mut self.collections[guess.collection],
            scanner: &self.scanner,
            keys: &self.keys,
            method: self.method,
            whole,
            scratch: &mut self.scratch,
            seen: &mut self.seen,
            out,
            copied: 0,
            found: Found::default(),
        };
        if guess.is_envelope {
            walk.envelope(0)?;
        } else {
            walk.row()?;
        }
        walk.cursor.end()?;
        walk.out.extend_from_slice(&text.as_bytes()[walk.copied..]);
        Ok(walk.found)
    }

    /// What the event turned out to be.
    fn right(&mut self, given: Option<usize>, guess: Guess, found: &Found<'_>) -> Guess {
        let bare = found.operation.is_some()
            && (found.rows > 0 || matches!(found.operation, Some(Operation::Truncate | Operation::Message)));
        let is_envelope = bare || (found.has_payload && found.has_schema);
        let none = self.collections.len() - 1;
        let collection = match given {
            Some(given) => given.min(none),
            None if !is_envelope => none,
            // Not looked at yet: the next walk reads it.
            None if !guess.is_envelope => guess.collection,
            None => self.of_source(found).unwrap_or(none),
        };
        Guess { is_envelope, collection }
    }

    fn of_source(&mut self, found: &Found<'_>) -> Option<usize> {
        let Found { database, schema, table, .. } = found;
        let (last, known) = &self.table;
        let same = last.strip_prefix(database).and_then(|rest| rest.strip_prefix('.'));
        let same = same.and_then(|rest| rest.strip_prefix(schema)).and_then(|rest| rest.strip_prefix('.'));
        if same == Some(table) {
            return *known;
        }
        let long = format!("{database}.{schema}.{table}");
        let names = [long.clone(), format!("{schema}.{table}"), format!("{database}.{table}"), (*table).to_owned()];
        let known = names.iter().find_map(|name| self.names.get(name)).copied();
        self.table = (long, known);
        known
    }
}
