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

const ROUNDS: usize = 7;
/// Events of one turn at least.
const HANDLED: usize = 1_000_000;
const VERIFY: &str = "verify a whole log, events parsed";

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

/// What is measured: its name, how many events it handles, the rate it should reach if there is one, itself.
struct Act<'a> {
    name: &'static str,
    events: usize,
    goal: f64,
    run: Box<dyn FnMut() + 'a>,
}

/// Medians, in events per second of a processor. Everything takes its turn in each round, so that whatever else the machine does
/// meets all alike; small logs are handled again and again, since Linux tells the time of a thread in ticks.
fn medians(acts: &mut [Act<'_>]) -> Vec<f64> {
    let mut rates = vec![Vec::new(); acts.len()];
    for _ in 0..ROUNDS {
        for (act, rates) in acts.iter_mut().zip(&mut rates) {
            let passes = HANDLED.div_ceil(act.events);
            let begun = cpu_seconds();
            (0..passes).for_each(|_| (act.run)());
            rates.push((act.events * passes) as f64 / (cpu_seconds() - begun));
        }
    }
    let median = |mut rates: Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    };
    rates.into_iter().map(median).collect()
}

fn print(acts: &[Act<'_>], rates: &[f64]) {
    let chain = rates[0];
    for (act, rate) in acts.iter().zip(rates) {
        let goal = if act.name == VERIFY { act.goal.min(0.8 * chain) } else { act.goal };
        let holds = if *rate >= goal { "" } else { "  below the goal" };
        println!(
            "{:<42} {rate:>10.0}/s   goal {goal:>9.0}/s   {:>4.0} % of the chain{holds}",
            act.name,
            100.0 * rate / chain
        );
    }
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

fn chain(events: &[Vec<u8>]) {
    let mut link = [0_u8; 32];
    for event in events {
        link = Sha256::new().chain_update(link).chain_update(event).finalize().into();
    }
    std::hint::black_box(link);
}

fn root_of(events: &[Vec<u8>]) -> Hash {
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
    tree.root()
}

fn tiles_of(events: &[Vec<u8>]) -> (Hash, HashMap<String, Vec<u8>>) {
    let mut edge = Edge::default();
    let tiles = edge.append(events).unwrap().into_iter().map(|tile| (tile.name.to_string(), tile.bytes)).collect();
    (edge.tree().root(), tiles)
}

fn prove_and_verify(nodes: &Levels, (root, size): (Hash, u64), count: usize) {
    for place in 0..count as u64 {
        let index = place * 2_654_435_761 % size;
        let path = prove_inclusion(nodes, index, size).unwrap();
        assert!(holds_inclusion(&nodes.0[0][usize::try_from(index).unwrap()], index, size, &path, &root));
    }
}

fn main() {
    let count: usize = std::env::args().nth(1).map_or(1_000_000, |text| text.parse().unwrap());
    let events: Vec<Vec<u8>> = (0..count as u64).map(event).collect();
    let bytes: usize = events.iter().map(Vec::len).sum();
    println!("{count} events of {} bytes, one core, medians of {ROUNDS} rounds", bytes / count);
    let (root, files) = tiles_of(&events);
    let checkpoint = Checkpoint { origin: "habeas.example/audit/acme".to_owned(), size: count as u64, root };
    let nodes = Levels::of(events.iter().map(|event| Hash::of_leaf(event)).collect());
    let proofs = count.min(100_000);
    let act = |name, events, goal, run| Act { name, events, goal, run };
    let mut acts = [
        act("limit: SHA-256 chain, nothing parsed", count, 0.0, Box::new(|| chain(&events)) as Box<dyn FnMut()>),
        act(
            "parse and check the form",
            count,
            0.0,
            Box::new(|| {
                assert!(events.iter().all(|event| EventView::read(event).is_ok()));
            }),
        ),
        act("Merkle root, O(log n) memory", count, 1_750_000.0, Box::new(|| assert_eq!(root_of(&events), root))),
        act("append: leaves to tiles", count, 0.0, Box::new(|| assert_eq!(tiles_of(&events).0, root))),
        act(VERIFY, count, 2_200_000.0, Box::new(|| verify(&checkpoint, &files))),
        act(
            "inclusion: prove and verify",
            proofs,
            150_000.0,
            Box::new(|| {
                prove_and_verify(&nodes, (root, count as u64), proofs);
            }),
        ),
    ];
    let rates = medians(&mut acts);
    print(&acts, &rates);
}
