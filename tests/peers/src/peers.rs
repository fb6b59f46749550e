//! The programs that are asked, each the way its documentation asks it.

use std::error::Error;

use pii::detect::{Confidence, Hit, Scanner};
use redact_core::AnalyzerEngine;
use serde_json::{Value, json};

#[path = "../../../shared/pii/examples/combined/patterns.rs"]
mod patterns;

/// Everyone, made once: making them is not measured.
pub struct Peers {
    scanner: Scanner,
    redact: AnalyzerEngine,
    combined: regex::bytes::Regex,
}

impl Peers {
    pub fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self { scanner: Scanner::new(), redact: AnalyzerEngine::new(), combined: patterns::combined()? })
    }

    /// What one of them finds in a text: `[start, end, type, confidence]` each, in characters.
    pub fn spans(&self, peer: &str, text: &str) -> Result<Vec<Value>, Box<dyn Error>> {
        let characters = |bytes: usize| text.get(..bytes).map_or(0, |before| before.chars().count());
        Ok(match peer {
            "habeas" => {
                let scanner = self.scanner.clone().with_threshold(Confidence::percent(40)).with_people();
                let found = scanner.scan_text(text);
                let span = |one: &pii::detect::Match| json!([one.char_start, one.char_end, one.kind, one.confidence]);
                found.iter().map(span).collect()
            }
            "redact-core" => {
                let found = self.redact.analyze(text, None)?.detected_entities;
                let span = |one: &redact_core::RecognizerResult| {
                    json!([characters(one.start), characters(one.end), one.entity_type.as_str(), one.score])
                };
                found.iter().map(span).collect()
            }
            "datafog-core" => {
                let found = datafog_core::scan(text);
                let spans = found
                    .iter()
                    .map(|one| json!([one.codepoint_range.start, one.codepoint_range.end, one.entity_type, 1.0]));
                spans.collect()
            }
            _ => return Err(format!("nobody is called {peer}").into()),
        })
    }

    /// How much the bare expression finds.
    pub fn by_expression(&self, lines: &[&str]) -> usize {
        lines.iter().map(|line| self.combined.find_iter(line.as_bytes()).count()).sum()
    }

    /// How much Habeas finds in text, by line.
    pub fn by_habeas(&self, lines: &[&str]) -> usize {
        let mut hits: Vec<Hit> = Vec::new();
        let mut count = |line: &&str| {
            hits.clear();
            self.scanner.find(line.as_bytes(), &mut hits);
            hits.len()
        };
        lines.iter().map(&mut count).sum()
    }

    /// The same with names and places, a tier of its own.
    pub fn by_habeas_with_people(&self, lines: &[&str]) -> usize {
        let (scanner, mut hits) = (self.scanner.clone().with_people(), Vec::new());
        let mut count = |line: &&str| {
            hits.clear();
            scanner.find(line.as_bytes(), &mut hits);
            hits.len()
        };
        lines.iter().map(&mut count).sum()
    }

    /// How much Habeas finds in documents, with their field names and paths.
    pub fn by_habeas_in_documents(&self, lines: &[&str]) -> usize {
        let mut documents = self.scanner.documents();
        lines.iter().map(|line| documents.scan(line.as_bytes()).map_or(0, |found| found.len())).sum()
    }

    /// How much datafog-core finds.
    pub fn by_datafog(&self, lines: &[&str]) -> usize {
        lines.iter().map(|line| datafog_core::scan(line).len()).sum()
    }

    /// How much redact-core finds.
    pub fn by_redact(&self, lines: &[&str]) -> usize {
        let count = |line: &&str| self.redact.analyze(line, None).map_or(0, |found| found.detected_entities.len());
        lines.iter().map(count).sum()
    }
}
