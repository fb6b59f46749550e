//! The very rows of an object that are meant, known by what they hold.

use std::collections::HashSet;

use domain::datum::Datum;
use sha2::{Digest as _, Sha256};
use workflow::ports::ExpiredRow;

/// Rows by digest. Rows that hold the same are the same: they share their fate.
#[derive(Debug)]
pub(in crate::s3) struct Chosen(HashSet<[u8; 32]>);

impl Chosen {
    pub(in crate::s3) fn of(rows: &[ExpiredRow]) -> Self {
        Self(rows.iter().map(|it| digest(&it.row)).collect())
    }

    pub(in crate::s3) fn has(&self, row: &Datum) -> bool {
        self.0.contains(&digest(row))
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

    #[test]
    fn a_row_that_differs_in_anything_is_not_meant() {
        let chosen =
            Chosen::of(&[ExpiredRow { row: row(r#"{"id":1,"at":"2020-01-01","note":""}"#), held: Held::new(()) }]);
        assert!(chosen.has(&row(r#"{"id":1,"at":"2020-01-01","note":null}"#)));
        for other in [r#"{"id":2,"at":"2020-01-01"}"#, r#"{"id":1,"at":"2020-01-02"}"#, r#"{"id":1}"#] {
            assert!(!chosen.has(&row(other)), "{other}");
        }
    }
}
