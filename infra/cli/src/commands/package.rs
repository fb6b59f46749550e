//! `habeas package`: builds the functions and leaves one directory and one zip for each in `target/lambda`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, ensure};
use aws_lc_rs::digest;
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::args::PackageArguments;
use crate::home::Home;
use crate::{report, stack};

/// The functions, always built together so that their features never change.
pub(crate) const FUNCTIONS: [&str; 14] = [
    "request-api",
    "audit-api",
    "export-worker",
    "erasure-worker",
    "notification-worker",
    "job-sweep",
    "audit-sealer",
    "audit-verifier",
    "deadline-sweep",
    "retention-sweep",
    "anonymize-api",
    "masking-stream",
    "discovery-sweep",
    "restore-replay",
];

/// One packaged function.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    /// Name of the function, of its package and of its directory.
    pub(crate) function: &'static str,
    /// The zip to upload.
    pub(crate) zip: PathBuf,
    /// SHA-256 of the program, in hexadecimal.
    pub(crate) sha256: String,
    program_bytes: u64,
    zip_bytes: u64,
}

/// Builds, packages and prints the sizes.
pub(crate) async fn run(arguments: &PackageArguments) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    build(&home, &arguments.profile)?;
    for package in collect(&home)? {
        let (program, zip) = (megabytes(package.program_bytes), megabytes(package.zip_bytes));
        report::line(&format!(
            "{:20} {program:>6.1} MB   zip {zip:>6.1} MB   {}",
            package.function,
            package.zip.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Beside the packages.
const PROFILE_FILE: &str = "profile";

/// Builds the functions and copies each program to `target/lambda/<function>/bootstrap`.
pub(crate) fn build(home: &Home, profile: &str) -> anyhow::Result<()> {
    let mut command = Command::new("cargo");
    command.current_dir(home.root()).args(["build", "--profile", profile]);
    command.args(["--message-format", "json-render-diagnostics"]);
    // No `-p`: features are then resolved for the whole workspace, and what the CLI was built from is not built again.
    for function in FUNCTIONS {
        command.args(["--bin", function]);
    }
    let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "the functions do not build: see the compiler's message above");
    let programs = programs(&String::from_utf8_lossy(&output.stdout));
    for function in FUNCTIONS {
        let program = programs.get(function).with_context(|| format!("cargo built no program for {function}"))?;
        let target = home.packages().join(function);
        fs::create_dir_all(&target)?;
        place(program, &target.join("bootstrap"))?;
    }
    Ok(fs::write(home.packages().join(PROFILE_FILE), profile)?)
}

/// The cargo profile that the packaged programs were built with.
pub(crate) fn packaged_profile(home: &Home) -> anyhow::Result<String> {
    fs::read_to_string(home.packages().join(PROFILE_FILE))
        .context("nothing is packaged: run `cargo habeas package` first")
}

/// Zips what is in `target/lambda`; a program that has not changed keeps its zip.
pub(crate) fn collect(home: &Home) -> anyhow::Result<Vec<Package>> {
    FUNCTIONS.iter().map(|function| zip_function(home, function)).collect()
}

fn zip_function(home: &Home, function: &'static str) -> anyhow::Result<Package> {
    let directory = home.packages();
    let program = directory.join(function).join("bootstrap");
    let bytes =
        fs::read(&program).with_context(|| format!("no {}: run `cargo habeas package` first", program.display()))?;
    let sha256 = sha256_hex(&bytes);
    let zip = directory.join(format!("{function}.zip"));
    let stamp = directory.join(format!("{function}.sha256"));
    if !zip.is_file() || fs::read_to_string(&stamp).ok().as_deref() != Some(&sha256) {
        stack::write_whole(&zip, &zipped(&bytes)?)?;
        fs::write(&stamp, &sha256)?;
    }
    let zip_bytes = fs::metadata(&zip)?.len();
    Ok(Package { function, zip, sha256, program_bytes: bytes.len() as u64, zip_bytes })
}

/// The same program gives the same bytes: no times, no owner, one entry.
fn zipped(program: &[u8]) -> anyhow::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("bootstrap", options)?;
    writer.write_all(program)?;
    Ok(writer.finish()?.into_inner())
}

/// Programs by name, from cargo's own messages: right wherever its target directory is.
fn programs(messages: &str) -> BTreeMap<String, PathBuf> {
    let parsed = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed
        .filter_map(|message| {
            let program = message["executable"].as_str()?;
            Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(program)))
        })
        .collect()
}

/// Puts a program where its package is made from; one that has not changed keeps its time.
fn place(from: &Path, to: &Path) -> anyhow::Result<()> {
    // A running stack may hold the old file open: replace it, never write into it.
    let partial = to.with_extension("partial");
    if !stripped(from, &partial) {
        fs::copy(from, &partial).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    if fs::read(to).ok() == Some(fs::read(&partial)?) {
        return Ok(fs::remove_file(&partial)?);
    }
    fs::rename(&partial, to).with_context(|| format!("cannot write {}", to.display()))
}

/// Copies without symbols, half of a program of the profile `dev`; false where the C toolchain brings no `strip`.
fn stripped(from: &Path, to: &Path) -> bool {
    let mut command = Command::new("strip");
    command.args(["--strip-all", "-o"]).args([to, from]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[expect(clippy::cast_precision_loss, reason = "sizes are shown to one decimal place")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::{programs, zipped};

    #[test]
    fn the_same_program_gives_the_same_zip() {
        assert_eq!(zipped(b"program").unwrap(), zipped(b"program").unwrap());
        assert_ne!(zipped(b"program").unwrap(), zipped(b"progran").unwrap());
    }

    #[test]
    fn libraries_among_the_messages_are_passed_over() {
        let messages = concat!(
            "{\"target\":{\"name\":\"domain\"},\"executable\":null}\n",
            "not json\n",
            "{\"target\":{\"name\":\"job-sweep\"},\"executable\":\"/t/job-sweep\"}\n",
        );
        let found = programs(messages);
        assert_eq!(found.len(), 1);
        assert!(found["job-sweep"].ends_with("job-sweep"));
    }
}
