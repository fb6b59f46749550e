//! Rows of an export from a Parquet object: a page at a time, from any row on.

use domain::datum::Datum;
use workflow::ports::PortError;

use super::{Ranges, Table};
use crate::scope::Scope;
use crate::wanted::Wanted;

/// Rows put together at once.
const ROWS_AT_ONCE: usize = 1024;

/// Rows found and where the search stands.
#[derive(Debug, Default, PartialEq)]
pub(in crate::s3) struct Found {
    pub(in crate::s3) rows: Vec<Datum>,
    /// Rows of the object that were looked at, from its beginning.
    pub(in crate::s3) at: u64,
    /// Whether that was all.
    pub(in crate::s3) is_done: bool,
}

impl<R: Ranges> Table<R> {
    /// The tenant's rows that hold a wanted value, from a row on; ends early once there are some, or a row group went by.
    pub(in crate::s3) async fn find(
        &mut self,
        scope: &Scope<'_>,
        wanted: &Wanted,
        from: u64,
    ) -> Result<Found, PortError> {
        let mut first = 0;
        for group in 0..self.footer.num_row_groups() {
            let end = first + self.rows(group) as u64;
            if end <= from {
                first = end;
                continue;
            }
            let skipped = usize::try_from(from.saturating_sub(first)).unwrap_or(usize::MAX);
            let picks = self.picks(scope, wanted, group).await?;
            let picks = &picks[picks.partition_point(|pick| *pick < skipped)..];
            let now = &picks[..picks.len().min(ROWS_AT_ONCE)];
            let at = match (now.last(), now.len() < picks.len()) {
                (Some(last), true) => first + *last as u64 + 1,
                (_, _) => end,
            };
            let mut rows = Vec::new();
            if !now.is_empty() {
                rows = self.read_rows(scope, (group, now), |_, _, _| Ok(())).await?;
                rows.retain(|row| scope.is_owned(row));
            }
            let is_done = at == end && group + 1 == self.footer.num_row_groups();
            return Ok(Found { rows, at, is_done });
        }
        Ok(Found { rows: Vec::new(), at: first, is_done: true })
    }

    /// Bytes of the row group that a row is in, as they are stored.
    pub(in crate::s3) fn bytes_at(&self, row: u64) -> u64 {
        let mut first = 0;
        for group in self.footer.row_groups() {
            first += u64::try_from(group.num_rows()).unwrap_or(0);
            if row < first {
                return u64::try_from(group.compressed_size()).unwrap_or(0);
            }
        }
        0
    }
}
