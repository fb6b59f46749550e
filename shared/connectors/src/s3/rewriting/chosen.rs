//! The very rows of an object that are meant, known by what they hold.

use std::collections::HashMap;

use domain::datum::Datum;
use sha2::{Digest as _, Sha256};
use workflow::ports::ExpiredRow;

/// Rows by digest.
pub(super) type Counts = HashMap<[u8; 32], u64>;

/// How many rows of each kind are meant. Of rows that hold the same any are as good as the others: the first ones go.
#[derive(Debug)]
pub(in crate::s3) struct Chosen(Counts);

impl Chosen {
    pub(in crate::s3) fn of(rows: &[ExpiredRow]) -> Self {
        let mut counts = Counts::new();
        rows.iter().for_each(|it| *counts.entry(digest(&it.row)).or_default() += 1);
        Self(counts)
    }

    /// Whether a row is one of them, beside those that were taken before.
    pub(super) fn takes(&self, row: &Datum, taken: &mut Counts) -> bool {
        let digest = digest(row);
        let Some(meant) = self.0.get(&digest) else { return false };
        let taken = taken.entry(digest).or_default();
        let is_left = *taken < *meant;
        *taken += u64::from(is_left);
        is_left
    }
}

/// An empty cell of CSV is read as an empty text, and is no value where it is rewritten.
fn digest(row: &Datum) -> [u8; 32] {
    let is_value = |value: &Datum| !matches!(value, Datum::Null) && value.as_text() != Some("");
    let Datum::Map(fields) = row else { return Sha256::digest(row.to_json()).into() };
    let settled = Datum::Map(fields.iter().filter(|(_, value)| is_value(value)).cloned().collect());
    Sha256::digest(settled.to_json()).into()
}

#[cfg(test)]
mod tests {
    use workflow::ports::Held;

    use super::*;

    fn row(json: &str) -> Datum {
        Datum::parse_json(json.as_bytes()).unwrap()
    }

    fn chosen(rows: &[&str]) -> Chosen {
        let of = |json: &&str| ExpiredRow { row: row(json), held: Held::new(()), part_of: None };
        Chosen::of(&rows.iter().map(of).collect::<Vec<_>>())
    }

    #[test]
    fn a_row_that_differs_in_anything_is_not_meant() {
        let (chosen, mut taken) = (chosen(&[r#"{"id":1,"at":"2020-01-01","note":""}"#]), Counts::new());
        for other in [r#"{"id":2,"at":"2020-01-01"}"#, r#"{"id":1,"at":"2020-01-02"}"#, r#"{"id":1}"#] {
            assert!(!chosen.takes(&row(other), &mut taken), "{other}");
        }
        assert!(chosen.takes(&row(r#"{"id":1,"at":"2020-01-01","note":null}"#), &mut taken));
    }

    #[test]
    fn of_equal_rows_as_many_go_as_are_meant() {
        let (chosen, mut taken) = (chosen(&[r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":1}"#]), Counts::new());
        let ids = [1, 1, 2, 1, 2].map(|id| chosen.takes(&row(&format!(r#"{{"id":{id}}}"#)), &mut taken));
        assert_eq!(ids, [true, true, true, false, false]);
    }
}
