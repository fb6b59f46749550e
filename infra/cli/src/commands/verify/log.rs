//! `habeas verify log`: opens the checkpoint and re-reads every tile and event below it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use audit_log::checkpoint::Checkpoint;
use audit_log::note::Verifier;
use audit_log::verify::{LogVerifier, Summary};

use super::{Unchecked, Verdict, text_of, trusted};
use crate::args::VerifyLogArguments;

/// Says whether the log in the directory is the one that was signed.
pub(super) fn verify(arguments: &VerifyLogArguments) -> Result<Verdict, Unchecked> {
    let note = text_of(&arguments.dir.join("checkpoint"))?;
    let (verifier, origin) = trusted(&arguments.key, arguments.origin.as_deref(), &note)?;
    let checkpoint = match Checkpoint::open(&note, &origin, &verifier) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return Ok(Verdict::Broken(format!("the checkpoint can't be trusted: {error}"))),
    };
    let known = known(arguments, &origin, &verifier)?;
    let count = known.len();
    let mut pass = match LogVerifier::new(checkpoint, known) {
        Ok(pass) => pass,
        Err(broken) => return Ok(Verdict::Broken(broken.to_string())),
    };
    while let Some(name) = pass.wants() {
        pass.give(read(&arguments.dir, &name.to_string())?.as_deref());
    }
    Ok(match pass.finish() {
        Ok(summary) => Verdict::Holds(sentence(&summary, count)),
        Err(broken) => Verdict::Broken(broken.to_string()),
    })
}

fn sentence(summary: &Summary, known: usize) -> String {
    let mut sentence = format!(
        "all {} events of {} are those that were signed; none was changed, removed, added or moved",
        summary.size, summary.origin
    );
    if let (Some(first), Some(last)) = (&summary.first_at, &summary.last_at) {
        sentence.push_str(&format!(" (from {first} to {last})"));
    }
    match known {
        0 => sentence
            .push_str("; that nothing newer was signed can be told only with a checkpoint kept from before (--known)"),
        count => sentence.push_str(&format!("; it continues the {count} checkpoints kept from before")),
    }
    sentence
}

/// The checkpoints kept from before. One that can't be opened proves nothing, for or against.
fn known(arguments: &VerifyLogArguments, origin: &str, verifier: &Verifier) -> Result<Vec<Checkpoint>, Unchecked> {
    let open = |path: &std::path::PathBuf| {
        Checkpoint::open(&text_of(path)?, origin, verifier)
            .map_err(|error| Unchecked(format!("{} is no checkpoint of this log: {error}", path.display())))
    };
    arguments.known.iter().map(open).collect()
}

fn read(dir: &Path, name: &str) -> Result<Option<Vec<u8>>, Unchecked> {
    let path = dir.join(name);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Unchecked(format!("{} can't be read ({error})", path.display()))),
    }
}
