//! CSV, cut into records as the bytes arrive (RFC 4180, quoted line breaks included). The first record is the header.

use csv_core::{ReadRecordResult, Reader};

use super::broken::{Broken, MAX_RAW_BYTES, MAX_RECORD_BYTES, What};
use super::csv_glance;

/// Records of a stream of bytes.
#[derive(Debug)]
pub(super) struct CsvRecords {
    reader: Reader,
    buffer: Vec<u8>,
    /// Where the bytes of the current record begin.
    raw: usize,
    start: usize,
    /// The bytes of the header, as they came.
    preamble: Vec<u8>,
    fields: Vec<u8>,
    fields_length: usize,
    ends: Vec<usize>,
    ends_length: usize,
    consumed: u64,
    seen: u64,
    line: u64,
    record_line: u64,
    header: Option<Vec<String>>,
}

impl CsvRecords {
    /// Begins at a byte of the object that starts the given line; the header is known if that is not the first.
    pub(super) fn new(consumed: u64, line: u64, header: Option<Vec<String>>) -> Self {
        let mut reader = Reader::new();
        reader.set_line(line);
        Self {
            reader,
            buffer: Vec::new(),
            raw: 0,
            start: 0,
            preamble: Vec::new(),
            fields: vec![0; 4096],
            fields_length: 0,
            ends: vec![0; 64],
            ends_length: 0,
            consumed,
            seen: consumed,
            line,
            record_line: line,
            header,
        }
    }

    /// Bytes up to the end of the last record given.
    pub(super) const fn consumed(&self) -> u64 {
        self.consumed
    }

    /// The line that comes next, from 1.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// The names of the columns, once the header is read.
    pub(super) const fn header(&self) -> Option<&Vec<String>> {
        self.header.as_ref()
    }

    /// Where the next bytes are put.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        self.release();
        self.buffer.drain(..self.raw);
        self.start -= self.raw;
        self.raw = 0;
        &mut self.buffer
    }

    /// The line breaks before the record that was gone to last, and its own bytes with one break after it, as they came.
    /// The line feed after a carriage return stands before the next record. At the end there is nothing but breaks.
    pub(super) fn raw(&self) -> (&[u8], &[u8]) {
        let raw = &self.buffer[self.raw..self.start];
        raw.split_at(raw.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(raw.len()))
    }

    /// The bytes of the header, as they came; once.
    pub(super) fn take_preamble(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.preamble)
    }

    /// Begins the bytes of the next record, if none is begun.
    const fn release(&mut self) {
        if self.consumed == self.seen {
            self.raw = self.start;
        }
    }

    /// Passes over whole records that hold nothing wanted in a column, unread, as far as a glance can tell; how many.
    /// Their bytes are then told as those of one.
    pub(super) fn pass(&mut self, column: usize, is_wanted: impl Fn(&str) -> bool) -> u64 {
        if self.header.is_none() || self.consumed != self.seen {
            return 0;
        }
        let ahead = &self.buffer[self.start..];
        let passed = csv_glance::pass(ahead, column, is_wanted);
        if passed.records > 0 {
            let lines = memchr::memchr_iter(b'\n', &ahead[..passed.bytes]).count();
            self.line += u64::try_from(lines).expect("a count fits in 64 bits");
            self.reader.set_line(self.line);
            self.raw = self.start;
            self.start += passed.bytes;
            self.seen += u64::try_from(passed.bytes).expect("a length fits in 64 bits");
            self.consumed = self.seen;
        }
        passed.records
    }

    /// Goes to the next record; false where more bytes are needed, or at the end.
    pub(super) fn next_record(&mut self, is_end: bool) -> Result<bool, Broken> {
        loop {
            self.record_line = if self.consumed == self.seen { self.line } else { self.record_line };
            let line = self.record_line;
            if !self.read(is_end)? {
                return Ok(false);
            }
            let Some(header) = &self.header else {
                let names: Vec<String> = self.current()?.into_iter().map(str::to_owned).collect();
                let is_double = names.iter().enumerate().any(|(n, name)| names[..n].contains(name));
                if is_double {
                    return Err(Broken { line, what: What::DoubleColumn });
                }
                self.header = Some(names);
                self.preamble = self.buffer[self.raw..self.start].to_vec();
                continue;
            };
            if self.ends_length != header.len() {
                return Err(Broken { line, what: What::FieldCount });
            }
            return Ok(true);
        }
    }

    /// Reads one record into the buffers; false where more bytes are needed, or at the end.
    fn read(&mut self, is_end: bool) -> Result<bool, Broken> {
        if self.consumed == self.seen {
            (self.fields_length, self.ends_length) = (0, 0);
            self.raw = self.start;
        }
        // The reader knows a byte order mark only where it sees all of it at once.
        if self.seen == 0 && !is_end && self.buffer.len() - self.start < 3 {
            return Ok(false);
        }
        let mut closing = false;
        loop {
            let input = if closing { b"\n".as_slice() } else { &self.buffer[self.start..] };
            if input.is_empty() {
                // A line break ends an unfinished record, unless it stands in a quote.
                if !is_end || self.seen == self.consumed {
                    return Ok(false);
                }
                closing = true;
                continue;
            }
            let (fields, ends) = (&mut self.fields[self.fields_length..], &mut self.ends[self.ends_length..]);
            let (result, taken, written, ended) = self.reader.read_record(input, fields, ends);
            if !closing {
                self.start += taken;
                self.seen += u64::try_from(taken).expect("a length fits in 64 bits");
            }
            self.fields_length += written;
            self.ends_length += ended;
            match result {
                ReadRecordResult::Record => {
                    self.consumed = self.seen;
                    self.line = self.reader.line();
                    return Ok(true);
                }
                ReadRecordResult::InputEmpty if closing => return self.unfinished(),
                ReadRecordResult::InputEmpty if self.start - self.raw > MAX_RAW_BYTES => {
                    return Err(Broken { line: self.line, what: What::TooLong });
                }
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.fields.len() >= MAX_RECORD_BYTES => {
                    return Err(Broken { line: self.line, what: What::TooLong });
                }
                ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if self.ends.len() >= MAX_RECORD_BYTES => {
                    return Err(Broken { line: self.line, what: What::TooLong });
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    /// At the end of the object: blank lines are nothing, anything else is a quote that never closes.
    fn unfinished(&mut self) -> Result<bool, Broken> {
        if self.fields_length == 0 && self.ends_length == 0 {
            self.consumed = self.seen;
            return Ok(false);
        }
        Err(Broken { line: self.line, what: What::OpenQuote })
    }

    /// One field of the record that was gone to.
    pub(super) fn field(&self, position: usize) -> Result<&str, Broken> {
        let ends = &self.ends[..self.ends_length];
        let from = position.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
        let to = ends.get(position).copied().unwrap_or(from);
        let field = std::str::from_utf8(&self.fields[from..to]);
        field.map_err(|_| Broken { line: self.record_line, what: What::NotUtf8 })
    }

    /// The fields of the record that was gone to.
    pub(super) fn current(&self) -> Result<Vec<&str>, Broken> {
        let mut from = 0;
        let mut fields = Vec::with_capacity(self.ends_length);
        for end in &self.ends[..self.ends_length] {
            let field = std::str::from_utf8(&self.fields[from..*end]);
            fields.push(field.map_err(|_| Broken { line: self.record_line, what: What::NotUtf8 })?);
            from = *end;
        }
        Ok(fields)
    }
}
