//! `README.html`: the page a person opens first. No script, nothing loaded, every value escaped.

use askama::Template;

use crate::collection::Format;
use crate::entry::{EntryKind, EntryRecord};
use crate::info::{ArchiveInfo, SourceInfo, Subject};

/// More files of one source than this are only counted; the manifest lists them all.
const MOST_FILES_SHOWN: usize = 20;

/// The page claims nothing that the data map does not say.
const NOT_STATED: &str = "None stated";

#[derive(Template)]
#[template(path = "readme.html")]
struct Page<'a> {
    info: &'a ArchiveInfo,
    made_on: String,
    format: &'static str,
    sources: Vec<Section<'a>>,
}

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage<'a> {
    info: &'a ArchiveInfo,
    made_on: String,
    format: &'static str,
    sources: Vec<Section<'a>>,
}

struct Section<'a> {
    info: &'a SourceInfo,
    rows: u64,
    files: Vec<File<'a>>,
    more_files: usize,
}

struct File<'a> {
    name: &'a str,
    rows: String,
    size: String,
}

impl Section<'_> {
    fn purposes(&self) -> String {
        stated(&self.info.purposes)
    }

    fn categories(&self) -> String {
        stated(&self.info.categories)
    }

    fn lawful_bases(&self) -> String {
        stated(&self.info.lawful_bases)
    }

    fn recipients(&self) -> String {
        stated(&self.info.recipients)
    }

    fn transfers(&self) -> String {
        stated(&self.info.transfers)
    }

    fn retention(&self) -> &str {
        self.info.retention.as_deref().unwrap_or(NOT_STATED)
    }

    fn origin(&self) -> &str {
        self.info.origin.as_deref().unwrap_or(NOT_STATED)
    }
}

fn stated(list: &[String]) -> String {
    if list.is_empty() { NOT_STATED.to_owned() } else { list.join(", ") }
}

/// The page about an archive of these entries, with the information of GDPR Art. 15(1) and (2).
///
/// # Panics
/// Never: the template only joins texts.
#[must_use]
pub fn readme(info: &ArchiveInfo, entries: &[&EntryRecord]) -> String {
    let made_on = info.made_at.strftime("%-d %B %Y, %H:%M UTC").to_string();
    let format = match info.format {
        Format::Json => "JSON",
        Format::Csv => "CSV",
        Format::Both => "JSON and CSV",
    };
    let sources = info.sources.iter().map(|source| section(source, entries)).collect();
    let page = match info.subject {
        Subject::Person => Page { info, made_on, format, sources }.render(),
        Subject::AuditLog => LogPage { info, made_on, format, sources }.render(),
    };
    page.expect("joining texts never fails")
}

fn section<'a>(info: &'a SourceInfo, entries: &[&'a EntryRecord]) -> Section<'a> {
    let own = || entries.iter().filter(|entry| entry.source == info.source.as_str());
    let rows = |kind| own().filter(|entry| entry.kind == kind).map(|entry| entry.rows).sum::<u64>();
    let count = own().count();
    Section {
        info,
        rows: rows(EntryKind::Json).max(rows(EntryKind::Csv)),
        files: own().take(MOST_FILES_SHOWN).map(|entry| file(entry)).collect(),
        more_files: count.saturating_sub(MOST_FILES_SHOWN),
    }
}

fn file(entry: &EntryRecord) -> File<'_> {
    let rows = match entry.kind {
        EntryKind::Json | EntryKind::Csv => entry.rows.to_string(),
        EntryKind::Media | EntryKind::Document => "–".to_owned(),
    };
    File { name: &entry.name, rows, size: size(entry.bytes) }
}

/// A size as people say it, in powers of 1000.
fn size(bytes: u64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes / 100 % 10),
        1_000_000..1_000_000_000 => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}
