//! One object rewritten as it streams by: rows of the order go or change, every other byte stays as it came.
//!
//! Pure: bytes in, bytes out. Memory is one record and what was written since it was last taken.

use datamap::{RowFormat, Treatment};
use domain::datum::Datum;
use workflow::ports::{ErasureOrder, Target};

pub(super) use self::chosen::Chosen;
use self::columns::Columns;
pub(super) use self::fate::Fate;
use self::glance::Glance;
#[cfg(test)]
pub(super) use self::in_memory::Whole;
pub use self::in_memory::rewrite_object;
pub(super) use self::tally::Tally;
pub(super) use self::together::{Tallies, Works};
use super::broken::Broken;
use super::packing::{Packer, Packing, Unpacker};
use super::records::Records;
use crate::scope::Scope;
use crate::wanted::Wanted;

mod chosen;
mod columns;
mod fate;
mod glance;
mod in_memory;
mod tally;
mod together;

/// What rows are looked for and what becomes of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) order: &'a ErasureOrder,
    pub(super) wanted: &'a Wanted,
    pub(super) format: RowFormat,
    /// The very rows that are meant, where they are known; else the order says which it takes.
    pub(super) chosen: Option<&'a Chosen>,
}

impl Work<'_> {
    /// The field that is looked up.
    pub(super) fn field(&self) -> &str {
        &self.scope.lookup.field
    }

    /// Whether a row of the tenant that was found is meant, beside what was taken of the object before.
    pub(super) fn takes(&self, row: &Datum, tally: &mut Tally) -> bool {
        let is_meant = |chosen: &Chosen| chosen.takes(row, &mut tally.taken);
        self.scope.is_owned(row) && self.chosen.map_or_else(|| self.order.takes(row), is_meant)
    }

    /// Whether what was found of an object is what was planned.
    pub(super) fn is_as_planned(&self, tally: &Tally, planned: &Target) -> bool {
        if self.chosen.is_some() { tally.rows == planned.rows } else { tally.seen() == planned.seen }
    }
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

/// Where the rewritten bytes go.
enum Sink {
    /// Nowhere: the object is only counted.
    Count,
    Pack(Packer),
}

/// An object on its way.
pub(super) struct Rewriting<'a> {
    works: Works<'a>,
    unpacker: Option<Unpacker>,
    records: Records,
    /// Those of each order; none before the header went by.
    columns: Vec<Columns>,
    /// How lines that hold nothing wanted are passed over; a plan reads every record, so that a broken one is told.
    glance: Option<Glance>,
    sink: Sink,
    tallies: Tallies,
    /// Whether a record went whose line break may have a second half, which goes as well.
    is_half_gone: bool,
    is_end: bool,
}

impl<'a> Rewriting<'a> {
    /// Counts the rows of an object.
    pub(super) fn count(works: Works<'a>, packing: Packing) -> Self {
        Self::new(works, packing, Sink::Count)
    }

    /// Rewrites an object into the form it has.
    pub(super) fn write(works: Works<'a>, packing: Packing) -> Self {
        let field = works.each.first().filter(|_| !works.wanted.is_everything()).map(|it| &it.scope.lookup.field);
        let glance = field.and_then(|field| Glance::of(field));
        Self { glance, ..Self::new(works, packing, Sink::Pack(packing.packer())) }
    }

    fn new(works: Works<'a>, packing: Packing, sink: Sink) -> Self {
        let format = works.each.first().map_or(RowFormat::NdJson, |work| work.format);
        let records = Records::new(format, 0, 1, None);
        Self {
            works,
            unpacker: packing.unpacker(),
            records,
            columns: Vec::new(),
            glance: None,
            sink,
            tallies: Tallies::new(works),
            is_half_gone: false,
            is_end: false,
        }
    }

    /// What has gone by.
    pub(super) const fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// Bytes written and not taken yet.
    pub(super) fn written(&self) -> usize {
        match &self.sink {
            Sink::Count => 0,
            Sink::Pack(packer) => packer.packed(),
        }
    }

    /// Takes what was written.
    pub(super) fn take(&mut self) -> Vec<u8> {
        match &mut self.sink {
            Sink::Count => Vec::new(),
            Sink::Pack(packer) => packer.take(),
        }
    }

    /// Where bytes of the object are put.
    pub(super) fn input(&mut self) -> &mut Vec<u8> {
        match &mut self.unpacker {
            Some(unpacker) => unpacker.packed(),
            None => self.records.buffer(),
        }
    }

    /// Tells that no more bytes come.
    pub(super) fn end(&mut self) -> Result<(), Broken> {
        if let Some(unpacker) = &mut self.unpacker {
            let mut rest = Vec::new();
            let line = self.records.line();
            unpacker.finish(&mut rest).map_err(|what| Broken { line, what })?;
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
            let Some(unpacker) = self.unpacker.as_mut().filter(|unpacker| !unpacker.is_hungry()) else {
                return Ok(Next::Bytes);
            };
            let line = self.records.line();
            unpacker.step(self.records.buffer()).map_err(|what| Broken { line, what })?;
        }
    }

    /// What becomes of the next record; nothing where more bytes are needed.
    fn record(&mut self) -> Result<Option<Fate>, Broken> {
        if matches!(self.records, Records::NdJson(_)) { self.line() } else { self.csv_record() }
    }

    fn line(&mut self) -> Result<Option<Fate>, Broken> {
        let Records::NdJson(lines) = &mut self.records else { return Ok(None) };
        let (works, glance) = (self.works, self.glance.as_ref());
        if let Some(glance) = glance {
            let passed = lines.pass(|line| glance.may_hold(line, works.wanted));
            if passed > 0 {
                return Ok(Some(Fate::Stay(passed)));
            }
        }
        let is_read = |line: &[u8]| glance.is_none_or(|glance| glance.may_hold(line, works.wanted));
        let Some(row) = lines.next_if(self.is_end, is_read)? else { return Ok(None) };
        let Some(row) = row else { return Ok(Some(Fate::Stay(1))) };
        let raw = lines.raw().1;
        let finds = |_, work: &Work<'_>| work.wanted.is_everything() || work.wanted.is_in(&row, work.field());
        let fate = |_, work: &Work<'_>| Fate::of_line(work.order, &row, raw);
        Ok(Some(works.judge(&mut self.tallies, &row, finds, fate).0))
    }

    fn csv_record(&mut self) -> Result<Option<Fate>, Broken> {
        let works = self.works;
        let Records::Csv(records) = &mut self.records else { return Ok(None) };
        let is_glanced = matches!(self.sink, Sink::Pack(_)) && !works.wanted.is_everything();
        if let Some(columns) = self.columns.first().filter(|_| is_glanced) {
            let passed = records.pass(columns.looked_up(), |text| works.wanted.has_text(text));
            if passed > 0 {
                return Ok(Some(Fate::Stay(passed)));
            }
        }
        if !records.next_record(self.is_end)? {
            return Ok(None);
        }
        let preamble = records.take_preamble();
        let header = records.header().expect("a record comes after its header");
        if self.columns.is_empty() {
            let columns = works.each.iter().map(|work| Columns::of(header, work.scope, work.order));
            self.columns = columns.collect::<Result<_, _>>()?;
        }
        self.sink.put(&preamble);
        let Some(columns) = self.columns.first() else { return Ok(Some(Fate::Stay(1))) };
        let looked_up = records.field(columns.looked_up())?;
        let finds = |wanted: &Wanted| wanted.is_everything() || wanted.has_text(looked_up);
        if !finds(works.wanted) {
            return Ok(Some(Fate::Stay(1)));
        }
        let fields = records.current()?;
        let row = columns.row(header, &fields);
        let raw = records.raw().1;
        let fate = |place: usize, work: &Work<'_>| match work.order.treatment {
            Treatment::Delete => Fate::Goes,
            Treatment::Keep { .. } => Fate::Stay(1),
            Treatment::Rewrite { .. } => {
                let columns = self.columns.get(place);
                let changed = columns.and_then(|it| it.rewritten(&fields, work.order.masker.as_ref(), raw));
                changed.map_or(Fate::Stay(1), Fate::Becomes)
            }
        };
        Ok(Some(works.judge(&mut self.tallies, &row, |_, work| finds(work.wanted), fate).0))
    }

    fn put(&mut self, fate: Fate) {
        self.put_before();
        let (_, own) = self.records.raw();
        self.tallies.pass(fate.records(), u64::from(matches!(fate, Fate::Goes)));
        match fate {
            Fate::Stay(_) => self.sink.put(own),
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
            Sink::Count => Sink::Count,
            Sink::Pack(packer) => Sink::Pack(packer.finish()),
        };
    }
}

impl Sink {
    fn put(&mut self, bytes: &[u8]) {
        match self {
            Self::Count => {}
            Self::Pack(packer) => packer.put(bytes),
        }
    }
}

#[cfg(test)]
mod tests;
