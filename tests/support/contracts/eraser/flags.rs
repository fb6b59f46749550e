//! Flags of rows in quarantine: set once in rows that are what was planned, and given back what they held.

use datamap::Treatment;
use domain::datum::Datum;
use workflow::ports::{ErasureOrder, Flag, Former, Target};

use super::{Under, id, plan_all, with};

/// Named by the map of the contract.
const FLAG: &str = "state";
const SET: &str = "quarantined";

/// Runs the flags of all rows of one person through their life; the rows are left as they were found.
pub(super) async fn come_and_go(under: Under<'_>) {
    let order = under.order("bob@example.com", Treatment::Delete);
    let plain = under.rows_of(under.tenant, "bob@example.com").await;
    let held = [text("active"), Datum::Number("1.5".to_owned()), Datum::Bool(false), Datum::Null, text("")];
    let list = Datum::List(vec![text(SET)]);
    for (row, held) in plain.iter().zip(held.iter().chain([&list])) {
        under.rows.put(flagged(row, held)).await;
    }
    let before = under.rows_of(under.tenant, "bob@example.com").await;
    let planned = plan_all(under.eraser, &order).await;
    under.rows.put(with(&before[7], "email", text("eve@example.com"))).await;
    let free = free(under, &order, &planned).await;
    assert_eq!(free.len(), before.len() - 2, "neither what holds a list nor what is no row of the plan is a flag");

    for _ in 0..2 {
        set(under, &order, &free).await;
    }
    let state = |row: &Datum| row.get(FLAG).cloned();
    let set_rows = under.rows_of(under.tenant, "bob@example.com").await;
    assert_eq!(set_rows.iter().filter(|row| state(row) == Some(text(SET))).count(), free.len());
    assert_eq!(state(&set_rows[5]), Some(list));
    assert_eq!(state(&under.rows_of(under.tenant, "eve@example.com").await[0]), None, "it is another's row now");
    assert!(self::free(under, &order, &planned).await.is_empty(), "what is set is not free");
    under.rows.put(with(&set_rows[1], FLAG, text("somebody else's"))).await;

    for _ in 0..2 {
        reset(under, &order, &free).await;
    }
    under.rows.put(before[7].clone()).await;
    let mut wanted = before.clone();
    wanted[1] = with(&before[1], FLAG, text("somebody else's"));
    assert_eq!(under.rows_of(under.tenant, "bob@example.com").await, wanted);

    set(under, &order, &free).await;
    let again = under.rows_of(under.tenant, "bob@example.com").await;
    assert_eq!(state(&again[1]), Some(text("somebody else's")), "it does not hold any more what it held");
    assert_eq!(state(&again[2]), Some(text(SET)));
    reset(under, &order, &free).await;
    assert_eq!(under.rows_of(under.tenant, "bob@example.com").await, wanted);
    for row in &plain {
        under.rows.put(row.clone()).await;
    }
}

async fn free(under: Under<'_>, order: &ErasureOrder, planned: &[Target]) -> Vec<(Target, Former)> {
    let mut free = Vec::new();
    for targets in planned.chunks(25) {
        let flags = under.eraser.read_flags(order, targets).await.unwrap();
        assert_eq!(flags.len(), targets.len());
        let found = targets.iter().zip(flags).filter_map(|(target, flag)| match flag {
            Flag::Free(former) => Some((target.clone(), former)),
            Flag::NotPlanned | Flag::Set => None,
        });
        free.extend(found);
    }
    free
}

async fn set(under: Under<'_>, order: &ErasureOrder, free: &[(Target, Former)]) {
    for rows in free.chunks(25) {
        under.eraser.set_flags(order, rows).await.unwrap();
    }
}

async fn reset(under: Under<'_>, order: &ErasureOrder, free: &[(Target, Former)]) {
    for rows in free.chunks(25) {
        under.eraser.reset_flags(order, rows).await.unwrap();
    }
}

fn text(text: &str) -> Datum {
    Datum::Text(text.to_owned())
}

fn flagged(row: &Datum, held: &Datum) -> Datum {
    let Datum::Map(mut entries) = row.clone() else { panic!("{} is no object", id(row)) };
    entries.push((FLAG.to_owned(), held.clone()));
    Datum::Map(entries)
}
