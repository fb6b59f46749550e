//! Erasing rows in objects: an object is read and written whole, once for all orders that name it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use datamap::{Collection, Source, Treatment};
use domain::datum::Datum;
use workflow::ports::{Cursor, Erased, ErasureOrder, PortError, PortErrorKind, Share, Target, TargetPage};

use super::super::{Table, is_of_lookup, open};
use crate::mutants::Mutant;
use crate::state::State;

/// The table of a collection whose rows are in objects.
pub(super) fn table<'a>(state: &'a State, collection: &Collection) -> Option<&'a Table> {
    let is_rows = matches!(collection.source, Source::S3Objects { .. });
    state.sources.tables.get(&collection.id()).filter(|table| is_rows && table.is_in_objects)
}

/// Rows of an object that an order takes and would change, and a digest of them.
struct Found {
    numbers: BTreeSet<u64>,
    seen: String,
}

/// A page of the objects that hold rows the order would change.
pub(super) fn plan(
    state: &State,
    collection: &Collection,
    table: &Table,
    order: &ErasureOrder,
    after: Option<&Cursor>,
) -> TargetPage {
    let start = after.map_or(Bound::Unbounded, |Cursor(key)| Bound::Excluded(key.as_str()));
    let mut objects: BTreeMap<&str, u64> = BTreeMap::new();
    for key in table.objects.values() {
        *objects.entry(key).or_default() += 1;
    }
    let mut left = objects.range::<str, _>((start, Bound::Unbounded));
    let looked_at: Vec<(&str, u64)> =
        left.by_ref().take(state.sources.page_rows.max(1)).map(|(key, rows)| (*key, *rows)).collect();
    let last = looked_at.last().map(|(key, _)| Cursor((*key).to_owned()));
    let next = left.next().and(last);
    let target = |(key, all): (&str, u64)| {
        let Found { numbers, seen } = found(state, collection, table, order, key);
        let rows = numbers.len() as u64;
        let target = Target { locator: key.to_owned(), seen, rows, other_rows: all - rows, bytes: 0 };
        (rows > 0).then_some(target)
    };
    TargetPage { targets: looked_at.into_iter().filter_map(target).collect(), next }
}

fn found(state: &State, collection: &Collection, table: &Table, order: &ErasureOrder, key: &str) -> Found {
    let in_object = table.objects.iter().filter(|(_, object)| object.as_ref() == key);
    let rows = in_object.filter_map(|(number, _)| Some((*number, table.row(*number)?)));
    let is_meant =
        |row: &Datum| is_of_lookup(state, collection, &order.lookup, row) && order.takes(row) && order.has_work(row);
    let (mut numbers, mut digests) = (BTreeSet::new(), Vec::new());
    for (number, row) in rows.filter(|(_, row)| is_meant(row)) {
        numbers.insert(number);
        digests.push(order.seen(row));
    }
    digests.sort_unstable();
    Found { numbers, seen: digests.join(",") }
}

/// Rewrites one object for all orders that name it; an answer for each.
pub(super) fn erase(
    state: &mut State,
    key: &str,
    named: &[(&ErasureOrder, &Target)],
) -> Result<Vec<Erased>, PortError> {
    let Some((first, _)) = named.first() else { return Ok(Vec::new()) };
    let collection = open(state, "erase", &first.lookup)?;
    if named.iter().any(|(order, _)| matches!(order.treatment, Treatment::Keep { .. })) {
        return Err(PortError::caused(PortErrorKind::Corrupt, "erase", "what is kept is never erased"));
    }
    let id = collection.id();
    let looks = !state.mutants.has(Mutant::NoVersionAtErase);
    let Some(table) = table(state, collection) else { return Ok(vec![Erased::Gone; named.len()]) };
    if !table.objects.values().any(|object| object.as_ref() == key) {
        return Ok(vec![Erased::Gone; named.len()]);
    }
    let mut changes: BTreeMap<u64, (usize, Option<Datum>)> = BTreeMap::new();
    let mut answers = Vec::with_capacity(named.len());
    for (place, (order, target)) in named.iter().enumerate() {
        let Found { numbers, seen } = found(state, collection, table, order, key);
        let own: BTreeMap<u64, Option<Datum>> =
            numbers.iter().map(|number| (*number, table.row(*number).and_then(|row| order.changed(row)))).collect();
        // A row that goes for both goes once; else it is the first one's.
        let is_behind = |number: &u64| match (changes.get(number), own.get(number)) {
            (Some((_, before)), Some(own)) => before.is_some() || own.is_some(),
            (_, _) => false,
        };
        answers.push(match () {
            () if numbers.is_empty() => Erased::Done,
            () if looks && (seen != target.seen || numbers.iter().any(is_behind)) => Erased::Drifted,
            () => {
                for (number, after) in own {
                    changes.entry(number).or_insert((place, after));
                }
                Erased::Done
            }
        });
    }
    if changes.is_empty() {
        return Ok(answers);
    }
    for (number, (place, _)) in &changes {
        super::note(state, named[*place].0, &number.to_string(), &id);
    }
    state.rewritten.push((id.clone(), key.to_owned()));
    let table = Arc::make_mut(&mut state.sources).table(&id);
    for (number, (_, after)) in changes {
        match after {
            Some(after) => table.replace(number, after),
            None => table.take(number),
        }
    }
    Ok(answers)
}

/// The orders by the objects they name, where all of them are of one collection of objects.
pub(super) fn by_object<'a>(state: &State, shares: &'a [Share]) -> Option<BTreeMap<&'a str, Vec<(usize, usize)>>> {
    let collection = |share: &'a Share| share.order.lookup.map.collections.get(share.order.lookup.collection);
    let first = collection(shares.first()?)?;
    table(state, first)?;
    if !shares.iter().all(|share| collection(share) == Some(first)) {
        return None;
    }
    let mut named: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (place, share) in shares.iter().enumerate() {
        for (at, target) in share.targets.iter().enumerate() {
            named.entry(target.locator.as_str()).or_default().push((place, at));
        }
    }
    Some(named)
}
