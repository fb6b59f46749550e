//! When two values mean the same, as a join needs it. Exact: nothing passes through a float.

use super::Datum;

/// Whether two values mean the same: `1` is `1.0` and `10e-1`, maps in any order, a text is never a number.
#[must_use]
pub fn same_value(left: &Datum, right: &Datum) -> bool {
    match (left, right) {
        (Datum::Number(left), Datum::Number(right)) => same_number(left, right),
        (Datum::List(left), Datum::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same_value(l, r))
        }
        (Datum::Map(left), Datum::Map(right)) => same_map(left, right),
        _ => left == right,
    }
}

fn same_map(left: &[(String, Datum)], right: &[(String, Datum)]) -> bool {
    let mut left: Vec<_> = left.iter().collect();
    let mut right: Vec<_> = right.iter().collect();
    left.sort_unstable_by_key(|(name, _)| name);
    right.sort_unstable_by_key(|(name, _)| name);
    left.len() == right.len() && left.iter().zip(&right).all(|((l, lv), (r, rv))| l == r && same_value(lv, rv))
}

fn same_number(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    match (Decimal::read(left), Decimal::read(right)) {
        (Some(left), Some(right)) => left == right,
        (None, _) | (_, None) => false,
    }
}

/// 0.d1d2d3… times ten to the exponent, d1 and the last digit not zero, so that equal numbers are equal.
#[derive(PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    digits: Vec<u8>,
    exponent: i128,
}

impl Decimal {
    fn read(text: &str) -> Option<Self> {
        let (is_negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, power) = match rest.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let Some(first) = digits.iter().position(|digit| *digit != b'0') else {
            return Some(Self { is_negative: false, digits: Vec::new(), exponent: 0 });
        };
        let last = digits.iter().rposition(|digit| *digit != b'0').unwrap_or(first);
        let exponent = i128::from(power) + signed(whole.len()) - signed(first);
        Some(Self { is_negative, digits: digits[first..=last].to_vec(), exponent })
    }
}

fn signed(length: usize) -> i128 {
    i128::try_from(length).expect("a length fits in 127 bits")
}

#[cfg(test)]
mod tests {
    use super::{Datum, same_value};

    fn check(left: &str, right: &str, expected: bool) {
        let read = |text: &str| Datum::parse_json(text.as_bytes()).unwrap();
        assert_eq!(same_value(&read(left), &read(right)), expected, "{left} {right}");
        assert_eq!(same_value(&read(right), &read(left)), expected, "{right} {left}");
    }

    #[test]
    fn numbers_are_the_same_by_value() {
        check("1", "1.0", true);
        check("10", "1e1", true);
        check("0.10", "100e-3", true);
        check("-0", "0.00e7", true);
        check("1", "-1", false);
        check("10", "1", false);
        check("100000000000000000001", "100000000000000000000", false);
        check("1e99999999999999999999", "1e99999999999999999998", false);
    }

    #[test]
    fn a_text_is_never_a_number() {
        check("\"1\"", "1", false);
        check("\"1\"", "\"1.0\"", false);
        check("[1,{\"a\":2,\"b\":3}]", "[1.0,{\"b\":3.0,\"a\":2}]", true);
        check("{\"a\":1}", "{\"a\":1,\"b\":null}", false);
    }
}
