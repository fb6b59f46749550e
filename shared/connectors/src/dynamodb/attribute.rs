//! Attribute values as data and back. Numbers keep the digits `DynamoDB` gave, sets become lists in the order they came.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use domain::datum::Datum;

/// Significant digits of a `DynamoDB` number.
const NUMBER_DIGITS: usize = 38;
/// Longest partition key, in bytes.
const KEY_BYTES: usize = 2048;

/// The value as it is stored; `None` for kinds of value that this code does not know.
#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum is open")]
pub(super) fn datum(value: AttributeValue) -> Option<Datum> {
    Some(match value {
        AttributeValue::Null(_) => Datum::Null,
        AttributeValue::Bool(truth) => Datum::Bool(truth),
        AttributeValue::N(digits) => Datum::Number(digits),
        AttributeValue::S(text) => Datum::Text(text),
        AttributeValue::B(blob) => Datum::Bytes(blob.into_inner()),
        AttributeValue::Ns(items) => Datum::List(items.into_iter().map(Datum::Number).collect()),
        AttributeValue::Ss(items) => Datum::List(items.into_iter().map(Datum::Text).collect()),
        AttributeValue::Bs(items) => {
            Datum::List(items.into_iter().map(|blob| Datum::Bytes(blob.into_inner())).collect())
        }
        AttributeValue::L(items) => Datum::List(items.into_iter().map(datum).collect::<Option<_>>()?),
        AttributeValue::M(fields) => {
            let fields = fields.into_iter().map(|(name, value)| Some((name, datum(value)?)));
            Datum::Map(fields.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// The value as a partition key of this type; `None` where no such key can exist, so that nothing is asked for it.
pub(super) fn key(value: &Datum, kind: &ScalarAttributeType) -> Option<Datum> {
    match (kind, value) {
        (ScalarAttributeType::S, Datum::Text(text) | Datum::Number(text)) => {
            (1..=KEY_BYTES).contains(&text.len()).then(|| Datum::Text(text.clone()))
        }
        (ScalarAttributeType::N, Datum::Text(text) | Datum::Number(text)) => number(text.trim()),
        (ScalarAttributeType::B, Datum::Bytes(bytes)) => (1..=KEY_BYTES).contains(&bytes.len()).then(|| value.clone()),
        _ => None,
    }
}

/// A key value as it is sent.
pub(super) fn attribute(key: &Datum) -> Option<AttributeValue> {
    match key {
        Datum::Text(text) => Some(AttributeValue::S(text.clone())),
        Datum::Number(digits) => Some(AttributeValue::N(digits.clone())),
        Datum::Bytes(bytes) => Some(AttributeValue::B(Blob::new(bytes.clone()))),
        Datum::Null | Datum::Bool(_) | Datum::List(_) | Datum::Map(_) => None,
    }
}

/// The number in canonical form if `DynamoDB` can hold it: others are refused by it, and with them the whole request.
fn number(text: &str) -> Option<Datum> {
    let looks_right = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'));
    if !looks_right || text.len() > 200 {
        return None;
    }
    let canonical = datamap::canonical(&Datum::Number(text.to_owned())).into_owned();
    let Datum::Number(digits) = &canonical else { return None };
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((digits, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let plain = mantissa.trim_start_matches('-');
    if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    let last = i64::try_from(fraction.len()).ok()?;
    let leading = i64::try_from(all.trim_start_matches('0').len()).ok()? - last + exponent;
    let fits = significant.len() <= NUMBER_DIGITS && (significant.is_empty() || (-129..=126).contains(&leading));
    fits.then_some(canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_number(text: &str, expected: Option<&str>) {
        let expected = expected.map(|digits| Datum::Number(digits.to_owned()));
        assert_eq!(key(&Datum::Text(text.to_owned()), &ScalarAttributeType::N), expected, "{text}");
    }

    #[test]
    fn numbers_of_38_digits_stay_exact() {
        let digits = "12345678901234567890123456789012345678";
        assert_eq!(datum(AttributeValue::N(digits.to_owned())), Some(Datum::Number(digits.to_owned())));
        check_number(digits, Some(digits));
        check_number("0.12345678901234567890123456789012345678", Some("0.12345678901234567890123456789012345678"));
    }

    #[test]
    fn keys_that_can_not_exist_are_not_asked_for() {
        check_number("123456789012345678901234567890123456789", None);
        check_number("1e126", None);
        check_number("1e125", Some("1e125"));
        check_number("seven", None);
        check_number("", None);
        check_number("7.0", Some("7"));
        assert_eq!(key(&Datum::Text(String::new()), &ScalarAttributeType::S), None);
        assert_eq!(key(&Datum::Text("x".repeat(2049)), &ScalarAttributeType::S), None);
        assert_eq!(key(&Datum::Bool(true), &ScalarAttributeType::S), None);
        let number = Datum::Number("7".to_owned());
        assert_eq!(key(&number, &ScalarAttributeType::S), Some(Datum::Text("7".to_owned())));
    }

    #[test]
    fn sets_bytes_and_nests_keep_their_content() {
        let inner = AttributeValue::L(vec![AttributeValue::Null(true), AttributeValue::B(Blob::new([0, 255]))]);
        let value = AttributeValue::M([("a".to_owned(), inner)].into());
        let expected = Datum::List(vec![Datum::Null, Datum::Bytes(vec![0, 255])]);
        assert_eq!(datum(value), Some(Datum::Map(vec![("a".to_owned(), expected)])));
        let set = AttributeValue::Ns(vec!["1.0".to_owned(), "2".to_owned()]);
        let expected = Datum::List(vec![Datum::Number("1.0".to_owned()), Datum::Number("2".to_owned())]);
        assert_eq!(datum(set), Some(expected));
    }
}
