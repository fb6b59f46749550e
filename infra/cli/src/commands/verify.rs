//! `habeas verify`: says offline, in a sentence, whether a log, a proof or a receipt holds. It reads files and nothing else.

mod log;
mod proof;
mod receipt;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use audit_log::checkpoint::claimed_origin;
use audit_log::key::CheckpointKey;
use audit_log::note::Verifier;

use crate::args::VerifyCommand;
use crate::report;

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// It holds.
    Holds(String),
    /// It doesn't, and where.
    Broken(String),
}

/// Why nothing can be said: a file is missing or isn't what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Unchecked(String);

/// Runs the subcommand: 0 holds, 1 broken, 2 could not be checked.
pub(crate) fn run(command: &VerifyCommand) -> ExitCode {
    let verdict = match command {
        VerifyCommand::Log(arguments) => log::verify(arguments),
        VerifyCommand::Proof(arguments) => proof::verify(arguments),
        VerifyCommand::Receipt(arguments) => receipt::verify(arguments),
    };
    match verdict {
        Ok(Verdict::Holds(sentence)) => {
            report::line(&format!("It holds: {sentence}."));
            ExitCode::SUCCESS
        }
        Ok(Verdict::Broken(sentence)) => {
            report::line(&format!("It is broken: {sentence}."));
            ExitCode::from(1)
        }
        Err(Unchecked(reason)) => {
            report::note(&format!("Nothing was checked: {reason}."));
            ExitCode::from(2)
        }
    }
}

fn text_of(path: &Path) -> Result<String, Unchecked> {
    fs::read_to_string(path).map_err(|error| Unchecked(format!("{} can't be read ({error})", path.display())))
}

/// The key in a file and the name it is trusted under; a PEM file has no name, so the one given or claimed is taken.
fn trusted(key: &Path, origin: Option<&str>, note: &str) -> Result<(Verifier, String), Unchecked> {
    let text = text_of(key)?;
    let wrong = || Unchecked(format!("{} is no Ed25519 public key, neither PEM nor name+hash+key", key.display()));
    if !text.starts_with("-----") {
        let verifier = Verifier::from_text(&text).map_err(|_| wrong())?;
        let origin = origin.unwrap_or(verifier.name()).to_owned();
        return Ok((verifier, origin));
    }
    let key = CheckpointKey::from_pem(&text).map_err(|_| wrong())?;
    let origin = origin.or_else(|| claimed_origin(note)).unwrap_or_default();
    let verifier = Verifier::new(origin, key)
        .ok_or_else(|| Unchecked("the log has no usable name; give it with --origin".to_owned()))?;
    Ok((verifier, origin.to_owned()))
}

#[cfg(test)]
mod tests;
