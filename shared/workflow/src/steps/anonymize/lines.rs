//! Lines that become one gzip member; members laid end to end are one file.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A member that is long enough to be a part of its own.
const FULL_BYTES: usize = 8 * 1024 * 1024;

/// Lines under way.
pub(super) struct Lines {
    open: GzEncoder<Vec<u8>>,
    rows: u64,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { open: GzEncoder::new(Vec::new(), Compression::fast()), rows: 0 }
    }

    /// Adds a line that stands for one row, or for a find in one.
    pub(super) fn push(&mut self, line: &[u8]) {
        for bytes in [line, b"\n"] {
            self.open.write_all(bytes).expect("a buffer in memory takes everything");
        }
        self.rows += 1;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    pub(super) fn is_full(&self) -> bool {
        self.open.get_ref().len() >= FULL_BYTES
    }

    /// The finished member and its lines; begins another.
    pub(super) fn take(&mut self) -> (Vec<u8>, u64) {
        let lines = std::mem::replace(self, Self::new());
        (lines.open.finish().expect("a buffer in memory takes everything"), lines.rows)
    }
}
