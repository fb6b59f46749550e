//! The same for an object that is in memory already, for tests and measurements.

use std::ops::Range;

use bytes::Bytes;
use datamap::RowFormat;
use futures::FutureExt as _;
use workflow::ports::{ErasureOrder, PortError};

use super::super::packing::Packing;
use super::super::parquet::judged::Parts;
use super::super::parquet::{Indexes, Ranges, Table};
use super::{Next, Rewriting, Work, Works};
use crate::failure::corrupt;
use crate::scope::Scope;
use crate::wanted::Wanted;

/// Bytes given at once, as many as a body brings.
const CHUNK_BYTES: usize = 64 << 10;
/// Bytes taken at once, as many as a part of an upload has.
const PART_BYTES: usize = 8 << 20;
/// Bytes of the end that are there at first.
const TAIL_LENGTH: usize = 1 << 20;

/// An object after an order; the same that erasing does to it in a bucket.
///
/// # Errors
/// `Corrupt` where the object is not of this format.
pub fn rewrite_object(order: &ErasureOrder, format: RowFormat, key: &str, bytes: &[u8]) -> Result<Vec<u8>, PortError> {
    let scope = Scope::of(&order.lookup)?;
    let wanted = Wanted::new(scope.values());
    let work = Work { scope: &scope, order, wanted: &wanted, format, chosen: None };
    if format == RowFormat::Parquet {
        let rewritten = rewrite_table(Works::of(&work), &Bytes::copy_from_slice(bytes)).now_or_never();
        return rewritten.unwrap_or_else(|| Err(corrupt("rewrite object", "memory is there at once")));
    }
    let mut rewriting = Rewriting::write(Works::of(&work), Packing::of(key));
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

async fn rewrite_table(works: Works<'_>, object: &Bytes) -> Result<Vec<u8>, PortError> {
    let tail = object.slice(object.len().saturating_sub(TAIL_LENGTH)..);
    let mut table = Table::open(Whole(object.clone()), (object.len() as u64, tail), Indexes::Read, 1).await?;
    let judged = table.judge(works).await?;
    let mut parts = Collected(Vec::new());
    if judged.tallies.of(0).rows == 0 {
        return Ok(object.to_vec());
    }
    if judged.tallies.is_empty_after() {
        return Ok(parts.0);
    }
    let last = table.write(&judged, works, PART_BYTES, &mut parts).await?;
    parts.0.extend(last);
    Ok(parts.0)
}

/// An object as a whole.
pub(in crate::s3) struct Whole(pub(in crate::s3) Bytes);

impl Ranges for Whole {
    async fn read(&mut self, range: Range<u64>) -> Result<Bytes, PortError> {
        let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(self.0.len());
        Ok(self.0.slice(index(range.start)..index(range.end)))
    }
}

/// Parts that only stay together.
struct Collected(Vec<u8>);

impl Parts for Collected {
    async fn put(&mut self, bytes: Vec<u8>) -> Result<(), PortError> {
        self.0.extend(bytes);
        Ok(())
    }
}
