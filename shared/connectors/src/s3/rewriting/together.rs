//! Several orders that look at one object at once: what becomes of a row, and what each of them has found.

use domain::datum::Datum;

use super::{Fate, Tally, Work};
use crate::wanted::Wanted;

/// Orders of one collection and one field; what they share is told by the first.
#[derive(Debug, Clone, Copy)]
pub(in crate::s3) struct Works<'a> {
    pub(in crate::s3) each: &'a [Work<'a>],
    /// What any of them looks for.
    pub(in crate::s3) wanted: &'a Wanted,
}

impl<'a> Works<'a> {
    /// One order alone.
    pub(in crate::s3) const fn of(work: &'a Work<'a>) -> Self {
        Self { each: std::slice::from_ref(work), wanted: work.wanted }
    }

    /// What becomes of a row that some of the orders may find and take, and the place of the order that says so.
    ///
    /// A row that several take goes once where it goes for all of them; else the first has it.
    pub(in crate::s3) fn judge(
        self,
        tallies: &mut Tallies,
        row: &Datum,
        finds: impl Fn(usize, &Work<'_>) -> bool,
        fate: impl Fn(usize, &Work<'_>) -> Fate,
    ) -> (Fate, usize) {
        let (mut decided, mut by) = (Fate::Stay(1), 0);
        for (place, (work, tally)) in self.each.iter().zip(&mut tallies.each).enumerate() {
            if !finds(place, work) || !work.takes(row, tally) {
                continue;
            }
            let own = fate(place, work);
            tally.add(&own, || work.order.seen(row));
            decided = match (decided, own) {
                (Fate::Stay(_), own) => {
                    by = place;
                    own
                }
                (before, Fate::Stay(_)) => before,
                (Fate::Goes, Fate::Goes) => Fate::Goes,
                (before @ (Fate::Goes | Fate::Becomes(_)), Fate::Goes | Fate::Becomes(_)) => {
                    tally.is_behind = true;
                    before
                }
            };
        }
        (decided, by)
    }
}

/// What of an object each of the orders has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::s3) struct Tallies {
    each: Vec<Tally>,
    /// All rows, and those that go.
    rows: u64,
    gone: u64,
}

impl Tallies {
    /// Nothing has gone by yet.
    pub(in crate::s3) fn new(works: Works<'_>) -> Self {
        Self { each: vec![Tally::default(); works.each.len()], rows: 0, gone: 0 }
    }

    /// Counts rows that went by, and those of them that go.
    pub(in crate::s3) const fn pass(&mut self, rows: u64, gone: u64) {
        self.rows += rows;
        self.gone += gone;
    }

    /// What the order at a place has found.
    pub(in crate::s3) fn of(&self, place: usize) -> Tally {
        let mut tally = self.each.get(place).cloned().unwrap_or_default();
        tally.others = self.rows.saturating_sub(tally.rows);
        tally
    }

    /// Whether nothing of the object is left.
    pub(in crate::s3) const fn is_empty_after(&self) -> bool {
        self.rows == self.gone
    }
}
