//! `habeas verify proof`: shows that one event is in the signed log, from one file and the key.

use audit_log::bundle::{Bundle, BundleError};
use audit_log::hash::Hash;

use super::{Unchecked, Verdict, text_of, trusted};
use crate::args::VerifyProofArguments;

/// Says whether the event of the proof is in the log.
pub(super) fn verify(arguments: &VerifyProofArguments) -> Result<Verdict, Unchecked> {
    let text = text_of(&arguments.file)?;
    let bundle = Bundle::parse(&text).map_err(|error| Unchecked(format!("{} is {error}", arguments.file.display())))?;
    let (verifier, origin) = trusted(&arguments.key, arguments.origin.as_deref(), &bundle.checkpoint)?;
    let given = arguments.event.as_deref().map(text_of).transpose()?.map(String::into_bytes);
    let Some(event) = given.or_else(|| bundle.extra.clone()) else {
        return Err(Unchecked(format!("{}; give it with --event", BundleError::NoLeaf)));
    };
    Ok(match bundle.verify(&Hash::of_leaf(&event), &origin, &verifier) {
        Ok(checkpoint) => Verdict::Holds(format!(
            "event {} of the {} that {} signed reads\n{}\nand it can't have been changed since",
            bundle.index,
            checkpoint.size,
            checkpoint.origin,
            String::from_utf8_lossy(&event)
        )),
        Err(error) => Verdict::Broken(error.to_string()),
    })
}
