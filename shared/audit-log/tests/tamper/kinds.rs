//! The eight ways of tampering. Each leaves the signing key alone, but for `Fork`, where the signer itself cheats.

use audit_log::checkpoint::Checkpoint;

use crate::numbers::Numbers;
use crate::world::{self, Files, Log, ORIGIN, files_of, pair, signed};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Flip,
    Delete,
    Insert,
    Swap,
    Truncate,
    Fork,
    StaleReplay,
    WrongKey,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Flip,
        Self::Delete,
        Self::Insert,
        Self::Swap,
        Self::Truncate,
        Self::Fork,
        Self::StaleReplay,
        Self::WrongKey,
    ];

    pub(crate) fn apply(self, log: &Log, numbers: &mut Numbers) -> Log {
        match self {
            Self::Flip => flip(log, numbers),
            Self::Delete => delete(log, numbers),
            Self::Insert => insert(log, numbers),
            Self::Swap => swap(log, numbers),
            Self::Truncate => truncate(log, numbers),
            Self::Fork => fork(log, numbers),
            Self::StaleReplay => stale_replay(log, numbers),
            Self::WrongKey => wrong_key(log, numbers),
        }
    }
}

/// The names a verifier reads: partial tiles of earlier sizes lie beside them, and nobody relies on those.
fn names(log: &Log) -> Vec<String> {
    let mut names: Vec<String> = files_of(&log.leaves).into_keys().collect();
    names.push("checkpoint".to_owned());
    names
}

fn flip(log: &Log, numbers: &mut Numbers) -> Log {
    let mut tampered = log.clone();
    let names = names(log);
    let file = tampered.files.get_mut(&names[numbers.index(names.len())]).unwrap();
    let place = numbers.index(file.len());
    file[place] ^= 1 << numbers.below(8);
    tampered
}

fn delete(log: &Log, numbers: &mut Numbers) -> Log {
    if numbers.chance() {
        let mut tampered = log.clone();
        let names = names(log);
        tampered.files.remove(&names[numbers.index(names.len())]);
        return tampered;
    }
    let mut leaves = log.leaves.clone();
    leaves.remove(numbers.index(leaves.len()));
    if numbers.chance() {
        // The gap is covered at the end, so that all files have the right names and lengths.
        leaves.push(world::event(numbers));
    }
    rewritten(log, &leaves, numbers)
}

fn insert(log: &Log, numbers: &mut Numbers) -> Log {
    let mut leaves = log.leaves.clone();
    leaves.insert(numbers.index(leaves.len()), world::event(numbers));
    if numbers.chance() {
        leaves.pop();
    }
    rewritten(log, &leaves, numbers)
}

fn swap(log: &Log, numbers: &mut Numbers) -> Log {
    let mut leaves = log.leaves.clone();
    let (one, other) = (numbers.index(leaves.len()), numbers.index(leaves.len()));
    if one == other {
        leaves[one] = world::event(numbers);
    } else {
        leaves.swap(one, other);
    }
    rewritten(log, &leaves, numbers)
}

fn truncate(log: &Log, numbers: &mut Numbers) -> Log {
    let kept = numbers.index(log.leaves.len());
    let mut tampered = rewritten(log, &log.leaves[..kept], numbers);
    if numbers.chance() {
        let text = String::from_utf8(log.files["checkpoint"].clone()).unwrap();
        let text = text.replacen(&format!("\n{}\n", log.leaves.len()), &format!("\n{kept}\n"), 1);
        tampered.files.insert("checkpoint".to_owned(), text.into_bytes());
    }
    tampered
}

/// The signer signs another history; somebody remembers the first.
fn fork(log: &Log, numbers: &mut Numbers) -> Log {
    let mut leaves = log.leaves.clone();
    let known = 1 + numbers.index(leaves.len());
    let changed = numbers.index(known);
    leaves[changed] = world::event(numbers);
    for _ in 0..numbers.below(20) {
        leaves.push(world::event(numbers));
    }
    let mut files = files_of(&leaves);
    files.insert("checkpoint".to_owned(), signed(&leaves, &pair(1)).into_bytes());
    Log { leaves, files, known: vec![signed(&log.leaves[..known], &pair(1))], rounds: log.rounds.clone() }
}

fn stale_replay(log: &Log, numbers: &mut Numbers) -> Log {
    let rounds = &log.rounds[..log.rounds.len() - 1];
    let old = usize::try_from(rounds[numbers.index(rounds.len())]).unwrap();
    let mut files = files_of(&log.leaves[..old]);
    files.insert("checkpoint".to_owned(), signed(&log.leaves[..old], &pair(1)).into_bytes());
    let known = vec![String::from_utf8(log.files["checkpoint"].clone()).unwrap()];
    Log { files, known, ..log.clone() }
}

fn wrong_key(log: &Log, numbers: &mut Numbers) -> Log {
    let mut leaves = log.leaves.clone();
    if numbers.chance() {
        let changed = numbers.index(leaves.len());
        leaves[changed] = world::event(numbers);
    }
    let mut files = files_of(&leaves);
    let other = pair(2);
    let note = if numbers.chance() {
        signed(&leaves, &other)
    } else {
        // The other key's signature under the name and id of the trusted one.
        let honest = signed(&leaves, &pair(1));
        let text = Checkpoint::open(&honest, ORIGIN, &world::verifier_of(&pair(1))).unwrap().text();
        note_by_hand(&text, other.sign(text.as_bytes()).as_ref())
    };
    files.insert("checkpoint".to_owned(), note.into_bytes());
    Log { files, ..log.clone() }
}

fn note_by_hand(text: &str, signature: &[u8]) -> String {
    use base64::Engine as _;
    let id = world::verifier_of(&pair(1)).id().to_be_bytes();
    let line = base64::engine::general_purpose::STANDARD.encode([id.as_slice(), signature].concat());
    format!("{text}\n\u{2014} {ORIGIN} {line}\n")
}

/// Other leaves under the old checkpoint: either all tiles are made anew, or only the bundles are.
fn rewritten(log: &Log, leaves: &[Vec<u8>], numbers: &mut Numbers) -> Log {
    let new = files_of(leaves);
    if numbers.chance() {
        return log.with_files(new);
    }
    let is_bundle = |name: &String| name.starts_with("tile/entries/");
    let mut files: Files = log.files.iter().filter(|(name, _)| !is_bundle(name)).map(clone_pair).collect();
    files.extend(new.iter().filter(|(name, _)| is_bundle(name)).map(clone_pair));
    log.with_files(files)
}

fn clone_pair((name, bytes): (&String, &Vec<u8>)) -> (String, Vec<u8>) {
    (name.clone(), bytes.clone())
}
