//! Zstandard, unpacked as the bytes arrive, a little at a time so that no input makes memory grow.

use zstd::stream::raw::{DParameter, Decoder, Operation as _};

/// Bytes unpacked at once.
const STEP_BYTES: usize = 128 << 10;

/// The widest window that is followed, 32 MiB: more than any level below `--ultra` has. It bounds memory.
const WINDOW_LOG: u32 = 25;

/// Unpacks one object of one or more frames.
pub(super) struct Unzstd {
    decoder: Decoder<'static>,
    packed: Vec<u8>,
    start: usize,
    unpacked: Vec<u8>,
    /// Whether the last step filled its room, so that more may be ready without any input.
    is_full: bool,
    /// Whether the bytes so far end where a frame ends.
    is_between: bool,
}

/// Not zstd, damaged, cut off, or of a window too wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotZstd;

impl Unzstd {
    pub(super) fn new() -> Self {
        let mut decoder = Decoder::new().expect("a decoder needs memory alone");
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG)).expect("the window is one that zstd has");
        let unpacked = vec![0; STEP_BYTES];
        Self { decoder, packed: Vec::new(), start: 0, unpacked, is_full: false, is_between: true }
    }

    /// Whether packed bytes must be put before more can be unpacked.
    pub(super) const fn is_hungry(&self) -> bool {
        self.start >= self.packed.len() && !self.is_full
    }

    /// Where packed bytes are put.
    pub(super) fn packed(&mut self) -> &mut Vec<u8> {
        self.packed.drain(..self.start);
        self.start = 0;
        &mut self.packed
    }

    /// Unpacks the next few bytes.
    pub(super) fn step(&mut self, out: &mut Vec<u8>) -> Result<(), NotZstd> {
        let input = &self.packed[self.start..];
        let is_more = !input.is_empty();
        let status = self.decoder.run_on_buffers(input, &mut self.unpacked).map_err(|_| NotZstd)?;
        self.start += status.bytes_read;
        out.extend_from_slice(&self.unpacked[..status.bytes_written]);
        self.is_full = status.bytes_written == self.unpacked.len();
        if is_more || status.bytes_written > 0 {
            self.is_between = status.remaining == 0;
        }
        Ok(())
    }

    /// Ends the object; one that was cut off is refused.
    pub(super) const fn finish(&self) -> Result<(), NotZstd> {
        if self.is_between && self.is_hungry() { Ok(()) } else { Err(NotZstd) }
    }
}
