//! Rewritten values as attributes again: what did not change keeps the kind it had, sets stay sets.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use domain::datum::Datum;

use super::attribute::datum;
use super::schema::TableSchema;

/// A rewritten value in the form of the one before it; `None` where nothing is left to store.
#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum is open")]
pub(super) fn rewritten(after: &Datum, before: &AttributeValue) -> Option<AttributeValue> {
    match (after, before) {
        (Datum::Map(entries), AttributeValue::M(known)) => {
            let one = |(name, value): &(String, Datum)| {
                let value = known.get(name).map_or_else(|| Some(plain(value)), |known| rewritten(value, known));
                value.map(|value| (name.clone(), value))
            };
            Some(AttributeValue::M(entries.iter().filter_map(one).collect()))
        }
        (Datum::List(items), AttributeValue::L(known)) if items.len() == known.len() => {
            let one =
                |(item, known): (&Datum, &AttributeValue)| rewritten(item, known).unwrap_or(AttributeValue::Null(true));
            Some(AttributeValue::L(items.iter().zip(known).map(one).collect()))
        }
        (Datum::List(items), AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_)) => {
            if datum(before.clone()).as_ref() == Some(after) { Some(before.clone()) } else { set(items) }
        }
        _ if datum(before.clone()).as_ref() == Some(after) => Some(before.clone()),
        _ => Some(plain(after)),
    }
}

/// A set of what is left: no nulls, each value once. A set can't be empty, nor hold several kinds.
fn set(items: &[Datum]) -> Option<AttributeValue> {
    let items: BTreeSet<&Datum> = items.iter().filter(|item| **item != Datum::Null).collect();
    if items.is_empty() {
        return None;
    }
    let texts: Option<Vec<String>> = items.iter().map(|item| item.as_text().map(str::to_owned)).collect();
    Some(texts.map_or_else(|| AttributeValue::L(items.iter().map(|item| plain(item)).collect()), AttributeValue::Ss))
}

fn plain(value: &Datum) -> AttributeValue {
    match value {
        Datum::Null => AttributeValue::Null(true),
        Datum::Bool(truth) => AttributeValue::Bool(*truth),
        Datum::Number(digits) => AttributeValue::N(digits.clone()),
        Datum::Text(text) => AttributeValue::S(text.clone()),
        Datum::Bytes(bytes) => AttributeValue::B(Blob::new(bytes.clone())),
        Datum::List(items) => AttributeValue::L(items.iter().map(plain).collect()),
        Datum::Map(entries) => {
            let entries = entries.iter().map(|(name, value)| (name.clone(), plain(value)));
            AttributeValue::M(entries.collect::<HashMap<_, _>>())
        }
    }
}

/// Whether an attribute may hold a value: the key of an index can be nothing but what the table declares.
#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum is open")]
pub(super) fn may_hold(schema: &TableSchema, name: &str, value: &AttributeValue) -> bool {
    let is_key = schema.indexes.values().any(|index| index.key.names().any(|key| key == name));
    if !is_key {
        return true;
    }
    match (schema.types.get(name), value) {
        (Some(ScalarAttributeType::S), AttributeValue::S(text)) => !text.is_empty(),
        (Some(ScalarAttributeType::N), AttributeValue::N(_)) => true,
        (Some(ScalarAttributeType::B), AttributeValue::B(bytes)) => !bytes.as_ref().is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Datum {
        Datum::Text(text.to_owned())
    }

    #[test]
    fn what_did_not_change_keeps_its_kind() {
        let tags = AttributeValue::Ss(vec!["a".to_owned(), "b".to_owned()]);
        let before = AttributeValue::M(
            [("tags".to_owned(), tags), ("name".to_owned(), AttributeValue::S("x".to_owned()))].into(),
        );
        let tags = Datum::List(vec![text("a"), text("b")]);
        let after = Datum::Map(vec![("tags".to_owned(), tags), ("name".to_owned(), Datum::Null)]);
        let AttributeValue::M(stored) = rewritten(&after, &before).unwrap() else { panic!("a map") };
        assert!(stored["tags"].is_ss() && stored["name"].is_null());
    }

    #[test]
    fn a_set_without_values_is_nothing() {
        let before = AttributeValue::Ns(vec!["1".to_owned(), "2".to_owned()]);
        assert_eq!(rewritten(&Datum::List(vec![Datum::Null, Datum::Null]), &before), None);
        let hashed = Datum::List(vec![text("hash_b"), text("hash_a"), text("hash_b")]);
        let expected = AttributeValue::Ss(vec!["hash_a".to_owned(), "hash_b".to_owned()]);
        assert_eq!(rewritten(&hashed, &before), Some(expected));
    }
}
