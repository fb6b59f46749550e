//! `habeas anonymize`: personal data in files, directories or standard input made unreadable, by the package `pii`.
//!
//! What is read stays as it is; nothing is sent anywhere.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use pii::mask::Method;

use super::scan::reader::Format;
use super::scan::{bytes_of, files_of, is_closed_pipe};
use crate::args::AnonymizeArguments;
use crate::parquet_rows::is_parquet;
use crate::report;

mod table;
mod values;

use values::Values;

/// Anonymises what is named; the summary goes to standard error.
pub(crate) fn run(arguments: &AnonymizeArguments) -> anyhow::Result<ExitCode> {
    if table::is_for_tables(&arguments.method) {
        return table::run(arguments);
    }
    let method: Method = arguments.method.parse().map_err(|error| {
        anyhow::anyhow!("--method {}: {error}; `habeas anonymize --help` lists them", arguments.method)
    })?;
    let mut values = Values::new(arguments, method)?;
    let outcome = if arguments.source == "-" {
        let format = arguments.text.then_some(Format::Text);
        write_to(arguments.out.as_deref(), |out| values.rewrite(io::stdin().lock(), format, out))
    } else {
        files(arguments, &mut values)
    };
    match outcome {
        // A closed pipe is the reader's wish, not a failure of ours.
        Err(error) if is_closed_pipe(&error) => return Ok(ExitCode::SUCCESS),
        other => other?,
    }
    report::note(&values.summary());
    Ok(if values.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn files(arguments: &AnonymizeArguments, values: &mut Values<'_>) -> anyhow::Result<()> {
    let root = Path::new(&arguments.source);
    let is_directory = root.is_dir();
    ensure!(!is_directory || arguments.out.is_some(), "a directory needs --out, another directory to write to");
    let files = files_of(root)?;
    let bar = report::bytes_bar(bytes_of(&files), "anonymising");
    for file in files {
        let is_table = !arguments.text && is_parquet(&file);
        let mut target = match &arguments.out {
            Some(out) if is_directory => Some(out.join(file.strip_prefix(root)?)),
            other => other.clone(),
        };
        // Rows of Parquet leave as lines of JSON; the name must not say otherwise.
        if is_table && is_directory {
            target = target.map(|target| target.with_added_extension("ndjson"));
        }
        refuse_itself(&file, target.as_deref())?;
        let name = file.display().to_string();
        if is_table {
            let written = write_to(target.as_deref(), |out| values.rows(&file, &bar, out));
            written.map_err(|error| if is_closed_pipe(&error) { error } else { error.context(name) })?;
            continue;
        }
        let opened = File::open(&file).with_context(|| format!("{name} can't be read"))?;
        let format = if arguments.text { Some(Format::Text) } else { Format::of_name(&name) };
        let input = BufReader::with_capacity(1 << 16, bar.wrap_read(opened));
        let written = write_to(target.as_deref(), |out| values.rewrite(input, format, out));
        written.map_err(|error| if is_closed_pipe(&error) { error } else { error.context(name) })?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// A file that is read is not written over: half of it would be gone before it is read.
fn refuse_itself(file: &Path, target: Option<&Path>) -> anyhow::Result<()> {
    let same = target.and_then(|target| target.canonicalize().ok()) == file.canonicalize().ok();
    ensure!(!same || target.is_none(), "{} can't be read and written at once; name another --out", file.display());
    Ok(())
}

/// Hands out a writer to a file, made with its directories, or to standard output.
pub(super) fn write_to(
    target: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let Some(path) = target else {
        let mut out = BufWriter::new(io::stdout().lock());
        write(&mut out)?;
        return Ok(out.flush()?);
    };
    let about = || format!("{} can't be written", path.display());
    if let Some(parent) = path.parent().map(PathBuf::from).filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).with_context(about)?;
    }
    let mut out = BufWriter::with_capacity(1 << 16, File::create(path).with_context(about)?);
    write(&mut out)?;
    out.flush().with_context(about)
}
