//! Several people's erasures in one pass over the lake: the same objects as one after the other, each rewritten once.

use std::collections::BTreeMap;

use datamap::{FieldRewrite, Masking, Strategy, Treatment};
use domain::datum::Datum;
use workflow::ports::{Erased, Eraser as _, ErasureOrder, PortError, Share, SourceLookup};

use super::objects::{Kind, Row, content, object, rows, user};
use super::{KINDS, Lake, key, order, run};

/// People of a pass.
const PEOPLE: u64 = 10;
/// Objects of each kind, and rows in each: about every hundredth is one of the fifty's.
const OBJECTS: u64 = 3;
const ROWS: usize = 5_000;

fn order_of(kind: Kind, person: u64, treatment: Treatment) -> ErasureOrder {
    let all = order(kind.folder());
    let lookup = SourceLookup { values: vec![Datum::Text(user(person))], ..all.lookup };
    ErasureOrder { lookup, treatment, ..all }
}

fn note_goes() -> Treatment {
    let masking = Masking { strategy: Strategy::StringRewrite, configuration: BTreeMap::new() };
    Treatment::Rewrite { fields: vec![FieldRewrite { path: "note".to_owned(), masking }], kept: None }
}

/// People whose rows go, and people whose notes go, in turn.
fn treatment_of(person: u64) -> Treatment {
    if person.is_multiple_of(2) { Treatment::Delete } else { note_goes() }
}

fn fill(lake: &Lake, kind: Kind, count: usize) {
    for number in 0..OBJECTS {
        lake.bucket.put(&key(kind, number), &object(kind, &rows(number, count, true)));
    }
}

async fn shares(lake: &Lake, kind: Kind, treatment: impl Fn(u64) -> Treatment) -> Vec<Share> {
    let mut shares = Vec::new();
    for person in 0..PEOPLE {
        let order = order_of(kind, person, treatment(person));
        let targets = lake.plan(&order).await;
        shares.push(Share { order, targets });
    }
    lake.bucket.calls();
    shares
}

fn contents(lake: &Lake, kind: Kind) -> Vec<Vec<u8>> {
    (0..OBJECTS).map(|number| content(kind, &lake.bucket.get(&key(kind, number)).unwrap().bytes())).collect()
}

#[expect(clippy::print_stdout, reason = "figures of calls are told")]
fn told(kind: Kind, calls: &BTreeMap<&'static str, u64>, way: &str) -> u64 {
    let of = |name| calls.get(name).copied().unwrap_or(0);
    let all: u64 = calls.values().sum();
    let rewrites = of("PutObject") + of("CompleteMultipartUpload");
    println!("{kind:?}: {PEOPLE} people in {OBJECTS} objects, {way}: {rewrites} rewrites, {all} calls, {calls:?}");
    rewrites
}

#[test]
fn a_pass_leaves_what_one_after_the_other_leaves_and_rewrites_each_object_once() {
    run(async {
        for kind in KINDS {
            let apart = Lake::new("apart", false).await;
            fill(&apart, kind, ROWS);
            let planned = shares(&apart, kind, treatment_of).await;
            for share in &planned {
                let answers = apart.erase(&share.order, &share.targets).await.unwrap();
                assert!(answers.iter().all(|it| *it == Erased::Done), "{kind:?} {answers:?}");
            }
            assert!(told(kind, &apart.bucket.calls(), "one after the other") > OBJECTS * 4);

            let lake = Lake::new("together", false).await;
            fill(&lake, kind, ROWS);
            let planned = shares(&lake, kind, treatment_of).await;
            let answers = lake.connectors.erase_together(&planned).await;
            let is_done = |answer: &Result<Vec<Erased>, PortError>| {
                answer.as_ref().is_ok_and(|answer| answer.iter().all(|it| *it == Erased::Done))
            };
            assert!(answers.len() == planned.len() && answers.iter().all(is_done), "{kind:?} {answers:?}");
            assert_eq!(told(kind, &lake.bucket.calls(), "in one pass"), OBJECTS, "{kind:?}");
            assert!(contents(&lake, kind) == contents(&apart, kind), "{kind:?}");

            let again = lake.connectors.erase_together(&planned).await;
            assert!(again.iter().all(is_done), "{kind:?} {again:?}");
            assert_eq!(told(kind, &lake.bucket.calls(), "again"), 0, "erasing again is harmless");
        }
    });
}

#[test]
fn who_drifted_is_left_out_of_an_object_and_the_others_go_on() {
    run(async {
        for kind in KINDS {
            let lake = Lake::new("left-out", true).await;
            fill(&lake, kind, ROWS);
            let planned = shares(&lake, kind, |_| Treatment::Delete).await;
            // Somebody gets one more row in the first object.
            let mut more = rows(0, ROWS, true);
            let again = more.iter().find(|row| row.user < PEOPLE).unwrap().clone();
            let drifted = [again.user];
            more.push(again);
            lake.bucket.put(&key(kind, 0), &object(kind, &more));
            let answers = lake.connectors.erase_together(&planned).await;
            for (person, (share, answer)) in (0..PEOPLE).zip(planned.iter().zip(answers)) {
                for (target, erased) in share.targets.iter().zip(answer.unwrap()) {
                    let has_drifted = drifted.contains(&person) && target.locator == key(kind, 0);
                    let expected = if has_drifted { Erased::Drifted } else { Erased::Done };
                    assert_eq!(erased, expected, "{kind:?} {person} {}", target.locator);
                }
            }
            let stays = |row: &&Row| row.user >= PEOPLE || drifted.contains(&row.user);
            let left: Vec<Row> = more.iter().filter(stays).cloned().collect();
            assert!(contents(&lake, kind)[0] == content(kind, &object(kind, &left)), "{kind:?}");
            assert_eq!(lake.bucket.uploads(), 0);
        }
    });
}

#[test]
fn a_row_of_two_orders_goes_once_or_is_the_first_ones() {
    run(async {
        for kind in KINDS {
            for (treatments, expected) in [
                ([Treatment::Delete, Treatment::Delete], [Erased::Done, Erased::Done]),
                ([Treatment::Delete, note_goes()], [Erased::Done, Erased::Drifted]),
                ([note_goes(), Treatment::Delete], [Erased::Done, Erased::Drifted]),
                ([note_goes(), note_goes()], [Erased::Done, Erased::Drifted]),
            ] {
                let lake = Lake::new("twice", false).await;
                let before = rows(0, ROWS, true);
                lake.bucket.put(&key(kind, 0), &object(kind, &before));
                let person = before.iter().find(|row| row.user < PEOPLE).unwrap().user;
                let mut planned = Vec::new();
                for treatment in treatments {
                    let order = order_of(kind, person, treatment);
                    let targets = lake.plan(&order).await;
                    planned.push(Share { order, targets });
                }
                let answers = lake.connectors.erase_together(&planned).await;
                let answers: Vec<Erased> = answers.into_iter().flat_map(Result::unwrap).collect();
                assert_eq!(answers, expected, "{kind:?}");
                assert_eq!(lake.plan(&planned[0].order).await, [], "{kind:?}");
            }
        }
    });
}

#[test]
fn a_pass_that_dies_at_any_call_changes_nothing_of_the_result() {
    run(async {
        for kind in [Kind::NdJsonGz, Kind::Parquet] {
            for dies_after in 0..12 {
                let lake = Lake::new("pass-dies", true).await;
                fill(&lake, kind, 1_000);
                let planned = shares(&lake, kind, |_| Treatment::Delete).await;
                lake.bucket.live_for(Some(dies_after));
                drop(lake.connectors.erase_together(&planned).await);
                lake.bucket.live_for(None);
                // Each goes on alone, as after the death of a worker.
                for share in &planned {
                    let answers = lake.erase(&share.order, &share.targets).await.unwrap();
                    assert!(answers.iter().all(|it| *it == Erased::Done), "{kind:?} {dies_after}: {answers:?}");
                }
                for number in 0..OBJECTS {
                    let left: Vec<Row> = rows(number, 1_000, true).into_iter().filter(|it| it.user >= PEOPLE).collect();
                    let changed = lake.bucket.get(&key(kind, number)).unwrap().bytes();
                    assert!(content(kind, &changed) == content(kind, &object(kind, &left)), "{kind:?} {dies_after}");
                }
            }
        }
    });
}
