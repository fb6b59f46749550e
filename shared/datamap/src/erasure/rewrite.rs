//! Rewriting one row: the same row and keys give the same result, and rewriting the result changes nothing.
//!
//! That is what makes erasure safe to repeat and its confirmation exact: what rewriting would still change is not erased.

use domain::datum::Datum;
use domain::request::{Identity, IdentityKind};

use super::FieldRewrite;
use super::free_text::without_finds;
use super::pseudonym::{filled, is_hash, shortened};
use crate::correction::{FILLS, KIND, VALUE, WAS};
use crate::model::{Masking, Strategy};

/// What a text becomes where the map names no other (V10).
const REDACTED: &str = "[REDACTED]";

/// The keyed hashes that masking needs. The keys stay with the caller.
pub trait Masker: Send + Sync {
    /// A keyed hash that is the same for the tenant in every job, hexadecimal, at least 16 digits.
    fn lasting(&self, value: &[u8]) -> String;

    /// A keyed hash under a key that is destroyed with the job, hexadecimal, at least 16 digits.
    fn passing(&self, value: &[u8]) -> String;
}

/// The row with its fields rewritten.
#[must_use]
pub fn rewrite(row: &Datum, fields: &[FieldRewrite], masker: &dyn Masker) -> Datum {
    let mut row = row.clone();
    for field in fields {
        let path: Vec<&str> = field.path.split('.').collect();
        rewrite_at(&mut row, &path, &field.masking, masker);
    }
    row
}

fn rewrite_at(value: &mut Datum, path: &[&str], masking: &Masking, masker: &dyn Masker) {
    match value {
        // A correction is of one value: which of several it is nobody has said.
        Datum::List(_) if masking.strategy == Strategy::Correct => {}
        Datum::List(items) => {
            for item in items {
                rewrite_at(item, path, masking, masker);
            }
        }
        Datum::Map(entries) => match path {
            [] => *value = masked(value, masking, masker),
            [name] if masking.strategy == Strategy::Delete => entries.retain(|(key, _)| key != name),
            [name, rest @ ..] => {
                for (_, inner) in entries.iter_mut().filter(|(key, _)| key == name) {
                    rewrite_at(inner, rest, masking, masker);
                }
            }
        },
        Datum::Null | Datum::Bool(_) | Datum::Number(_) | Datum::Text(_) | Datum::Bytes(_) => {
            if path.is_empty() {
                *value = masked(value, masking, masker);
            }
        }
    }
}

/// Null stays null (V10).
fn masked(value: &Datum, masking: &Masking, masker: &dyn Masker) -> Datum {
    let fills = masking.strategy == Strategy::Correct && masking.configuration.contains_key(FILLS);
    if *value == Datum::Null && !fills {
        return Datum::Null;
    }
    match masking.strategy {
        Strategy::Preserve => value.clone(),
        Strategy::Delete | Strategy::NullRewrite => Datum::Null,
        Strategy::StringRewrite => {
            filled(masking.configuration.get("rewrite_value").map_or(REDACTED, String::as_str), value, masker)
        }
        Strategy::Hash | Strategy::Hmac => marked(value, "hash_", |bytes| masker.lasting(bytes)),
        Strategy::Correct => corrected(value, masking),
        Strategy::PiiRewrite => without_finds(value, masking),
        // Encryption under a key that is destroyed is random text to everyone.
        Strategy::RandomStringRewrite | Strategy::AesEncrypt => marked(value, "anon_", |bytes| masker.passing(bytes)),
    }
}

/// The value that is right; one with values of its own inside is left alone.
fn corrected(value: &Datum, masking: &Masking) -> Datum {
    if masking.configuration.get(WAS).is_some_and(|was| !is_identity(value, masking, was)) {
        return value.clone();
    }
    let right = masking.configuration.get(VALUE).and_then(|text| Datum::parse_json(text.as_bytes()).ok());
    match (value, right) {
        (Datum::List(_) | Datum::Map(_), _) | (_, None) => value.clone(),
        (Datum::Null | Datum::Bool(_) | Datum::Number(_) | Datum::Text(_) | Datum::Bytes(_), Some(right)) => right,
    }
}

/// Whether a value is this identity, however it is spelt.
fn is_identity(value: &Datum, masking: &Masking, was: &str) -> bool {
    let (Datum::Text(text) | Datum::Number(text)) = value else { return false };
    let kind = masking.configuration.get(KIND).and_then(|kind| IdentityKind::parse(kind));
    let identity = kind.and_then(|kind| Identity::new(kind, text).ok());
    identity.is_some_and(|identity| identity.value.expose() == was)
}

/// The mark in front tells what is rewritten already.
fn marked(value: &Datum, mark: &str, hash: impl FnOnce(&[u8]) -> String) -> Datum {
    let is_done = value.as_text().and_then(|text| text.strip_prefix(mark)).is_some_and(is_hash);
    if is_done {
        return value.clone();
    }
    Datum::Text(format!("{mark}{}", shortened(&hash(&value.to_json()))))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Plain;

    impl Masker for Plain {
        fn lasting(&self, value: &[u8]) -> String {
            format!("{:016x}", value.iter().map(|byte| u64::from(*byte)).sum::<u64>())
        }

        fn passing(&self, value: &[u8]) -> String {
            format!("f{:015x}", value.len())
        }
    }

    fn field(path: &str, strategy: Strategy, text: Option<&str>) -> FieldRewrite {
        let configuration: BTreeMap<String, String> =
            text.into_iter().map(|text| ("rewrite_value".to_owned(), text.to_owned())).collect();
        FieldRewrite { path: path.to_owned(), masking: Masking { strategy, configuration } }
    }

    fn row() -> Datum {
        Datum::parse_json(
            br#"{"id":7,"email":"ada@example.com","tags":["a","b"],"none":null,
                 "places":[{"street":"1 Main","zip":"1"},{"street":"2 Main"}],"visits":3}"#,
        )
        .unwrap()
    }

    #[test]
    fn rewriting_twice_changes_nothing_more() {
        for strategy in [
            Strategy::Delete,
            Strategy::NullRewrite,
            Strategy::StringRewrite,
            Strategy::Hash,
            Strategy::Hmac,
            Strategy::RandomStringRewrite,
            Strategy::AesEncrypt,
            Strategy::PiiRewrite,
            Strategy::Preserve,
        ] {
            let paths = ["email", "tags", "none", "places.street", "visits"];
            let fields: Vec<FieldRewrite> = paths.iter().map(|path| field(path, strategy, None)).collect();
            let once = rewrite(&row(), &fields, &Plain);
            assert_eq!(rewrite(&once, &fields, &Plain), once, "{strategy:?}");
            assert_eq!(once == row(), strategy == Strategy::Preserve, "{strategy:?}");
        }
    }

    #[test]
    fn only_the_named_fields_change() {
        let fields = [
            field("email", Strategy::StringRewrite, Some("deleted_{pseudonym}@anonymized.local")),
            field("places.street", Strategy::Delete, None),
            field("tags", Strategy::NullRewrite, None),
        ];
        let wanted = Datum::parse_json(
            br#"{"id":7,"email":"deleted_0000000000000633@anonymized.local","tags":[null,null],"none":null,
                 "places":[{"zip":"1"},{}],"visits":3}"#,
        )
        .unwrap();
        let after = rewrite(&row(), &fields, &Plain);
        let Datum::Text(email) = after.get("email").unwrap() else { panic!("a text") };
        assert!(email.starts_with("deleted_") && email.ends_with("@anonymized.local"), "{email}");
        let same = |value: &Datum| rewrite(value, &[field("email", Strategy::NullRewrite, None)], &Plain);
        assert_eq!(same(&after), same(&wanted));
    }

    #[test]
    fn null_stays_null() {
        let fields = [field("none", Strategy::Hash, None)];
        assert_eq!(rewrite(&row(), &fields, &Plain), row());
    }
}
