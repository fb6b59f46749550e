//! The flags of rows in quarantine, set and reset one by one, because no real source changes several as one.

use std::sync::Arc;

use datamap::Quarantine;
use domain::datum::Datum;
use workflow::ports::{ErasureOrder, Flag, Former, PortError, PortErrorKind, Target};

use super::open;
use crate::state::State;

/// What the flag of a planned row says.
pub(super) fn read(state: &mut State, order: &ErasureOrder, target: &Target) -> Result<Flag, PortError> {
    let (row, flag) = (row(state, order, target)?, flag(order)?);
    let Some(row) = row.filter(|row| order.seen(row) == target.seen) else { return Ok(Flag::NotPlanned) };
    Ok(match row.get(&flag.field) {
        held if is_set(held, flag) => Flag::Set,
        Some(Datum::List(_) | Datum::Map(_)) => Flag::NotPlanned,
        held => Flag::Free(former(held)),
    })
}

/// Sets a flag that holds what it held, in a row that is what was planned.
pub(super) fn set(state: &mut State, order: &ErasureOrder, row: &(Target, Former)) -> Result<(), PortError> {
    let (target, held) = row;
    let found = self::row(state, order, target)?;
    let flag = flag(order)?;
    let is_planned = |row: &Datum| order.seen(row) == target.seen && former(row.get(&flag.field)) == *held;
    let Some(row) = found.filter(is_planned) else { return Ok(()) };
    write(state, order, target, with(row, &flag.field, Some(Datum::Text(flag.value.clone()))))
}

/// Gives a flag that is set back what it held.
pub(super) fn reset(state: &mut State, order: &ErasureOrder, row: &(Target, Former)) -> Result<(), PortError> {
    let (target, held) = row;
    let found = self::row(state, order, target)?;
    let flag = flag(order)?;
    let Some(row) = found.filter(|row| is_set(row.get(&flag.field), flag)) else { return Ok(()) };
    let held = held.0.as_ref().and_then(|text| Datum::parse_json(text.as_bytes()).ok());
    write(state, order, target, with(row, &flag.field, held))
}

fn flag(order: &ErasureOrder) -> Result<&Quarantine, PortError> {
    order.flag().ok_or_else(|| PortError::new(PortErrorKind::Corrupt, "flag rows"))
}

fn is_set(held: Option<&Datum>, flag: &Quarantine) -> bool {
    held.and_then(Datum::as_text) == Some(&flag.value)
}

fn former(held: Option<&Datum>) -> Former {
    Former(held.map(|held| String::from_utf8_lossy(&held.to_json()).into_owned()))
}

/// The row with the attribute in its place, at the end, or gone.
fn with(row: Datum, name: &str, value: Option<Datum>) -> Datum {
    let Datum::Map(mut entries) = row else { return row };
    match (entries.iter().position(|(known, _)| known == name), value) {
        (Some(at), Some(value)) => entries[at].1 = value,
        (Some(at), None) => drop(entries.remove(at)),
        (None, Some(value)) => entries.push((name.to_owned(), value)),
        (None, None) => {}
    }
    Datum::Map(entries)
}

fn number(target: &Target) -> Result<u64, PortError> {
    target.locator.parse().map_err(|cause| PortError::caused(PortErrorKind::Corrupt, "flag rows", cause))
}

fn row(state: &mut State, order: &ErasureOrder, target: &Target) -> Result<Option<Datum>, PortError> {
    let id = open(state, "flag rows", &order.lookup)?.id();
    let table = state.sources.tables.get(&id);
    let number = number(target)?;
    Ok(table.and_then(|table| table.rows.get(&number)).map(|row| Datum::clone(row)))
}

fn write(state: &mut State, order: &ErasureOrder, target: &Target, row: Datum) -> Result<(), PortError> {
    let id = open(state, "flag rows", &order.lookup)?.id();
    let number = number(target)?;
    Arc::make_mut(&mut state.sources).table(&id).replace(number, row);
    Ok(())
}
