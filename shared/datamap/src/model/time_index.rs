//! An index that finds rows by their time, so that what expired is asked for and nothing else is read.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

/// An index whose partitions are known beforehand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeIndex {
    /// Its name.
    pub name: String,
    /// The field that is its partition key.
    pub partition_field: String,
    /// Which values that field has.
    pub partitions: Partitions,
}

/// The partitions of an index by time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partitions {
    /// These; the time is the sort key.
    Values(Vec<String>),
    /// One a day, as `2026-01-31`, or several, as `2026-01-31#0` and so on.
    Days {
        /// The first day that has any.
        since: Date,
        /// How many there are for each day.
        shards: Option<u32>,
    },
}

impl TimeIndex {
    /// The partitions that may hold rows from before an instant, oldest first.
    #[must_use]
    pub fn before(&self, instant: Timestamp) -> Vec<String> {
        match &self.partitions {
            Partitions::Values(values) => values.clone(),
            Partitions::Days { since, shards } => {
                // A row may be filed under the day of a zone that is ahead.
                let last = instant.to_zoned(TimeZone::UTC).date().saturating_add(1.day());
                let days = since.series(1.day()).take_while(|day| *day <= last);
                days.flat_map(|day| named(day, *shards)).collect()
            }
        }
    }

    /// Whether the time is a part of the key.
    #[must_use]
    pub const fn is_sorted_by_time(&self) -> bool {
        matches!(self.partitions, Partitions::Values(_))
    }
}

fn named(day: Date, shards: Option<u32>) -> Vec<String> {
    shards.map_or_else(|| vec![day.to_string()], |shards| (0..shards).map(|it| format!("{day}#{it}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(partitions: Partitions) -> TimeIndex {
        TimeIndex { name: "by-day".to_owned(), partition_field: "day".to_owned(), partitions }
    }

    #[test]
    fn days_go_from_the_first_to_the_day_after_the_cut_off() {
        let cut_off: Timestamp = "2026-01-02T12:00:00Z".parse().unwrap();
        let since: Date = "2026-01-01".parse().unwrap();
        let days = index(Partitions::Days { since, shards: None }).before(cut_off);
        assert_eq!(days, ["2026-01-01", "2026-01-02", "2026-01-03"]);
        let sharded = index(Partitions::Days { since, shards: Some(2) }).before(cut_off);
        assert_eq!((sharded.len(), sharded[1].as_str()), (6, "2026-01-01#1"));
        assert!(
            index(Partitions::Days { since: "2027-01-01".parse().unwrap(), shards: None }).before(cut_off).is_empty()
        );
    }
}
