//! The way in: a directory or texts become a checked map. The only file access of this package.

use std::io;
use std::path::{Path, PathBuf};

use crate::compile::compile;
use crate::finding::{Finding, Place, Report};
use crate::lint;
use crate::manifest::Manifests;
use crate::model::DataMap;
use crate::yaml;

/// A data map as far as it could be used, and all that was found wrong with it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The compiled map; none if any finding is an error.
    pub map: Option<DataMap>,
    /// Findings by file and line.
    pub findings: Vec<Finding>,
}

/// Why a directory could not be read.
#[derive(Debug, thiserror::Error)]
#[error("read {}: {source}", path.display())]
pub struct ReadError {
    path: PathBuf,
    source: io::Error,
}

/// Reads every `*.yml` and `*.yaml` directly in a directory; findings name files by the path given.
///
/// # Errors
/// If the directory or one of its files can't be read; what is wrong inside a file is a finding.
pub fn read_dir(dir: &Path) -> Result<Checked, ReadError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ReadError { path, source }
    };
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed(dir))? {
        let path = entry.map_err(failed(dir))?.path();
        if is_yaml(&path) && path.is_file() {
            let bytes = std::fs::read(&path).map_err(failed(&path))?;
            texts.push((path.display().to_string(), bytes));
        }
    }
    if texts.is_empty() {
        texts.push((dir.display().to_string(), Vec::new()));
    }
    Ok(read(texts))
}

/// Reads named texts as if they were files of one directory.
#[must_use]
pub fn read_strs(files: &[(&str, &str)]) -> Checked {
    read(files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect())
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml")
}

/// The names decide the order, so that the order of reading changes nothing.
fn read(mut files: Vec<(String, Vec<u8>)>) -> Checked {
    files.sort();
    let mut report = Report::new(files.iter().map(|(name, _)| name.clone()).collect());
    let mut manifests = Manifests::default();
    for (file, (_, bytes)) in files.iter().enumerate() {
        match str::from_utf8(bytes) {
            Ok(text) => {
                for document in yaml::parse(file, text, &mut report) {
                    manifests.read(&document, &mut report);
                }
            }
            Err(problem) => {
                let before = bytes.get(..problem.valid_up_to()).unwrap_or_default();
                let line = before.iter().filter(|byte| **byte == b'\n').count();
                let place = Place { file, line: u32::try_from(line).unwrap_or(u32::MAX).saturating_add(1), column: 1 };
                report.error("yaml-syntax", place, "not UTF-8".to_owned(), "");
            }
        }
    }
    let compiled = compile(&manifests, &mut report);
    // What a broken file hides would only be reported as missing elsewhere.
    let unreadable = report.has("yaml-syntax") || report.has("yaml-limit") || report.has("yaml-key");
    if !unreadable {
        lint::check(&manifests, &compiled, &mut report);
    }
    let map = (!report.has_errors()).then_some(compiled.map);
    Checked { map, findings: report.into_findings() }
}
