//! Random logs, eight ways of tampering with each: every one must be found, and no clean log may be doubted (INV-A3).
//! `HABEAS_TAMPER_LOGS` sets how many logs; `independent.py` gives a second opinion on the first of them.
#![expect(clippy::unwrap_used, reason = "a test may stop where its material is wrong")]

#[path = "tamper/kinds.rs"]
mod kinds;
#[path = "tamper/numbers.rs"]
mod numbers;
#[path = "tamper/second_opinion.rs"]
mod second_opinion;
#[path = "tamper/world.rs"]
mod world;

use audit_log::tile::{TileKind, TileName};
use audit_log::verify::Broken;
use kinds::Kind;
use numbers::Numbers;
use world::{Doubt, Log};

fn how_many(name: &str, usual: usize) -> usize {
    std::env::var_os(name).map_or(usual, |text| text.to_str().unwrap().parse().unwrap())
}

#[test]
fn every_tampering_is_found_and_no_clean_log_is_doubted() {
    let logs = how_many("HABEAS_TAMPER_LOGS", 1_000);
    let mut found = 0;
    for seed in 0..logs as u64 {
        let mut numbers = Numbers::new(seed);
        let log = Log::random(&mut numbers);
        let summary = log.verify().unwrap_or_else(|doubt| panic!("log {seed}: false alarm: {doubt:?}"));
        assert_eq!(summary.size, log.leaves.len() as u64);
        for kind in Kind::ALL {
            let tampered = kind.apply(&log, &mut numbers);
            match tampered.verify() {
                Ok(summary) => panic!("log {seed} of {} events, {kind:?}: not found, {summary:?}", log.leaves.len()),
                Err(_) => found += 1,
            }
        }
    }
    assert_eq!(found, logs * Kind::ALL.len());
}

#[test]
fn a_changed_event_is_named() {
    for seed in 0..200 {
        let mut numbers = Numbers::new(seed);
        let mut log = Log::random(&mut numbers);
        let index = numbers.below(log.leaves.len() as u64);
        let (bundle, place) = log.place_of(index);
        log.files.get_mut(&bundle).unwrap()[place] ^= 1 << numbers.below(8);
        assert_eq!(log.verify(), Err(Doubt::Broken(Broken::Entry { index })), "log {seed}");
    }
}

#[test]
fn a_changed_hash_is_told_from_a_changed_event() {
    for seed in 0..200 {
        let mut numbers = Numbers::new(seed);
        let mut log = Log::random(&mut numbers);
        let size = log.leaves.len() as u64;
        let name = TileName::of_hashes(0, numbers.below(size.div_ceil(256)), size).unwrap();
        let file = log.files.get_mut(&name.to_string()).unwrap();
        let place = numbers.below(file.len() as u64);
        file[usize::try_from(place).unwrap()] ^= 1;
        assert_eq!(log.verify(), Err(Doubt::Broken(Broken::Tile { name })), "log {seed}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let mut numbers = Numbers::new(5);
    let mut log = Log::of(&mut numbers, 700);
    let name = TileName::of_entries(1, 700).unwrap();
    log.files.remove(&name.to_string());
    assert_eq!(log.verify(), Err(Doubt::Broken(Broken::Missing { name })));
}

#[test]
fn a_history_rewritten_below_the_upper_tiles_is_placed() {
    let mut numbers = Numbers::new(6);
    let log = Log::of(&mut numbers, 700);
    let mut leaves = log.leaves.clone();
    leaves.swap(300, 301);
    let rewritten = log.with_files(world::files_of(&leaves));
    assert_eq!(rewritten.verify(), Err(Doubt::Broken(Broken::Root { size: 700 })));
    let mut patched = log;
    for name in [TileName::of_entries(1, 700).unwrap(), TileName::of_hashes(0, 1, 700).unwrap()] {
        patched.files.insert(name.to_string(), rewritten.files[&name.to_string()].clone());
    }
    assert_eq!(patched.verify(), Err(Doubt::Broken(Broken::Range { from: 256, to: 511 })));
}

#[test]
fn logs_of_more_than_two_levels_of_tiles_hold_and_break_where_they_should() {
    let mut numbers = Numbers::new(7);
    let mut log = Log::of(&mut numbers, 66_000);
    assert_eq!(log.verify().unwrap().size, 66_000);
    let name = TileName { kind: TileKind::Hashes { level: 2 }, index: 0, width: 1 };
    log.files.get_mut(&name.to_string()).unwrap()[0] ^= 1;
    assert_eq!(log.verify(), Err(Doubt::Broken(Broken::Tile { name })));
}

#[test]
fn an_empty_log_holds() {
    let log = Log::of(&mut Numbers::new(8), 0);
    assert_eq!(log.verify().unwrap().size, 0);
}

#[test]
fn a_second_verifier_agrees_on_all() {
    second_opinion::compare(how_many("HABEAS_TAMPER_LOGS", 50).min(1_000));
}
