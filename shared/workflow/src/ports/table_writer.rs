//! Writing rows of nobody as a table that others can read. A format, not a place: no call is made.

use datamap::Collection;
use domain::datum::Datum;

use super::PortError;

/// Writes rows as a Parquet file.
pub trait TableWriter: Send + Sync {
    /// A whole file; the same rows always give the same bytes, and every value can be read back as it was.
    ///
    /// # Errors
    /// `Corrupt` where rows can't be written so.
    fn parquet(&self, collection: &Collection, rows: &[&Datum]) -> Result<Vec<u8>, PortError>;
}
