//! What a row becomes, by the work that was ordered. Nothing is read or stored here.

use std::collections::BTreeMap;

use domain::datum::Datum;
use pii::detect::{Match, Scanner};
use pii::differential_privacy::{Cost, Tally};
use pii::mask::{Anonymizer, HashKey, Method, Replacements};
use serde_json::{Map, Value, json};

use super::lines::Lines;
use crate::anonymization::{Asked, AskedOfRows, Bytes, Question, Work, flat, publish};
use crate::refusal::Refusal;
use crate::step_error::StepError;

/// Rows that are kept in memory before they are sealed and stored.
const KEPT_BYTES: u64 = 8 * 1024 * 1024;

/// Takes rows and makes of them what was ordered.
pub(super) struct Treating {
    how: How,
    lines: Lines,
    counts: BTreeMap<String, u64>,
}

#[expect(clippy::large_enum_variant, reason = "there is one of it in a run")]
enum How {
    Scan(Box<Scanner>),
    Anonymize {
        scanner: Box<Scanner>,
        key: HashKey,
        replacements: Replacements<Bytes>,
        method: Method,
        fields: Option<Vec<String>>,
    },
    Publish {
        asked: Asked,
        rows: Vec<Map<String, Value>>,
        bytes: u64,
    },
    Ask {
        question: Question,
        rows_per_person: u32,
        cost: Cost,
        tally: Tally,
    },
}

/// What is left once every row was taken.
pub(super) enum Concluded {
    /// The last parts, with their lines.
    Parts(Vec<(Vec<u8>, u64)>),
    /// It can't be done; our own sentence.
    Refused(String),
}

impl Treating {
    pub(super) fn new(
        work: &Work,
        (key, replacements): (HashKey, Replacements<Bytes>),
        tally: Tally,
        counts: &BTreeMap<String, u64>,
    ) -> Result<Self, StepError> {
        let how = match work.clone() {
            Work::Scan => How::Scan(Box::new(Scanner::new())),
            Work::Anonymize { method, fields } => {
                How::Anonymize { scanner: Box::new(Scanner::new()), key, replacements, method, fields }
            }
            Work::Publish(asked) => How::Publish { asked, rows: Vec::new(), bytes: 0 },
            Work::Ask { question, rows_per_person, cost_micros } => {
                let cost = Cost::micros(cost_micros).ok_or_else(|| StepError::park("the question costs nothing"))?;
                How::Ask { question, rows_per_person, cost, tally }
            }
        };
        Ok(Self { how, lines: Lines::new(), counts: counts.clone() })
    }

    /// Takes the row of this number; answers how many bytes of it are kept to the end.
    pub(super) fn take(&mut self, row: &Datum, number: u64) -> u64 {
        match &mut self.how {
            How::Scan(scanner) => {
                let found: Vec<Match> = scanner.documents().scan(&row.to_json()).unwrap_or_default();
                for one in &found {
                    *self.counts.entry(one.kind.as_str().to_owned()).or_default() += 1;
                }
                if !found.is_empty() {
                    let found: Vec<Value> = found.iter().map(shown).collect();
                    self.lines.push(json!({"row": number, "matches": found}).to_string().as_bytes());
                }
                0
            }
            How::Anonymize { scanner, key, replacements, method, fields } => {
                // What a row wrote as JSON is JSON.
                let Ok(document) = serde_json::from_slice(&row.to_json()) else { return 0 };
                let anonymizer = Anonymizer::new(scanner, *method, key, replacements);
                let anonymizer = match fields {
                    Some(fields) => anonymizer.only(fields),
                    None => anonymizer,
                };
                let done = anonymizer.anonymize(document);
                *self.counts.entry("found".to_owned()).or_default() += done.found as u64;
                *self.counts.entry("unchanged".to_owned()).or_default() += done.unchanged as u64;
                self.lines.push(done.document.to_string().as_bytes());
                0
            }
            How::Publish { asked, rows, bytes } => {
                let Some(mut row) = flat(row) else { return 0 };
                let named = |name: &String| asked.quasi_identifiers.contains(name) || asked.sensitive.contains(name);
                row.retain(|name, _| named(name));
                let length = serde_json::to_vec(&row).map_or(0, |text| text.len() as u64);
                *bytes += length;
                rows.push(row);
                length
            }
            How::Ask { question, rows_per_person, tally, .. } => {
                // The question was checked when it was accepted.
                if let Ok(asked) = AskedOfRows::of(question, *rows_per_person) {
                    asked.add(row, tally);
                }
                0
            }
        }
    }

    pub(super) const fn gathers(&self) -> bool {
        matches!(self.how, How::Publish { .. })
    }

    /// Whether what is in memory should be stored.
    pub(super) fn is_full(&self) -> bool {
        let kept = if let How::Publish { bytes, .. } = &self.how { *bytes } else { 0 };
        self.lines.is_full() || kept >= KEPT_BYTES
    }

    /// The lines so far as a part; none where there are none.
    pub(super) fn take_part(&mut self) -> Option<(Vec<u8>, u64)> {
        (!self.lines.is_empty()).then(|| self.lines.take())
    }

    /// The rows that are kept to the end.
    pub(super) fn take_gathered(&mut self) -> Vec<Map<String, Value>> {
        match &mut self.how {
            How::Publish { rows, bytes, .. } => {
                *bytes = 0;
                std::mem::take(rows)
            }
            How::Scan(_) | How::Anonymize { .. } | How::Ask { .. } => Vec::new(),
        }
    }

    pub(super) const fn tally(&self) -> Tally {
        match &self.how {
            How::Ask { tally, .. } => *tally,
            How::Scan(_) | How::Anonymize { .. } | How::Publish { .. } => Tally { sum: 0, count: 0 },
        }
    }

    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }

    /// What needs every row; at least one part, so that an empty collection has a result as well.
    pub(super) fn conclude(
        &mut self,
        gathered: Vec<Map<String, Value>>,
        mut random: Bytes,
    ) -> Result<Concluded, StepError> {
        match &mut self.how {
            How::Scan(_) | How::Anonymize { .. } => {}
            How::Publish { asked, .. } => {
                let published = match publish(gathered, asked) {
                    Ok(published) => published,
                    Err(refusal) => return refused(&refusal).map(Concluded::Refused),
                };
                let report = &published.report;
                let loss = (report.information_loss * 1e6).round().clamp(0.0, 1e6);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut to a million above")]
                let loss = loss as u64;
                let counts = [
                    ("k", report.privacy.k as u64),
                    ("groups", report.privacy.classes as u64),
                    ("suppressed", report.suppressed as u64),
                    ("removed", report.removed as u64),
                    ("information_loss_millionths", loss),
                ];
                self.counts.extend(counts.map(|(name, count)| (name.to_owned(), count)));
                let mut parts = Vec::new();
                for row in published.rows {
                    self.lines.push(Value::Object(row).to_string().as_bytes());
                    if self.lines.is_full() {
                        parts.push(self.lines.take());
                    }
                }
                parts.push(self.lines.take());
                return Ok(Concluded::Parts(parts));
            }
            How::Ask { question, rows_per_person, cost, tally } => {
                let asked = AskedOfRows::of(question, *rows_per_person);
                let value = asked.and_then(|asked| asked.answer(*tally, *rows_per_person, *cost, &mut random));
                match value {
                    Ok(value) => {
                        let epsilon = cost.as_micros() as f64 / 1e6;
                        self.lines.push(json!({"answer": value, "epsilon": epsilon}).to_string().as_bytes());
                    }
                    Err(refusal) => return refused(&refusal).map(Concluded::Refused),
                }
            }
        }
        Ok(Concluded::Parts(vec![self.lines.take()]))
    }
}

/// A find: where and what, never the value.
fn shown(found: &Match) -> Value {
    json!({
        "type": found.kind.as_str(),
        "field": found.field.as_deref(),
        "start": found.start,
        "end": found.end,
        "confidence": found.confidence.as_f64(),
        "classification": found.classification,
    })
}

/// The sentences of a refusal that is about the order; anything else is for a person to look at.
fn refused(refusal: &Refusal) -> Result<String, StepError> {
    let Refusal::Invalid(fields) = refusal else {
        return Err(StepError::park("the rows were refused for a reason that is not theirs"));
    };
    let said = fields.iter().map(|field| format!("{} {}", field.pointer.trim_start_matches('/'), field.detail));
    Ok(said.collect::<Vec<_>>().join("; "))
}
