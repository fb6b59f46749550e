//! What the lint says and where: findings with file, line and column.

use std::fmt;

use serde::Serialize;

/// How bad a finding is: a map with an error is not compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The map can't be used.
    Error,
    /// The map works, but probably not as meant.
    Warning,
}

/// One mistake in a data map, at the place where its author can mend it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Finding {
    /// The file, as it was named by the caller.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// Error or warning.
    pub severity: Severity,
    /// The stable name of the rule.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// How to mend it; may be empty.
    pub help: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let Self { file, line, column, code, message, help, severity: _ } = self;
        write!(out, "{file}:{line}:{column}: {severity}[{code}]: {message}")?;
        if help.is_empty() { Ok(()) } else { write!(out, " ({help})") }
    }
}

/// A place in one of the files read; `file` is an index into [`Report::files`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) file: usize,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

/// Collects findings while files are read and checked.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) files: Vec<String>,
    findings: Vec<Finding>,
}

impl Report {
    pub(crate) fn new(files: Vec<String>) -> Self {
        Self { files, findings: Vec::new() }
    }

    pub(crate) fn error(&mut self, code: &'static str, place: Place, message: String, help: &str) {
        self.add(Severity::Error, code, place, (message, help));
    }

    pub(crate) fn warning(&mut self, code: &'static str, place: Place, message: String, help: &str) {
        self.add(Severity::Warning, code, place, (message, help));
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    pub(crate) fn has(&self, code: &str) -> bool {
        self.findings.iter().any(|finding| finding.code == code)
    }

    /// The findings by place, each once.
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        self.findings.sort();
        self.findings.dedup();
        self.findings
    }

    fn add(&mut self, severity: Severity, code: &'static str, place: Place, text: (String, &str)) {
        let (message, help) = text;
        self.findings.push(Finding {
            file: self.files.get(place.file).cloned().unwrap_or_default(),
            line: place.line.max(1),
            column: place.column.max(1),
            severity,
            code,
            message,
            help: help.to_owned(),
        });
    }
}
