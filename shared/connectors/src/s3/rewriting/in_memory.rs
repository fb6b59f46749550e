//! The same for an object that is in memory already, for tests and measurements.

use datamap::RowFormat;
use workflow::ports::{ErasureOrder, PortError};

use super::{Next, Rewriting, Work};
use crate::scope::Scope;
use crate::wanted::Wanted;

/// Bytes given at once, as many as a body brings.
const CHUNK_BYTES: usize = 64 << 10;

/// An object after an order; the same that erasing does to it in a bucket.
///
/// # Errors
/// `Corrupt` where the object is not of this format.
pub fn rewrite_object(
    order: &ErasureOrder,
    format: RowFormat,
    is_gzip: bool,
    bytes: &[u8],
) -> Result<Vec<u8>, PortError> {
    let scope = Scope::of(&order.lookup)?;
    let wanted = Wanted::new(scope.values());
    let mut rewriting = Rewriting::write(Work { scope: &scope, order, wanted: &wanted, format }, is_gzip);
    let mut chunks = bytes.chunks(CHUNK_BYTES);
    loop {
        match rewriting.next().map_err(|broken| broken.of_object(1))? {
            Next::Record => {}
            Next::End => return Ok(rewriting.take()),
            Next::Bytes => match chunks.next() {
                Some(chunk) => rewriting.input().extend_from_slice(chunk),
                None => rewriting.end().map_err(|broken| broken.of_object(1))?,
            },
        }
    }
}
