//! `habeas verify receipt`: checks who signed a receipt, and its place in the log if it names one.

use audit_log::bundle::Bundle;
use audit_log::hash::Hash;
use audit_log::key::ReceiptKey;
use audit_log::proof::holds_inclusion;
use audit_log::receipt::{self, LogPosition, Receipt, Verified, verify_place};
use serde_json::Value;

use super::{Unchecked, Verdict, text_of, trusted};
use crate::args::VerifyReceiptArguments;

/// Says whether the receipt was signed with the key and says what it said then.
pub(super) fn verify(arguments: &VerifyReceiptArguments) -> Result<Verdict, Unchecked> {
    let pem = text_of(&arguments.key)?;
    let key =
        ReceiptKey::from_pem(&pem).map_err(|error| Unchecked(format!("{} is {error}", arguments.key.display())))?;
    let text = text_of(&arguments.file)?;
    let compact = text.strip_suffix('\n').unwrap_or(&text);
    let verified = match receipt::verify(compact, &key) {
        Ok(verified) => verified,
        Err(error) => return Ok(Verdict::Broken(error.to_string())),
    };
    let Ok(content) = verified.read::<Value>() else {
        return Ok(Verdict::Broken("the content is signed but no JSON".to_owned()));
    };
    let place = match beside(arguments, compact, &verified)? {
        Some(Ok(place)) => place,
        Some(Err(broken)) => return Ok(Verdict::Broken(broken)),
        None => match named(&content) {
            Ok(place) => place,
            Err(broken) => return Ok(Verdict::Broken(broken)),
        },
    };
    let key_id = verified.key_id.unwrap_or_else(|| "the key given".to_owned());
    let content = serde_json::to_string_pretty(&content).unwrap_or_default();
    Ok(Verdict::Holds(format!("the receipt was signed with {key_id} and reads\n{content}\nand {place}")))
}

/// The place that a proof beside the receipt shows.
fn beside(
    arguments: &VerifyReceiptArguments,
    compact: &str,
    verified: &Verified,
) -> Result<Option<Result<String, String>>, Unchecked> {
    let (Some(proof), Some(key)) = (&arguments.proof, &arguments.log_key) else { return Ok(None) };
    let text = text_of(proof)?;
    let bundle = Bundle::parse(&text).map_err(|error| Unchecked(format!("{} is {error}", proof.display())))?;
    let (verifier, origin) = trusted(key, arguments.origin.as_deref(), &bundle.checkpoint)?;
    let Ok(receipt) = verified.read::<Receipt>() else {
        return Ok(Some(Err("the content is signed but no receipt this version reads".to_owned())));
    };
    let shown = verify_place((compact, &receipt), &bundle, &origin, &verifier);
    Ok(Some(match shown {
        Ok(checkpoint) => Ok(format!(
            "event {} of the {} that {} signed names it by its hash, so it can't have been made or changed afterwards",
            bundle.index, checkpoint.size, checkpoint.origin
        )),
        Err(error) => Err(format!("the receipt is signed, but {error}")),
    }))
}

/// The place a receipt names by itself.
fn named(content: &Value) -> Result<String, String> {
    match content.get("log").filter(|log| !log.is_null()) {
        None => Ok("no proof of its place in the audit log was given".to_owned()),
        Some(log) => place_of(log),
    }
}

fn place_of(log: &Value) -> Result<String, String> {
    let unreadable = || "the receipt is signed, but the place in the audit log it names can't be read".to_owned();
    let position: LogPosition = serde_json::from_value(log.clone()).map_err(|_| unreadable())?;
    let hash = |text: &String| text.parse::<Hash>().map_err(|_| unreadable());
    let path: Vec<Hash> = position.inclusion.iter().map(hash).collect::<Result<_, _>>()?;
    let (leaf, root) = (hash(&position.leaf_hash)?, hash(&position.root)?);
    let LogPosition { origin, leaf_index, tree_size, .. } = position;
    if holds_inclusion(&leaf, leaf_index, tree_size, &path, &root) {
        Ok(format!("its proof leads from event {leaf_index} of {origin} to the root over {tree_size} events ({root})"))
    } else {
        Err("the receipt is signed, but its proof doesn't lead to the root of the audit log it names".to_owned())
    }
}
