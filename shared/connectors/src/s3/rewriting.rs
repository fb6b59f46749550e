//! One object rewritten as it streams by: rows of the order go or change, every other byte stays as it came.
//!
//! Pure: bytes in, bytes out. Memory is one record and what was written since it was last taken.

use std::io::Write as _;

use datamap::{RowFormat, Treatment};
use domain::datum::Datum;
use flate2::Compression;
use flate2::write::GzEncoder;
use workflow::ports::ErasureOrder;

use self::columns::Columns;
use self::tally::Tally;
use super::broken::{Broken, What};
use super::gunzip::Gunzip;
use super::records::Records;
use crate::scope::Scope;
use crate::wanted::Wanted;

mod columns;
mod tally;

/// What rows are looked for and what becomes of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) order: &'a ErasureOrder,
    pub(super) wanted: &'a Wanted,
    pub(super) format: RowFormat,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Bytes must be put, or the end told.
    Bytes,
    /// A record went by.
    Record,
    /// The object is done.
    End,
}

/// What becomes of a record.
enum Fate {
    Stays,
    Goes,
    Becomes(Vec<u8>),
}

/// Where the rewritten bytes go.
enum Sink {
    /// Nowhere: the object is only counted.
    Count,
    Plain(Vec<u8>),
    Gzip(Box<GzEncoder<Vec<u8>>>),
}

/// An object on its way.
pub(super) struct Rewriting<'a> {
    work: Work<'a>,
    gunzip: Option<Gunzip>,
    records: Records,
    columns: Option<Columns>,
    sink: Sink,
    tally: Tally,
    /// Whether a record went whose line break may have a second half, which goes as well.
    is_half_gone: bool,
    is_end: bool,
}

impl<'a> Rewriting<'a> {
    /// Counts the rows of an object.
    pub(super) fn count(work: Work<'a>, is_gzip: bool) -> Self {
        Self::new(work, is_gzip, Sink::Count)
    }

    /// Rewrites an object into the form it has.
    pub(super) fn write(work: Work<'a>, is_gzip: bool) -> Self {
        let gzip = || Sink::Gzip(Box::new(GzEncoder::new(Vec::new(), Compression::default())));
        Self::new(work, is_gzip, if is_gzip { gzip() } else { Sink::Plain(Vec::new()) })
    }

    fn new(work: Work<'a>, is_gzip: bool, sink: Sink) -> Self {
        let records = Records::new(work.format, 0, 1, None);
        let gunzip = is_gzip.then(Gunzip::new);
        Self { work, gunzip, records, columns: None, sink, tally: Tally::default(), is_half_gone: false, is_end: false }
    }

    /// What has gone by.
    pub(super) const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Bytes written and not taken yet.
    pub(super) fn written(&self) -> usize {
        match &self.sink {
            Sink::Count => 0,
            Sink::Plain(out) => out.len(),
            Sink::Gzip(encoder) => encoder.get_ref().len(),
        }
    }

    /// Takes what was written.
    pub(super) fn take(&mut self) -> Vec<u8> {
        match &mut self.sink {
            Sink::Count => Vec::new(),
            Sink::Plain(out) => std::mem::take(out),
            Sink::Gzip(encoder) => std::mem::take(encoder.get_mut()),
        }
    }

    /// Where bytes of the object are put.
    pub(super) fn input(&mut self) -> &mut Vec<u8> {
        match &mut self.gunzip {
            Some(gunzip) => gunzip.packed(),
            None => self.records.buffer(),
        }
    }

    /// Tells that no more bytes come.
    pub(super) fn end(&mut self) -> Result<(), Broken> {
        if let Some(gunzip) = &mut self.gunzip {
            let mut rest = Vec::new();
            let line = self.records.line();
            gunzip.finish(&mut rest).map_err(|_| Broken { line, what: What::NotGzip })?;
            self.records.buffer().append(&mut rest);
        }
        self.is_end = true;
        Ok(())
    }

    /// Goes on by one record.
    pub(super) fn next(&mut self) -> Result<Next, Broken> {
        loop {
            if let Some(fate) = self.record()? {
                self.put(fate);
                return Ok(Next::Record);
            }
            if self.is_end {
                self.finish();
                return Ok(Next::End);
            }
            let Some(gunzip) = self.gunzip.as_mut().filter(|gunzip| !gunzip.is_hungry()) else {
                return Ok(Next::Bytes);
            };
            let line = self.records.line();
            gunzip.step(self.records.buffer()).map_err(|_| Broken { line, what: What::NotGzip })?;
        }
    }

    /// What becomes of the next record; nothing where more bytes are needed.
    fn record(&mut self) -> Result<Option<Fate>, Broken> {
        let Work { scope, order, wanted, .. } = self.work;
        let is_taken = |row: &Datum| scope.is_owned(row) && order.takes(row);
        match &mut self.records {
            Records::NdJson(lines) => {
                let Some(row) = lines.next_row(self.is_end)? else { return Ok(None) };
                if !wanted.is_in(&row, &scope.lookup.field) || !is_taken(&row) {
                    return Ok(Some(Fate::Stays));
                }
                let fate = json_fate(order, &row, lines.raw().1);
                self.tally.add(&fate, || order.seen(&row));
                Ok(Some(fate))
            }
            Records::Csv(records) => {
                if !records.next_record(self.is_end)? {
                    return Ok(None);
                }
                let preamble = records.take_preamble();
                let header = records.header().expect("a record comes after its header");
                let columns = match &mut self.columns {
                    Some(columns) => columns,
                    none @ None => none.insert(Columns::of(header, scope, order)?),
                };
                self.sink.put(&preamble);
                let fields = records.current()?;
                if !columns.is_wanted(&fields, wanted) {
                    return Ok(Some(Fate::Stays));
                }
                let row = columns.row(header, &fields);
                if !is_taken(&row) {
                    return Ok(Some(Fate::Stays));
                }
                let fate = match order.treatment {
                    Treatment::Delete => Fate::Goes,
                    Treatment::Keep { .. } => Fate::Stays,
                    Treatment::Rewrite { .. } => {
                        let changed = columns.rewritten(&fields, order.masker.as_ref(), records.raw().1);
                        changed.map_or(Fate::Stays, Fate::Becomes)
                    }
                };
                self.tally.add(&fate, || order.seen(&row));
                Ok(Some(fate))
            }
        }
    }

    fn put(&mut self, fate: Fate) {
        self.put_before();
        let (_, own) = self.records.raw();
        match fate {
            Fate::Stays => {
                self.tally.others += 1;
                self.sink.put(own);
            }
            Fate::Goes => self.is_half_gone = own.ends_with(b"\r"),
            Fate::Becomes(bytes) => self.sink.put(&bytes),
        }
    }

    /// What belongs to no record stays.
    fn put_before(&mut self) {
        let (before, _) = self.records.raw();
        let is_half_gone = std::mem::take(&mut self.is_half_gone);
        let rest = before.strip_prefix(b"\n").filter(|_| is_half_gone);
        self.sink.put(rest.unwrap_or(before));
    }

    fn finish(&mut self) {
        if let Records::Csv(records) = &mut self.records {
            // The header of an object without records.
            let preamble = records.take_preamble();
            self.sink.put(&preamble);
        }
        self.put_before();
        let sink = std::mem::replace(&mut self.sink, Sink::Count);
        self.sink = match sink {
            Sink::Gzip(encoder) => Sink::Plain(encoder.finish().expect("a vector takes every byte")),
            other @ (Sink::Count | Sink::Plain(_)) => other,
        };
    }
}

fn json_fate(order: &ErasureOrder, row: &Datum, raw: &[u8]) -> Fate {
    match order.treatment {
        Treatment::Delete => Fate::Goes,
        Treatment::Keep { .. } => Fate::Stays,
        Treatment::Rewrite { .. } => order.changed(row).map_or(Fate::Stays, |after| {
            let end = raw.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
            let mut line = after.to_json();
            line.extend_from_slice(&raw[end..]);
            Fate::Becomes(line)
        }),
    }
}

impl Sink {
    fn put(&mut self, bytes: &[u8]) {
        match self {
            Self::Count => {}
            Self::Plain(out) => out.extend_from_slice(bytes),
            Self::Gzip(encoder) => encoder.write_all(bytes).expect("a vector takes every byte"),
        }
    }
}

#[cfg(test)]
mod tests;
