//! A log as it lies in a bucket: files by name, the signed checkpoint among them, and what a verifier remembers from before.

use std::collections::BTreeMap;

use audit_log::checkpoint::{Checkpoint, CheckpointError};
use audit_log::edge::Edge;
use audit_log::event::LogEvent;
use audit_log::key::CheckpointKey;
use audit_log::note::Verifier;
use audit_log::verify::{Broken, LogVerifier, Summary};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

use crate::numbers::Numbers;

pub(crate) const ORIGIN: &str = "habeas.example/audit/acme";

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) leaves: Vec<Vec<u8>>,
    pub(crate) files: Files,
    /// Checkpoints a verifier kept, as signed.
    pub(crate) known: Vec<String>,
    /// The checkpoint after each round of sealing.
    pub(crate) rounds: Vec<u64>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    Checkpoint(Option<CheckpointError>),
    Broken(Broken),
}

pub(crate) fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

pub(crate) fn verifier_of(pair: &Ed25519KeyPair) -> Verifier {
    let key = CheckpointKey::from_bytes(pair.public_key().as_ref().try_into().unwrap());
    Verifier::new(ORIGIN, key).unwrap()
}

/// The tiles of a log of these leaves.
pub(crate) fn files_of(leaves: &[Vec<u8>]) -> Files {
    let tiles = Edge::default().append(leaves).unwrap();
    tiles.into_iter().map(|tile| (tile.name.to_string(), tile.bytes)).collect()
}

pub(crate) fn signed(leaves: &[Vec<u8>], pair: &Ed25519KeyPair) -> String {
    let mut edge = Edge::default();
    edge.append(leaves).unwrap();
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: edge.tree().size(), root: edge.tree().root() };
    checkpoint.join(pair.sign(checkpoint.text().as_bytes()).as_ref(), &verifier_of(pair)).unwrap()
}

pub(crate) fn event(numbers: &mut Numbers) -> Vec<u8> {
    let words = ["create", "update", "export"];
    let mut event = LogEvent {
        v: 1,
        id: format!("evt_{:016x}{:016x}", numbers.next(), numbers.next()),
        tenant: "acme".to_owned(),
        at: format!("2026-03-{:02}T10:20:{:02}.{:03}Z", 1 + numbers.below(28), numbers.below(60), numbers.below(1000)),
        event_type: "request_change".to_owned(),
        action: words[numbers.index(3)].to_owned(),
        level: "info".to_owned(),
        outcome: "success".to_owned(),
        actor: "worker".to_owned(),
        resource_type: "job".to_owned(),
        ..LogEvent::default()
    };
    if numbers.chance() {
        event.job = Some(format!("job_{:016x}", numbers.next()));
        event.item = Some("step#collect#0001".to_owned());
        event.version = Some(numbers.below(1 << 53));
        event.reason = Some("a \"quoted\" reason \\ with ünïcode, \t and \u{1} \u{1f}".to_owned());
        event.counts = [("rows".to_owned(), numbers.below(1000)), ("bytes".to_owned(), 0)].into();
    }
    event.leaf().unwrap()
}

impl Log {
    pub(crate) fn random(numbers: &mut Numbers) -> Self {
        // Mostly short, so that the edges of tiles are met often.
        let length = if numbers.below(4) == 0 { 1 + numbers.below(900) } else { 1 + numbers.below(40) };
        Self::of(numbers, length)
    }

    pub(crate) fn of(numbers: &mut Numbers, length: u64) -> Self {
        let leaves: Vec<Vec<u8>> = (0..length).map(|_| event(numbers)).collect();
        let mut edge = Edge::default();
        let mut files = Files::new();
        let mut rounds = vec![0];
        let mut rest = leaves.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(1 + numbers.index(rest.len()));
            let loaded = Edge::names(edge.tree().size()).iter().map(|name| files[&name.to_string()].clone()).collect();
            edge = Edge::from_tiles(edge.tree().size(), loaded).unwrap();
            files.extend(edge.append(now).unwrap().into_iter().map(|tile| (tile.name.to_string(), tile.bytes)));
            rounds.push(edge.tree().size());
            rest = later;
        }
        let pair = pair(1);
        files.insert("checkpoint".to_owned(), signed(&leaves, &pair).into_bytes());
        let known = rounds[numbers.index(rounds.len())];
        let known = vec![signed(&leaves[..usize::try_from(known).unwrap()], &pair)];
        Self { leaves, files, known, rounds }
    }

    /// The same log with other tiles under the same checkpoint.
    pub(crate) fn with_files(&self, mut files: Files) -> Self {
        files.insert("checkpoint".to_owned(), self.files["checkpoint"].clone());
        Self { files, ..self.clone() }
    }

    /// The bundle an event is in, and the place of its last byte but one.
    pub(crate) fn place_of(&self, index: u64) -> (String, usize) {
        let name = audit_log::tile::TileName::of_entries(index / 256, self.leaves.len() as u64).unwrap();
        let from = usize::try_from(index / 256 * 256).unwrap();
        let to = usize::try_from(index).unwrap();
        let place: usize = self.leaves[from..=to].iter().map(|leaf| leaf.len() + 2).sum();
        (name.to_string(), place - 2)
    }

    pub(crate) fn verify(&self) -> Result<Summary, Doubt> {
        let verifier = verifier_of(&pair(1));
        let open = |note: &[u8]| {
            let note = std::str::from_utf8(note).map_err(|_| Doubt::Checkpoint(None))?;
            Checkpoint::open(note, ORIGIN, &verifier).map_err(|error| Doubt::Checkpoint(Some(error)))
        };
        let checkpoint = open(self.files.get("checkpoint").ok_or(Doubt::Checkpoint(None))?)?;
        let known = self.known.iter().map(|note| open(note.as_bytes())).collect::<Result<_, _>>()?;
        let mut pass = LogVerifier::new(checkpoint, known).map_err(Doubt::Broken)?;
        while let Some(name) = pass.wants() {
            pass.give(self.files.get(&name.to_string()).map(Vec::as_slice));
        }
        pass.finish().map_err(Doubt::Broken)
    }
}
