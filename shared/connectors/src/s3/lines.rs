//! NDJSON, cut into lines as the bytes arrive. Blank lines are passed over.

use domain::datum::Datum;

use super::broken::{Broken, MAX_RAW_BYTES, MAX_RECORD_BYTES, What};

/// Lines of a stream of bytes.
#[derive(Debug)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// Where the blank lines before the current row begin,
    raw: usize,
    /// and where its own line does.
    own: usize,
    is_given: bool,
    start: usize,
    searched: usize,
    consumed: u64,
    line: u64,
}

impl Lines {
    /// Begins at a byte of the object that starts the given line.
    pub(super) const fn new(consumed: u64, line: u64) -> Self {
        Self { buffer: Vec::new(), raw: 0, own: 0, is_given: false, start: 0, searched: 0, consumed, line }
    }

    /// Bytes up to the end of the last line given.
    pub(super) const fn consumed(&self) -> u64 {
        self.consumed
    }

    /// The line that comes next, from 1.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// Where the next bytes are put.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        self.release();
        self.buffer.drain(..self.raw);
        self.searched -= self.raw;
        self.start -= self.raw;
        self.raw = 0;
        &mut self.buffer
    }

    /// The bytes before the row that was given last, which belong to no row, and those of its line, as they came. At the
    /// end there is nothing but the former.
    pub(super) fn raw(&self) -> (&[u8], &[u8]) {
        let own = if self.is_given { self.own } else { self.start };
        (&self.buffer[self.raw..own], &self.buffer[own..self.start])
    }

    /// Begins the bytes of the next row.
    const fn release(&mut self) {
        if self.is_given {
            self.raw = self.start;
            self.is_given = false;
        }
    }

    /// The next row; `None` where more bytes are needed, or at the end.
    pub(super) fn next_row(&mut self, is_end: bool) -> Result<Option<Datum>, Broken> {
        Ok(self.next_if(is_end, |_| true)?.flatten())
    }

    /// The next row, read only if its line passes a glance; `None` where more bytes are needed, or at the end.
    pub(super) fn next_if(
        &mut self,
        is_end: bool,
        is_read: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Option<Datum>>, Broken> {
        self.release();
        loop {
            let (line, begin) = (self.line, self.start);
            let Some(bytes) = self.next_line(is_end)? else { return Ok(None) };
            let length = bytes.len();
            let bytes = if line == 1 { bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes) } else { bytes };
            let own = begin + length - bytes.len();
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let row = if is_read(bytes) {
                let Ok(row @ Datum::Map(_)) = Datum::parse_json(bytes) else {
                    return Err(Broken { line, what: What::NotAnObject });
                };
                Some(row)
            } else {
                None
            };
            (self.own, self.is_given) = (own, true);
            return Ok(Some(row));
        }
    }

    /// Passes over whole lines that do not pass a glance, unread; how many rows they are. Their bytes are then told as
    /// those of one.
    pub(super) fn pass(&mut self, is_read: impl Fn(&[u8]) -> bool) -> u64 {
        self.release();
        // A byte order mark is for the reader.
        if self.line == 1 {
            return 0;
        }
        let (mut rows, mut lines, mut end) = (0, 0, self.start);
        while let Some(length) = memchr::memchr(b'\n', &self.buffer[end..]) {
            let line = &self.buffer[end..end + length];
            let is_blank = line.iter().all(u8::is_ascii_whitespace);
            if length > MAX_RECORD_BYTES || (!is_blank && is_read(line)) {
                break;
            }
            rows += u64::from(!is_blank);
            lines += 1;
            end += length + 1;
        }
        if rows > 0 {
            self.consumed += u64::try_from(end - self.start).expect("a length fits in 64 bits");
            self.line += lines;
            (self.own, self.is_given) = (self.raw, true);
            (self.start, self.searched) = (end, end);
        }
        rows
    }

    fn next_line(&mut self, is_end: bool) -> Result<Option<&[u8]>, Broken> {
        let found = memchr::memchr(b'\n', &self.buffer[self.searched..]);
        let end = found.map_or(self.buffer.len(), |position| self.searched + position);
        if end - self.start > MAX_RECORD_BYTES || end - self.raw > MAX_RAW_BYTES {
            return Err(Broken { line: self.line, what: What::TooLong });
        }
        self.searched = end;
        let is_whole = found.is_some() || (is_end && end > self.start);
        if !is_whole {
            return Ok(None);
        }
        let next = end + usize::from(found.is_some());
        let line = &self.buffer[self.start..end];
        self.consumed += u64::try_from(next - self.start).expect("a length fits in 64 bits");
        (self.start, self.searched) = (next, next);
        self.line += 1;
        Ok(Some(line))
    }
}
