//! The three subcommands over files on disk, as an auditor has them: what holds, what is broken, what can't be checked.

use std::path::{Path, PathBuf};

use audit_log::bundle::Bundle;
use audit_log::checkpoint::Checkpoint;
use audit_log::edge::Edge;
use audit_log::event::LogEvent;
use audit_log::hash::Hash;
use audit_log::key::CheckpointKey;
use audit_log::note::Verifier;
use audit_log::receipt::Unsigned;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use serde_json::json;

use super::{Unchecked, Verdict, log, proof, receipt};
use crate::args::{VerifyLogArguments, VerifyProofArguments, VerifyReceiptArguments};

const ORIGIN: &str = "habeas.example/audit/acme";

/// A directory of its own that goes away.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("habeas-verify-{}-{name}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn event(number: u32) -> Vec<u8> {
    event_of(number).leaf().unwrap()
}

fn event_of(number: u32) -> LogEvent {
    let text = |text: &str| text.to_owned();
    LogEvent {
        v: 1,
        id: format!("evt_{number}"),
        tenant: text("acme"),
        at: format!("2026-11-21T07:00:{number:02}Z"),
        event_type: text("request_change"),
        action: text("update"),
        level: text("info"),
        outcome: text("success"),
        actor: text("worker"),
        resource_type: text("job"),
        ..LogEvent::default()
    }
}

fn key(pair: &Ed25519KeyPair) -> CheckpointKey {
    CheckpointKey::from_bytes(pair.public_key().as_ref().try_into().unwrap())
}

/// Writes a log of so many events with its key, and answers the signed checkpoint.
fn write_log(dir: &Dir, events: u32, pair: &Ed25519KeyPair) -> String {
    let mut edge = Edge::default();
    for tile in edge.append((0..events).map(event)).unwrap() {
        dir.write(&tile.name.to_string(), tile.bytes);
    }
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: u64::from(events), root: edge.tree().root() };
    let verifier = Verifier::new(ORIGIN, key(pair)).unwrap();
    let note = checkpoint.join(pair.sign(checkpoint.text().as_bytes()).as_ref(), &verifier).unwrap();
    dir.write("checkpoint", &note);
    dir.write("key.pem", key(pair).to_pem());
    dir.write("key.txt", verifier.to_text());
    note
}

fn arguments(dir: &Path, key: &str) -> VerifyLogArguments {
    VerifyLogArguments { dir: dir.to_owned(), key: dir.join(key), origin: None, known: Vec::new() }
}

#[test]
fn a_log_holds_until_something_in_it_is_changed() {
    let dir = Dir::new("log");
    let pair = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
    write_log(&dir, 7, &pair);
    for key in ["key.pem", "key.txt"] {
        let Verdict::Holds(sentence) = log::verify(&arguments(&dir.0, key)).unwrap() else { panic!("it holds") };
        assert!(sentence.starts_with("all 7 events of habeas.example/audit/acme are those that were signed"));
        assert!(sentence.contains("(from 2026-11-21T07:00:00Z to 2026-11-21T07:00:06Z)"), "{sentence}");
    }
    let bundle = dir.0.join("tile/entries/000.p/7");
    let mut bytes = std::fs::read(&bundle).unwrap();
    let place = bytes.windows(5).position(|window| window == b"evt_3").unwrap();
    bytes[place + 4] = b'9';
    std::fs::write(bundle, bytes).unwrap();
    let verdict = log::verify(&arguments(&dir.0, "key.pem")).unwrap();
    assert_eq!(verdict, Verdict::Broken("event 3 was changed, moved, added or removed after it was signed".to_owned()));
}

#[test]
fn a_log_cut_short_is_found_with_a_checkpoint_kept_from_before() {
    let (older, newer) = (Dir::new("older"), Dir::new("newer"));
    let pair = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
    let old = write_log(&older, 5, &pair);
    let new = write_log(&newer, 9, &pair);
    let known = |dir: &Dir, note: &str| {
        let known = vec![dir.write("known", note)];
        log::verify(&VerifyLogArguments { known, ..arguments(&dir.0, "key.txt") })
    };
    assert!(matches!(known(&newer, &old), Ok(Verdict::Holds(_))));
    let Ok(Verdict::Broken(sentence)) = known(&older, &new) else { panic!("an old state is shown") };
    assert!(sentence.starts_with("the log shows 5 events, but 9 were signed before"));
}

#[test]
fn another_key_breaks_and_a_missing_file_leaves_it_open() {
    let dir = Dir::new("key");
    write_log(&dir, 3, &Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap());
    dir.write("other.pem", key(&Ed25519KeyPair::from_seed_unchecked(&[2; 32]).unwrap()).to_pem());
    assert!(matches!(log::verify(&arguments(&dir.0, "other.pem")), Ok(Verdict::Broken(_))));
    assert!(matches!(log::verify(&arguments(&dir.0, "nowhere")), Err(Unchecked(_))));
    assert!(matches!(log::verify(&arguments(&dir.0, "checkpoint")), Err(Unchecked(_))));
}

#[test]
fn a_proof_shows_its_event_and_no_other() {
    let dir = Dir::new("proof");
    let checkpoint = write_log(&dir, 2, &Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap());
    let path = vec![Hash::of_leaf(&event(0))];
    let bundle = Bundle { extra: Some(event(1)), index: 1, path, checkpoint };
    let verify = |bundle: &Bundle| {
        let file = dir.write("proof", bundle.to_text());
        proof::verify(&VerifyProofArguments { file, key: dir.0.join("key.txt"), origin: None, event: None })
    };
    let Ok(Verdict::Holds(sentence)) = verify(&bundle) else { panic!("it holds") };
    assert!(sentence.contains(r#""id":"evt_1""#), "{sentence}");
    assert!(matches!(verify(&Bundle { extra: Some(event(2)), ..bundle.clone() }), Ok(Verdict::Broken(_))));
    assert!(matches!(verify(&Bundle { index: 0, ..bundle.clone() }), Ok(Verdict::Broken(_))));
    assert!(matches!(verify(&Bundle { extra: None, ..bundle }), Err(Unchecked(_))));
}

#[test]
fn a_receipt_holds_with_its_place_in_the_log() {
    let dir = Dir::new("receipt");
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let head = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";
    let head = base64::engine::general_purpose::STANDARD.decode(head).unwrap();
    let der = [&head[..26], pair.public_key().as_ref()].concat();
    let pem = audit_log::key::ReceiptKey::from_der(&der).unwrap().to_pem();
    let key = dir.write("receipts.pem", pem);
    let (one, two) = (Hash::of_leaf(&event(0)), Hash::of_leaf(&event(1)));
    let verify = |root: Hash| {
        let log = json!({
            "origin": ORIGIN, "leaf_index": 0, "leaf_hash": one.to_string(), "tree_size": 2,
            "root": root.to_string(), "inclusion": [two.to_string()],
        });
        let unsigned = Unsigned::new("alias/receipts", &json!({ "v": 1, "job": "job_1", "log": log })).unwrap();
        let signature = pair.sign(&SystemRandom::new(), unsigned.signing_input()).unwrap();
        let file = dir.write("receipt", unsigned.join_raw(signature.as_ref().try_into().unwrap()) + "\n");
        receipt::verify(&VerifyReceiptArguments { file, key: key.clone(), proof: None, log_key: None, origin: None })
    };
    let Ok(Verdict::Holds(sentence)) = verify(Hash::of_children(&one, &two)) else { panic!("it holds") };
    assert!(sentence.contains("signed with alias/receipts") && sentence.contains("event 0 of habeas.example"));
    assert!(matches!(verify(two), Ok(Verdict::Broken(_))));
    let file = dir.write("receipt", "a.b.c");
    assert!(matches!(
        receipt::verify(&VerifyReceiptArguments { file, key, proof: None, log_key: None, origin: None }),
        Ok(Verdict::Broken(_))
    ));
}

#[test]
fn a_proof_beside_a_receipt_must_be_of_that_receipt() {
    let dir = Dir::new("beside");
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let head = base64::engine::general_purpose::STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE").unwrap();
    let der = [&head[..26], pair.public_key().as_ref()].concat();
    let key = dir.write("receipts.pem", audit_log::key::ReceiptKey::from_der(&der).unwrap().to_pem());
    let content = json!({
        "v": 1, "job": "job_1", "tenant": "acme", "request_type": "erasure", "plan_hash": "00", "sources": [],
        "exemptions": [], "legal_basis": "GDPR Art. 17", "requested_at": "2026-11-20T07:00:00Z",
        "completed_at": "2026-11-21T07:00:00Z",
    });
    let unsigned = Unsigned::new("alias/receipts", &content).unwrap();
    let signature = pair.sign(&SystemRandom::new(), unsigned.signing_input()).unwrap();
    let jws = unsigned.join_raw(signature.as_ref().try_into().unwrap());
    let file = dir.write("receipt", format!("{jws}\n"));
    let log_pair = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
    let verifier = Verifier::new(ORIGIN, self::key(&log_pair)).unwrap();
    let log_key = dir.write("log.txt", verifier.to_text());
    let verify = |job: &str, hash: String, proof: Option<&str>| {
        let named =
            LogEvent { job: Some(job.to_owned()), to: Some(hash), resource_type: "receipt".to_owned(), ..event_of(1) };
        let leaf = named.leaf().unwrap();
        let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: 1, root: Hash::of_leaf(&leaf) };
        let note = checkpoint.join(log_pair.sign(checkpoint.text().as_bytes()).as_ref(), &verifier).unwrap();
        let bundle = Bundle { extra: Some(leaf), index: 0, path: Vec::new(), checkpoint: note };
        let proof = dir.write("proof", proof.map_or_else(|| bundle.to_text(), str::to_owned));
        let (file, key, log_key) = (file.clone(), key.clone(), Some(log_key.clone()));
        receipt::verify(&VerifyReceiptArguments { file, key, proof: Some(proof), log_key, origin: None })
    };
    let hash = audit_log::event::commitment(jws.as_bytes());
    let Ok(Verdict::Holds(sentence)) = verify("job_1", hash.clone(), None) else { panic!("it holds") };
    assert!(sentence.contains("event 0 of the 1 that habeas.example/audit/acme signed names it"), "{sentence}");
    let broken = "the receipt is signed, but the proof is of another event than this receipt's";
    assert_eq!(verify("job_2", hash.clone(), None), Ok(Verdict::Broken(broken.to_owned())));
    assert_eq!(verify("job_1", "00".repeat(32), None), Ok(Verdict::Broken(broken.to_owned())));
    assert!(matches!(verify("job_1", hash, Some("no proof")), Err(Unchecked(_))));
}
