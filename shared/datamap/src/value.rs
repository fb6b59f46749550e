//! Values as the walk compares them: numbers by size, texts by bytes, a text never equal to a number.

use std::borrow::Cow;

use domain::datum::Datum;

use crate::model::DataType;

/// Calls `found` with each single value at a dotted path of a row; arrays on the way and at the end are entered.
pub fn values_at<'a>(row: &'a Datum, path: &str, found: &mut dyn FnMut(&'a Datum)) {
    match row {
        Datum::List(items) => {
            for item in items {
                values_at(item, path, found);
            }
        }
        Datum::Map(entries) => {
            let (name, rest) = path.split_once('.').map_or((path, ""), |(name, rest)| (name, rest));
            if path.is_empty() {
                return;
            }
            for (_, value) in entries.iter().filter(|(key, _)| key == name) {
                values_at(value, rest, found);
            }
        }
        Datum::Null => {}
        Datum::Bool(_) | Datum::Number(_) | Datum::Text(_) | Datum::Bytes(_) => {
            if path.is_empty() {
                found(row);
            }
        }
    }
}

/// The one form of a value among all that are equal: `1`, `1.0` and `1e0` are the same number.
#[must_use]
pub fn canonical(value: &Datum) -> Cow<'_, Datum> {
    match value {
        Datum::Number(digits) if is_plain(digits) => Cow::Borrowed(value),
        Datum::Number(digits) => match canonical_number(digits) {
            Some(text) if text != *digits => Cow::Owned(Datum::Number(text)),
            Some(_) | None => Cow::Borrowed(value),
        },
        Datum::Null | Datum::Bool(_) | Datum::Text(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => {
            Cow::Borrowed(value)
        }
    }
}

/// What may lead to rows: single values, no empty text. An empty reference would lead to everybody who lacks one.
pub(crate) fn leads(value: &Datum) -> bool {
    match value {
        Datum::Null | Datum::List(_) | Datum::Map(_) => false,
        Datum::Text(text) => !text.trim().is_empty(),
        Datum::Bytes(bytes) => !bytes.is_empty(),
        Datum::Bool(_) | Datum::Number(_) => true,
    }
}

/// The value as the declared type of the field that is looked up with it, in canonical form.
pub(crate) fn cast(value: &Datum, to: Option<DataType>) -> Datum {
    let value = canonical(value);
    match (value.as_ref(), to) {
        (Datum::Text(text), Some(DataType::Integer | DataType::Float)) => match canonical_number(text.trim()) {
            Some(number) => Datum::Number(number),
            None => value.into_owned(),
        },
        (Datum::Number(digits), Some(DataType::String | DataType::ObjectId)) => Datum::Text(digits.clone()),
        _as_it_is => value.into_owned(),
    }
}

/// Whether a number is a whole one without sign or leading zero, which is its own canonical form.
fn is_plain(digits: &str) -> bool {
    let length = digits.len();
    (1..=60).contains(&length) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Plain decimal digits without needless zeros; very large and very small ones with an exponent. None if not a number.
fn canonical_number(text: &str) -> Option<String> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let all = format!("{whole}{fraction}");
    let led = all.trim_start_matches('0');
    let digits = led.trim_end_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    let dropped = i64::try_from(led.len() - digits.len()).ok()?;
    let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(dropped)?;
    let sign = if negative { "-" } else { "" };
    Some(format!("{sign}{}", written(digits, exponent)))
}

fn written(digits: &str, exponent: i64) -> String {
    match exponent {
        0 => digits.to_owned(),
        1..=64 => digits.chars().chain(std::iter::repeat_n('0', usize::try_from(exponent).unwrap_or(0))).collect(),
        -64..=-1 => {
            let places = usize::try_from(-exponent).unwrap_or(0);
            let padded = format!("{}{digits}", "0".repeat((places + 1).saturating_sub(digits.len())));
            let (whole, fraction) = padded.split_at(padded.len() - places);
            format!("{whole}.{fraction}")
        }
        _far => format!("{digits}e{exponent}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Datum {
        Datum::Number(text.to_owned())
    }

    #[test]
    fn equal_numbers_have_one_form() {
        for (written, form) in [
            ("1", "1"),
            ("1.0", "1"),
            ("1e0", "1"),
            ("0.1e1", "1"),
            ("10e-1", "1"),
            ("-0", "0"),
            ("0.00", "0"),
            ("007", "7"),
            ("120", "120"),
            ("12e1", "120"),
            ("1.50", "1.5"),
            ("15e-1", "1.5"),
            ("0.05", "0.05"),
            ("-2.50", "-2.5"),
            ("1e100", "1e100"),
            ("10e99", "1e100"),
            ("1e-100", "1e-100"),
            ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
        ] {
            assert_eq!(canonical(&number(written)).into_owned(), number(form), "{written}");
        }
    }

    #[test]
    fn what_is_no_number_stays_as_it_is() {
        for written in ["", "-", ".", "abc", "1.2.3", "1e", "0x1", "1e99999999999999999999"] {
            assert_eq!(canonical(&number(written)).into_owned(), number(written));
        }
    }

    #[test]
    fn values_are_cast_to_the_declared_type() {
        let text = |text: &str| Datum::Text(text.to_owned());
        assert_eq!(cast(&text("7"), Some(DataType::Integer)), number("7"));
        assert_eq!(cast(&text("seven"), Some(DataType::Integer)), text("seven"));
        assert_eq!(cast(&number("7.0"), Some(DataType::String)), text("7"));
        assert_eq!(cast(&text("7"), None), text("7"));
    }

    #[test]
    fn paths_enter_objects_and_arrays() {
        let map = |name: &str, value| Datum::Map(vec![(name.to_owned(), value)]);
        let row =
            map("a", Datum::List(vec![map("b", Datum::List(vec![number("1"), number("2")])), map("b", number("3"))]));
        let mut found = Vec::new();
        values_at(&row, "a.b", &mut |value| found.push(value.clone()));
        assert_eq!(found, [number("1"), number("2"), number("3")]);
        values_at(&row, "a", &mut |_| panic!("an object is no value"));
        values_at(&row, "a.b.c", &mut |_| panic!("a number has no fields"));
        values_at(&row, "", &mut |_| panic!("a row is no value"));
    }
}
