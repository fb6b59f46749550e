//! The values looked for, asked in constant time however many there are.

use std::collections::HashSet;

use domain::datum::Datum;

/// A set of values, equal as `same_value` has it.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    values: HashSet<Datum>,
    /// The texts, and the numbers that are written as digits alone, to be asked without a copy.
    texts: HashSet<String>,
    sieve: Sieve,
    plain: HashSet<String>,
    numbers: bool,
    truths: bool,
    everything: bool,
}

impl Wanted {
    pub(crate) fn new(values: impl IntoIterator<Item = Datum>) -> Self {
        let values: HashSet<Datum> = values.into_iter().map(|value| datamap::canonical(&value).into_owned()).collect();
        let numbers = values.iter().any(|value| matches!(value, Datum::Number(_)));
        let truths = values.iter().any(|value| matches!(value, Datum::Bool(_)));
        let (mut texts, mut plain) = (HashSet::new(), HashSet::new());
        for value in &values {
            match value {
                Datum::Text(text) => drop(texts.insert(text.clone())),
                Datum::Number(digits) if is_plain(digits) => drop(plain.insert(digits.clone())),
                Datum::Null | Datum::Bool(_) | Datum::Number(_) => {}
                Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => {}
            }
        }
        let sieve = Sieve::of(&texts);
        Self { values, texts, sieve, plain, numbers, truths, everything: false }
    }

    /// Every row, whatever it holds.
    pub(crate) fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    pub(crate) const fn is_everything(&self) -> bool {
        self.everything
    }

    /// Whether one of the values at the path is wanted.
    pub(crate) fn is_in(&self, row: &Datum, path: &str) -> bool {
        row.values_at(path).into_iter().any(|value| self.values.contains(datamap::canonical(value).as_ref()))
    }

    /// Whether this value itself is wanted.
    pub(crate) fn has(&self, value: &Datum) -> bool {
        self.values.contains(datamap::canonical(value).as_ref())
    }

    /// Whether a text that stands for any kind of value is wanted: in CSV, `7` is the number and the text.
    pub(crate) fn has_text(&self, text: &str) -> bool {
        self.has_exact_text(text)
            || (self.numbers && self.has_number(text.trim()))
            || (self.truths && truth(text).is_some_and(|truth| self.values.contains(&Datum::Bool(truth))))
    }

    /// Whether this text itself is wanted.
    pub(crate) fn has_exact_text(&self, text: &str) -> bool {
        self.sieve.may_have(text) && self.texts.contains(text)
    }

    /// Whether the number so written is wanted.
    pub(crate) fn has_number(&self, digits: &str) -> bool {
        if is_plain(digits) {
            return self.plain.contains(digits);
        }
        self.values.contains(datamap::canonical(&Datum::Number(digits.to_owned())).as_ref())
    }
}

/// Tells most texts that are not wanted by their last bytes: hashing each as a set does would cost more than all the rest
/// of passing over a row.
#[derive(Debug)]
struct Sieve([u64; 64]);

impl Default for Sieve {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl Sieve {
    fn of(texts: &HashSet<String>) -> Self {
        let mut sieve = Self::default();
        for (word, bit) in texts.iter().filter_map(|text| Self::place(text)) {
            sieve.0[word] |= bit;
        }
        sieve
    }

    /// Short texts pass.
    fn may_have(&self, text: &str) -> bool {
        Self::place(text).is_none_or(|(word, bit)| self.0[word] & bit != 0)
    }

    fn place(text: &str) -> Option<(usize, u64)> {
        let last = u64::from_le_bytes(*text.as_bytes().last_chunk::<8>()?);
        let hash = last.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
        Some((usize::from(hash[0] & 63), 1 << (hash[1] & 63)))
    }
}

/// Whether a number is its own canonical form for certain.
fn is_plain(digits: &str) -> bool {
    (1..=60).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    text.eq_ignore_ascii_case("false").then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(json: &[&str]) -> Wanted {
        Wanted::new(json.iter().map(|json| Datum::parse_json(json.as_bytes()).unwrap()))
    }

    #[test]
    fn numbers_match_by_size_and_texts_by_bytes() {
        let wanted = wanted(&["7", "\"a\""]);
        let has = |row: &str| wanted.is_in(&Datum::parse_json(row.as_bytes()).unwrap(), "l.v");
        assert!(has(r#"{"l":[{"v":1},{"v":7.0}]}"#));
        assert!(has(r#"{"l":{"v":["b","a"]}}"#));
        assert!(!has(r#"{"l":[{"v":"7"},{"v":null},{"x":7}]}"#));
    }

    #[test]
    fn a_text_of_csv_matches_the_number_it_reads_as() {
        let wanted = wanted(&["7", "true", "\"x\""]);
        assert!(wanted.has_text("7") && wanted.has_text("7.0") && wanted.has_text("True") && wanted.has_text("x"));
        assert!(!wanted.has_text("70") && !wanted.has_text("") && !wanted.has_text("X"));
    }
}
