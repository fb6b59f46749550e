//! How fast a log is appended, verified and proven, beside what a bare SHA-256 chain over the same events reaches in the same run.
//! `cargo run --release -p audit-log --example audit_speed [EVENTS]`
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints, and stops where its material is wrong"
)]

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::Instant;

use audit_log::checkpoint::Checkpoint;
use audit_log::edge::Edge;
use audit_log::event::{EventView, LogEvent};
use audit_log::hash::{Hash, many};
use audit_log::proof::{Nodes, holds_inclusion, prove_inclusion};
use audit_log::tree::Tree;
use audit_log::verify::LogVerifier;
use sha2::{Digest as _, Sha256};

const ROUNDS: usize = 5;

/// An event of about 400 bytes, as a step's transition writes it.
fn event(number: u64) -> Vec<u8> {
    let text = |text: &str| Some(text.to_owned());
    let event = LogEvent {
        v: 1,
        id: format!("evt_{:032x}", u128::from(number) * 0x9e37_79b9_7f4a_7c15_f39c_c060),
        tenant: "acme".to_owned(),
        at: format!("2026-11-21T07:{:02}:{:02}.{:03}Z", number / 60_000 % 60, number / 1000 % 60, number % 1000),
        event_type: "request_change".to_owned(),
        action: "update".to_owned(),
        level: "info".to_owned(),
        outcome: "success".to_owned(),
        actor: "worker".to_owned(),
        job: Some(format!("job_{:032x}", number / 12)),
        resource_type: "step".to_owned(),
        item: text("step#collect#0001"),
        version: Some(number % 9 + 1),
        from: text("claimed"),
        to: text("done"),
        counts: [("rows".to_owned(), number % 1000), ("bytes".to_owned(), number)].into(),
        ..LogEvent::default()
    };
    event.leaf().unwrap()
}

/// Seconds of a processor this thread has had, so that other work on the machine does not count; where Linux does not say, time.
fn cpu_seconds() -> f64 {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    let begun = BEGUN.get_or_init(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| begun.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// The best of some rounds, in events per second of a processor.
fn per_second(events: usize, mut round: impl FnMut()) -> f64 {
    let mut best = 0_f64;
    for _ in 0..ROUNDS {
        let begun = cpu_seconds();
        round();
        best = best.max(events as f64 / (cpu_seconds() - begun));
    }
    best
}

fn line(name: &str, rate: f64, goal: f64, chain: f64) {
    let holds = if goal == 0.0 || rate >= goal { "" } else { "  below the goal" };
    println!(
        "{name:<42} {:>10.0}/s   goal {:>9.0}/s   {:>4.0} % of the chain{holds}",
        rate,
        goal,
        100.0 * rate / chain
    );
}

struct Levels(Vec<Vec<Hash>>);

impl Levels {
    fn of(leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while let Some(row) = levels.last().filter(|row| row.len() > 1) {
            let above = row.as_chunks::<2>().0.iter().map(|[left, right]| Hash::of_children(left, right)).collect();
            levels.push(above);
        }
        Self(levels)
    }
}

impl Nodes for Levels {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        Ok(self.0[usize::from(level)][usize::try_from(index).unwrap()])
    }
}

fn verify(checkpoint: &Checkpoint, files: &HashMap<String, Vec<u8>>) {
    let mut pass = LogVerifier::new(checkpoint.clone(), Vec::new()).unwrap();
    while let Some(name) = pass.wants() {
        pass.give(files.get(&name.to_string()).map(Vec::as_slice));
    }
    pass.finish().unwrap();
}

fn prove_and_verify(hashes: &[Hash], root: Hash, chain: f64) {
    let (nodes, size) = (Levels::of(hashes.to_vec()), hashes.len() as u64);
    let count = hashes.len().min(100_000);
    let rate = per_second(count, || {
        for (place, leaf) in hashes.iter().enumerate().take(count) {
            let index = place as u64 * 2_654_435_761 % size;
            let path = prove_inclusion(&nodes, index, size).unwrap();
            let leaf = if index == place as u64 { leaf } else { &hashes[usize::try_from(index).unwrap()] };
            assert!(holds_inclusion(leaf, index, size, &path, &root));
        }
    });
    line("inclusion: prove and verify", rate, 150_000.0, chain);
}

fn main() {
    let count: usize = std::env::args().nth(1).map_or(1_000_000, |text| text.parse().unwrap());
    let events: Vec<Vec<u8>> = (0..count as u64).map(event).collect();
    let bytes: usize = events.iter().map(Vec::len).sum();
    println!("{count} events of {} bytes, one core, best of {ROUNDS}", bytes / count);

    let chain = per_second(count, || {
        let mut link = [0_u8; 32];
        for event in &events {
            link = Sha256::new().chain_update(link).chain_update(event).finalize().into();
        }
        std::hint::black_box(link);
    });
    line("limit: SHA-256 chain, nothing parsed", chain, 0.0, chain);

    let parsed = per_second(count, || assert!(events.iter().all(|event| EventView::read(event).is_ok())));
    line("parse and check the form", parsed, 0.0, chain);

    let mut root = Hash::default();
    let rate = per_second(count, || {
        let mut tree = Tree::default();
        for tile in events.chunks(256) {
            let leaves: Vec<&[u8]> = tile.iter().map(Vec::as_slice).collect();
            let hashes = many::of_leaves(&leaves);
            match many::root_of(&hashes).filter(|_| hashes.len() == 256) {
                Some(root) => tree.push_tile(root),
                None => hashes.into_iter().for_each(|hash| {
                    tree.push(hash);
                }),
            }
        }
        root = tree.root();
    });
    let merkle = rate;
    line("Merkle root, O(log n) memory", rate, 1_750_000.0, chain);

    let mut files = HashMap::new();
    let rate = per_second(count, || {
        let mut edge = Edge::default();
        files = edge.append(&events).unwrap().into_iter().map(|tile| (tile.name.to_string(), tile.bytes)).collect();
        assert_eq!(edge.tree().root(), root);
    });
    line("append: leaves to tiles", rate, 0.0, chain);

    let checkpoint = Checkpoint { origin: "habeas.example/audit/acme".to_owned(), size: count as u64, root };
    let rate = per_second(count, || verify(&checkpoint, &files));
    line("verify a whole log, events parsed", rate, f64::min(2_200_000.0, 0.8 * chain), chain);
    println!("{:<42} {:>9.0} % of the Merkle root's rate, which is its own limit", "", 100.0 * rate / merkle);

    let hashes: Vec<Hash> = events.iter().map(|event| Hash::of_leaf(event)).collect();
    prove_and_verify(&hashes, root, chain);
}
