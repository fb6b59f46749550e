//! `habeas scan`: personal data in files, directories or standard input, by the package `pii`. It changes and sends nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use indicatif::ProgressBar;
use pii::detect::{PiiType, Scanner};

use crate::args::ScanArguments;
use crate::parquet_rows::{self, is_parquet};
use crate::report;

#[cfg(test)]
mod bad_input;
mod finding;
pub(super) mod reader;

use finding::Finding;
use reader::{Format, Read};

/// Scans what is named and prints each find; the summary goes to standard error.
pub(crate) fn run(arguments: &ScanArguments) -> anyhow::Result<ExitCode> {
    let mut scan = Scan::new(arguments);
    let outcome = if arguments.source == "-" {
        scan.read("-", io::stdin().lock(), arguments.text.then_some(Format::Text))
    } else {
        scan.files(Path::new(&arguments.source))
    };
    match outcome.and_then(|()| Ok(scan.out.flush()?)) {
        // A closed pipe is the reader's wish, not a failure of ours.
        Err(error) if is_closed_pipe(&error) => return Ok(ExitCode::SUCCESS),
        other => other?,
    }
    scan.summarise();
    Ok(if scan.unreadable > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

struct Scan<'a> {
    arguments: &'a ScanArguments,
    scanner: Scanner,
    out: BufWriter<io::StdoutLock<'static>>,
    counts: BTreeMap<PiiType, u64>,
    lines: u64,
    unreadable: u64,
}

impl<'a> Scan<'a> {
    fn new(arguments: &'a ScanArguments) -> Self {
        Self {
            arguments,
            scanner: if arguments.people { Scanner::new().with_people() } else { Scanner::new() },
            out: BufWriter::new(io::stdout().lock()),
            counts: BTreeMap::new(),
            lines: 0,
            unreadable: 0,
        }
    }

    fn files(&mut self, path: &Path) -> anyhow::Result<()> {
        let files = files_of(path)?;
        let bar = report::bytes_bar(bytes_of(&files), "scanning");
        for file in files {
            let source = file.display().to_string();
            if !self.arguments.text && is_parquet(&file) {
                self.read_table(&source, &file, &bar)?;
                continue;
            }
            let format = if self.arguments.text { Some(Format::Text) } else { Format::of_name(&source) };
            let opened = File::open(&file).with_context(|| format!("{source} can't be read"))?;
            self.read(&source, BufReader::with_capacity(1 << 16, bar.wrap_read(opened)), format)?;
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn read(&mut self, source: &str, input: impl io::BufRead, format: Option<Format>) -> anyhow::Result<()> {
        let (arguments, scanner) = (self.arguments, self.scanner.clone());
        let (out, counts) = (&mut self.out, &mut self.counts);
        let read = reader::read(input, format, &scanner, &mut |line, found: Finding<'_>| {
            *counts.entry(found.kind).or_default() += 1;
            found.write(out, source, line, arguments.json)
        });
        self.note(source, read)
    }

    /// Each row of a Parquet file is a document; its number stands for the line.
    fn read_table(&mut self, source: &str, file: &Path, bar: &ProgressBar) -> anyhow::Result<()> {
        let (json, scanner) = (self.arguments.json, self.scanner.clone());
        let (out, counts) = (&mut self.out, &mut self.counts);
        let mut documents = scanner.documents();
        let read = parquet_rows::each_row(file, bar, &mut |line, row| {
            for found in &documents.scan(&row.to_json())? {
                let found = Finding::of_match(found);
                *counts.entry(found.kind).or_default() += 1;
                found.write(out, source, line, json)?;
            }
            Ok(())
        });
        self.note(source, read.map(|read| Read { lines: read.rows, broken: read.broken, ..Read::default() }))
    }

    fn note(&mut self, source: &str, read: anyhow::Result<Read>) -> anyhow::Result<()> {
        let read = read.map_err(|error| {
            if is_closed_pipe(&error) { error } else { error.context(format!("{source} can't be read")) }
        })?;
        self.lines += read.lines;
        if read.unreadable > 0 {
            report::note(&format!(
                "{source}: {} of {} lines are no JSON and were scanned as text",
                read.unreadable, read.lines
            ));
        }
        if read.broken {
            self.unreadable += 1;
            report::note(&format!("{source}: can't be read to its end as the format its name says"));
        }
        Ok(())
    }

    fn summarise(&self) {
        let total: u64 = self.counts.values().sum();
        let kinds: Vec<String> = self.counts.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        report::note(&format!("{} lines, {total} found: {}", self.lines, kinds.join(", ")));
    }
}

/// How much there is to read, for a bar.
pub(super) fn bytes_of(files: &[PathBuf]) -> u64 {
    files.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}

/// The files under a directory in the order of their names, or the file itself; links are not followed.
pub(super) fn files_of(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let about = || format!("{} can't be read", path.display());
    if !path.symlink_metadata().with_context(about)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in directory.read_dir().with_context(about)? {
            let entry = entry.with_context(about)?;
            let kind = entry.file_type().with_context(about)?;
            if kind.is_dir() {
                directories.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}
