//! An exported archive, opened and checked, with its rows as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A whole archive.
pub(crate) struct ZipFile {
    /// Contents by path.
    pub(crate) entries: BTreeMap<String, Vec<u8>>,
    /// `dataset.collection` of each path; empty for documents.
    sources: BTreeMap<String, String>,
}

impl ZipFile {
    /// Opens an archive that must be whole and be the one the job promises.
    #[track_caller]
    pub(crate) fn checked(bytes: Vec<u8>, promised: &Value) -> Self {
        assert_eq!(promised["bytes"].as_u64(), u64::try_from(bytes.len()).ok(), "length");
        assert_eq!(promised["sha256"], sha256(&bytes).as_str(), "checksum");
        let verified = archive::verify(Cursor::new(&bytes)).unwrap();
        let wrong: Vec<_> = verified.files.iter().filter(|file| file.problem.is_some()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        let sources = verified.files.iter().map(|file| (file.name.clone(), file.source.clone())).collect();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut entries = BTreeMap::new();
        for at in 0..zip.len() {
            let mut entry = zip.by_index(at).unwrap();
            let name = entry.name().unwrap().into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            entries.insert(name, content);
        }
        Self { entries, sources }
    }

    /// Rows of the JSON files by `dataset.collection`, file after file.
    pub(crate) fn json_rows(&self) -> BTreeMap<String, Vec<Value>> {
        let mut rows: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut files: Vec<_> = self.entries.iter().filter(|(name, _)| name.starts_with("json/")).collect();
        // A collection's files are numbered from the second on, and the tenth comes after the ninth.
        files.sort_by_key(|(name, _)| (name.len(), *name));
        for (name, content) in files {
            let lines = std::str::from_utf8(content).unwrap().lines();
            let parsed = lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}")));
            rows.entry(self.sources[name].clone()).or_default().extend(parsed);
        }
        rows
    }

    /// Rows of the CSV files by `dataset.collection`, each by column.
    pub(crate) fn csv_rows(&self) -> BTreeMap<String, Vec<BTreeMap<String, String>>> {
        let mut rows: BTreeMap<String, Vec<BTreeMap<String, String>>> = BTreeMap::new();
        for (name, content) in self.entries.iter().filter(|(name, _)| name.starts_with("csv/")) {
            let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
            let parsed = csv::Reader::from_reader(content).into_deserialize().map(Result::unwrap);
            rows.entry(self.sources[name].clone()).or_default().extend(parsed);
        }
        rows
    }

    /// SHA-256 of each media file by `dataset.collection`, sorted.
    pub(crate) fn media(&self) -> BTreeMap<String, Vec<String>> {
        let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, content) in self.entries.iter().filter(|(name, _)| name.starts_with("media/")) {
            files.entry(self.sources[name].clone()).or_default().push(sha256(content));
        }
        files.values_mut().for_each(|hashes| hashes.sort());
        files
    }

    /// First folders of the paths.
    pub(crate) fn folders(&self) -> BTreeSet<&str> {
        self.entries.keys().filter_map(|name| name.split_once('/')).map(|(folder, _)| folder).collect()
    }

    /// Everything that is text, in one.
    pub(crate) fn text(&self) -> String {
        self.entries.values().map(|content| String::from_utf8_lossy(content)).collect()
    }
}

/// Asserts that both hold the same rows, whatever their order.
#[track_caller]
pub(crate) fn assert_same_rows(found: &[Value], expected: &[Value], what: &str) {
    let sorted = |rows: &[Value]| {
        let mut texts: Vec<String> = rows.iter().map(canonical).collect();
        texts.sort();
        texts
    };
    let (found, expected) = (sorted(found), sorted(expected));
    assert_eq!(found.len(), expected.len(), "rows of {what}");
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected, "{what}");
    }
}

/// JSON text with sorted keys; a table keeps the value of a number, not its trailing zeros.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<&String, String> =
                fields.iter().map(|(name, value)| (name, canonical(value))).collect();
            format!("{fields:?}")
        }
        Value::Array(items) => format!("{:?}", items.iter().map(canonical).collect::<Vec<_>>()),
        Value::Number(number) => {
            let digits = number.to_string();
            let value = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
            value.to_owned()
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.to_string(),
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
