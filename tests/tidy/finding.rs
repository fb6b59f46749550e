//! What is wrong, where, and the way out.

use std::fmt;

/// One thing to repair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    text: String,
}

impl Finding {
    /// A finding at a line of a file, counted from 1; the text ends with the way out.
    pub(crate) fn new(path: &str, line: usize, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.text)
    }
}

/// Fails the test with one line for each finding.
#[track_caller]
pub(crate) fn none_of(mut findings: Vec<Finding>) {
    findings.sort();
    findings.dedup();
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(lines.is_empty(), "{} to repair:\n{}", lines.len(), lines.join("\n"));
}

/// Fails the test unless exactly one finding was made, and it holds `part`.
#[track_caller]
pub(crate) fn caught(findings: &[Finding], part: &str) {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(lines.len() == 1 && lines[0].contains(part), "expected one finding with {part:?}, got {lines:#?}");
}
