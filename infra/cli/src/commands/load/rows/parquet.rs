//! Rows out of Parquet files; a mistake names the number of the row where others name the line.

use std::path::Path;

use domain::datum::Datum;
use indicatif::ProgressBar;

use super::{Mistake, Numbered};
use crate::parquet_rows;

/// Shows every row with its number, and stops at the first mistake.
pub(super) fn each(path: &Path, show: Numbered<'_>) -> Result<(), Mistake> {
    let mut unfit = None;
    let read = parquet_rows::each_row(path, &ProgressBar::hidden(), &mut |number, row| {
        let Datum::Map(row) = row else { return Ok(()) };
        show(number, row).map_err(|found| {
            let text = found.to_string();
            unfit = Some(Mistake::at(path, number, found));
            anyhow::anyhow!(text)
        })
    });
    match (unfit, read) {
        (Some(mistake), _) => Err(mistake),
        (None, Ok(read)) if !read.broken => Ok(()),
        (None, Ok(read)) => Err(Mistake::at(path, read.rows + 1, "not in Parquet form, or of a kind that is not read")),
        (None, Err(error)) => Err(Mistake::of(path, error)),
    }
}
