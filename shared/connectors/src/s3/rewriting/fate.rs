//! What becomes of a record.

use datamap::Treatment;
use domain::datum::Datum;
use workflow::ports::ErasureOrder;

/// What becomes of a record, or of several at once.
pub(in crate::s3) enum Fate {
    /// So many records stay.
    Stay(u64),
    Goes,
    Becomes(Vec<u8>),
}

impl Fate {
    /// How many records it is of.
    pub(super) const fn records(&self) -> u64 {
        match self {
            Self::Stay(records) => *records,
            Self::Goes | Self::Becomes(_) => 1,
        }
    }

    /// Of a row that the order takes, whose line is told with the break after it.
    pub(super) fn of_line(order: &ErasureOrder, row: &Datum, line: &[u8]) -> Self {
        match order.treatment {
            Treatment::Delete => Self::Goes,
            Treatment::Keep { .. } => Self::Stay(1),
            Treatment::Rewrite { .. } => order.changed(row).map_or(Self::Stay(1), |after| {
                let end = line.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
                let mut rewritten = after.to_json();
                rewritten.extend_from_slice(&line[end..]);
                Self::Becomes(rewritten)
            }),
        }
    }
}
