//! A data set that may be published: which class each row is in and what is said of it.

use super::check::Privacy;
use super::column::Column;

/// What was checked before the release left, and what it costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// k, l and t as measured on the published values.
    pub privacy: Privacy,
    /// The normalised certainty penalty, 0 to 1, over all rows of the input.
    pub information_loss: f64,
    /// The sum of squared class sizes; a removed row counts as the whole.
    pub discernibility: u128,
    /// How many rows lost all their quasi-identifiers.
    pub suppressed: usize,
    /// How many of these are not published at all, since together they would not fulfil the policy.
    pub removed: usize,
}

/// An anonymised data set in the order of its input.
#[derive(Debug)]
pub struct Release {
    pub(super) class_of_row: Vec<u32>,
    /// Per column the different texts.
    pub(super) texts: Vec<Vec<String>>,
    /// Per column the text of each class.
    pub(super) text_of_class: Vec<Vec<u32>>,
    pub(super) report: Report,
}

/// The class of rows that are not published.
pub(super) const REMOVED: u32 = u32::MAX;

impl Release {
    /// What was checked and what it costs.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Whether a row of the input is published.
    #[must_use]
    pub fn is_published(&self, row: usize) -> bool {
        self.class_of_row.get(row).is_some_and(|class| *class != REMOVED)
    }

    /// What is published of a quasi-identifier of a row; nothing for a removed row.
    #[must_use]
    pub fn text(&self, column: usize, row: usize) -> Option<&str> {
        let class = *self.class_of_row.get(row).filter(|class| **class != REMOVED)?;
        let text = *self.text_of_class.get(column)?.get(class as usize)?;
        Some(&self.texts[column][text as usize])
    }

    /// Writes the published rows as CSV: the quasi-identifiers widened, the `kept` columns as they are.
    pub fn write_csv(&self, quasi: &[Column], kept: &[Column], out: &mut Vec<u8>) {
        let names: Vec<&str> = quasi.iter().chain(kept).map(Column::name).collect();
        write_record(&names, out);
        // A class is written once and copied for each of its rows.
        let classes = self.text_of_class.first().map_or(0, Vec::len);
        let mut heads: Vec<(usize, usize)> = Vec::with_capacity(classes);
        let mut written = Vec::new();
        for class in 0..classes {
            let start = written.len();
            for (texts, of_class) in self.texts.iter().zip(&self.text_of_class) {
                write_field(&texts[of_class[class] as usize], &mut written);
                written.push(b',');
            }
            heads.push((start, written.len() - 1));
        }
        for (row, class) in self.class_of_row.iter().enumerate().filter(|(_, class)| **class != REMOVED) {
            let (start, end) = heads[*class as usize];
            out.extend_from_slice(&written[start..end]);
            for column in kept {
                out.push(b',');
                write_field(column.text(row).unwrap_or_default(), out);
            }
            out.push(b'\n');
        }
    }
}

fn write_record(fields: &[&str], out: &mut Vec<u8>) {
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_field(field, out);
    }
    out.push(b'\n');
}

fn write_field(field: &str, out: &mut Vec<u8>) {
    if !field.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(field.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(field.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}
