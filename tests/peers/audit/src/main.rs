//! `ct-merkle` beside the audit log, over the same events in the same run: root, inclusion proofs made and checked.
//! `audit-peers [EVENTS]`; everybody takes a turn in each round, printed are medians of the processor's time.

use std::convert::Infallible;

use audit_log::hash::{Hash, many};
use audit_log::proof::{Nodes, holds_inclusion, prove_inclusion};
use audit_log::tree::Tree;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::{Digest as _, Sha256};

const ROUNDS: usize = 5;
const PROOFS: usize = 100_000;

/// A leaf as a step's transition writes it, about 370 bytes.
fn leaf(number: u64) -> Vec<u8> {
    let id = u128::from(number) * 0x9e37_79b9_7f4a_7c15_f39c_c060;
    format!(
        "{{\"action\":\"update\",\"actor\":\"worker\",\"at\":\"2026-11-21T07:00:{:02}.000Z\",\"counts\":{{\"bytes\":{number},\
         \"rows\":{}}},\"event_type\":\"request_change\",\"from\":\"claimed\",\"id\":\"evt_{id:032x}\",\"item\":\"step#collect#0001\",\
         \"job\":\"job_{:032x}\",\"level\":\"info\",\"outcome\":\"success\",\"resource_type\":\"step\",\"tenant\":\"acme\",\"to\":\"done\",\
         \"v\":1,\"version\":{}}}",
        number % 60,
        number % 1000,
        number / 12,
        number % 9 + 1
    )
    .into_bytes()
}

/// Seconds of a processor this thread has had, so that other work on the machine does not count.
fn cpu_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells the time of a thread");
    let nanoseconds = told.split_whitespace().next().and_then(|text| text.parse::<f64>().ok());
    nanoseconds.expect("the first number is the time") / 1e9
}

/// What is measured: its name, how many it handles, itself.
type Act<'a> = (&'static str, usize, Box<dyn FnMut() + 'a>);

/// Medians a second of a processor.
fn medians(acts: &mut [Act<'_>]) -> Vec<f64> {
    let mut rates = vec![Vec::new(); acts.len()];
    for _ in 0..ROUNDS {
        for ((_, count, act), rates) in acts.iter_mut().zip(&mut rates) {
            let begun = cpu_seconds();
            act();
            rates.push(*count as f64 / (cpu_seconds() - begun));
        }
    }
    let median = |mut rates: Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    };
    rates.into_iter().map(median).collect()
}

struct Levels(Vec<Vec<Hash>>);

impl Levels {
    fn of(leaves: &[Vec<u8>]) -> Self {
        let mut levels = vec![leaves.iter().map(|leaf| Hash::of_leaf(leaf)).collect::<Vec<_>>()];
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
        Ok(self.0[usize::from(level)][usize::try_from(index).expect("a place in memory")])
    }
}

fn our_root(leaves: &[Vec<u8>]) -> Hash {
    let mut tree = Tree::default();
    for tile in leaves.chunks(256) {
        let tile: Vec<&[u8]> = tile.iter().map(Vec::as_slice).collect();
        let hashes = many::of_leaves(&tile);
        match many::root_of(&hashes).filter(|_| hashes.len() == 256) {
            Some(root) => tree.push_tile(root),
            None => hashes.into_iter().for_each(|hash| {
                tree.push(hash);
            }),
        }
    }
    tree.root()
}

fn their_tree(leaves: &[Vec<u8>]) -> MemoryBackedTree<Sha256, &[u8]> {
    let mut tree = MemoryBackedTree::new();
    leaves.iter().for_each(|leaf| tree.push(leaf.as_slice()));
    tree
}

fn main() {
    let count: usize = std::env::args().nth(1).map_or(1_000_000, |text| text.parse().expect("a number of events"));
    let leaves: Vec<Vec<u8>> = (0..count as u64).map(leaf).collect();
    let bytes: usize = leaves.iter().map(Vec::len).sum();
    println!("{count} events of {} bytes, one core, medians of {ROUNDS} rounds", bytes / count);
    let (root, their) = (our_root(&leaves), their_tree(&leaves));
    let their_root = their.root();
    assert_eq!(their_root.as_bytes().as_slice(), root.0.as_slice(), "both are RFC 6962");
    let (levels, size, proofs) = (Levels::of(&leaves), count as u64, count.min(PROOFS));
    let places: Vec<usize> = (0..proofs).map(|number| number * 2_654_435_761 % count).collect();
    let chain = || {
        let mut link = [0_u8; 32];
        for leaf in &leaves {
            link = Sha256::new().chain_update(link).chain_update(leaf).finalize().into();
        }
        std::hint::black_box(link);
    };
    let ours = || {
        for index in &places {
            let path = prove_inclusion(&levels, *index as u64, size).expect("the leaf is there");
            assert!(holds_inclusion(&Hash::of_leaf(&leaves[*index]), *index as u64, size, &path, &root));
        }
    };
    let theirs = || {
        for index in &places {
            let proof = their.prove_inclusion(*index);
            their_root.verify_inclusion(&leaves[*index].as_slice(), *index as u64, &proof).expect("it holds");
        }
    };
    let mut acts: Vec<Act<'_>> = vec![
        ("limit: SHA-256 chain", count, Box::new(chain)),
        ("audit-log: root, O(log n) memory", count, Box::new(|| drop(std::hint::black_box(our_root(&leaves))))),
        ("ct-merkle: root, all nodes in memory", count, Box::new(|| drop(std::hint::black_box(their_tree(&leaves).root())))),
        ("audit-log: prove and verify from the event", proofs, Box::new(ours)),
        ("ct-merkle: prove and verify from the event", proofs, Box::new(theirs)),
    ];
    let rates = medians(&mut acts);
    for ((name, _, _), rate) in acts.iter().zip(rates) {
        println!("{name:<58} {rate:>12.0}/s");
    }
}
