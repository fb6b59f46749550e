//! `habeas verify receipt`: checks who signed a receipt, and its place in the log if it names one.

use audit_log::hash::Hash;
use audit_log::key::ReceiptKey;
use audit_log::proof::holds_inclusion;
use audit_log::receipt::{self, LogPosition};
use serde_json::Value;

use super::{Unchecked, Verdict, text_of};
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
    let place = match content.get("log").filter(|log| !log.is_null()) {
        None => "it names no place in the audit log".to_owned(),
        Some(log) => match place_of(log) {
            Ok(place) => place,
            Err(broken) => return Ok(Verdict::Broken(broken)),
        },
    };
    let key_id = verified.key_id.unwrap_or_else(|| "the key given".to_owned());
    let content = serde_json::to_string_pretty(&content).unwrap_or_default();
    Ok(Verdict::Holds(format!("the receipt was signed with {key_id} and reads\n{content}\nand {place}")))
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
