//! Gzip, unpacked as the bytes arrive, a little at a time so that no input makes memory grow.

use std::io::Write as _;

use flate2::write::MultiGzDecoder;

/// Packed bytes taken at once; they unpack to at most about a thousand times as much.
const STEP_BYTES: usize = 4096;

/// Unpacks one object.
pub(super) struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    packed: Vec<u8>,
    start: usize,
}

/// Not gzip, damaged, or cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotGzip;

impl Gunzip {
    pub(super) fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), packed: Vec::new(), start: 0 }
    }

    /// Whether packed bytes must be put before more can be unpacked.
    pub(super) const fn is_hungry(&self) -> bool {
        self.start >= self.packed.len()
    }

    /// Where packed bytes are put.
    pub(super) fn packed(&mut self) -> &mut Vec<u8> {
        self.packed.drain(..self.start);
        self.start = 0;
        &mut self.packed
    }

    /// Unpacks the next few bytes.
    pub(super) fn step(&mut self, out: &mut Vec<u8>) -> Result<(), NotGzip> {
        let end = self.packed.len().min(self.start + STEP_BYTES);
        self.decoder.write_all(&self.packed[self.start..end]).map_err(|_| NotGzip)?;
        self.start = end;
        self.decoder.flush().map_err(|_| NotGzip)?;
        out.append(self.decoder.get_mut());
        Ok(())
    }

    /// Ends the object; one that was cut off is refused.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), NotGzip> {
        self.decoder.try_finish().map_err(|_| NotGzip)?;
        out.append(self.decoder.get_mut());
        Ok(())
    }
}
