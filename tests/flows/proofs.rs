//! The audit log of a world: it verifies, it names each receipt by its hash, and it holds nothing that a dead key hides.

use adapters_memory::MemoryReceiptSigner;
use audit_log::bundle::Bundle;
use audit_log::checkpoint::Checkpoint;
use audit_log::event::{LogEvent, commitment};
use audit_log::key::ReceiptKey;
use audit_log::note::Verifier;
use audit_log::receipt::{PlaceError, Receipt, verify, verify_place};
use audit_log::tile::Entries;
use audit_log::verify::LogVerifier;
use domain::event::AuditEvent;
use habeas_tests::executor::run;
use habeas_tests::handlers::{ORIGIN, sealer};
use habeas_tests::sample::{ADA, BOB, Person, tenant};
use jiff::SignedDuration;
use workflow::ports::CheckpointSigner as _;
use workflow::seal_audit::origin_of;
use workflow::sealing::sha256;

use crate::actor_details::events;
use crate::audit_log::{look, ticking};
use crate::caller::{Caller, dpo, operator, subject};
use crate::erasure::{approved, planned};
use crate::house::{House, UNKNOWN_JOB};

/// Runs the sealer once.
fn seal(house: &House) {
    let memory = &house.world.memory;
    run(memory, sealer(memory).run()).answer().unwrap();
}

fn trusted(house: &House, slug: &str) -> (Verifier, String) {
    let origin = origin_of(ORIGIN, &tenant(slug));
    let key = run(&house.world.memory, house.world.memory.checkpoint_signer().key()).answer().unwrap();
    (Verifier::new(&origin, key).unwrap(), origin)
}

/// Every leaf of a log that verifies under each checkpoint it ever had.
fn verified_log(house: &House, slug: &str) -> Vec<LogEvent> {
    let memory = &house.world.memory;
    let newest = |name: &str| {
        let name = format!("logs/{slug}/{name}");
        memory.inspect(|state| Some(state.evidence.objects.get(&name)?.last()?.0.to_vec()))
    };
    let (verifier, origin) = trusted(house, slug);
    let notes = memory.inspect(|state| state.evidence.objects[&format!("logs/{slug}/checkpoint")].clone());
    let open = |note: &[u8]| Checkpoint::open(str::from_utf8(note).unwrap(), &origin, &verifier).unwrap();
    let mut checkpoints: Vec<Checkpoint> = notes.iter().map(|(note, _)| open(note)).collect();
    let mut pass = LogVerifier::new(checkpoints.pop().unwrap(), checkpoints).unwrap();
    let mut leaves = Vec::new();
    while let Some(name) = pass.wants() {
        let bytes = newest(&name.to_string());
        if name.to_string().starts_with("tile/entries/") {
            let entries = Entries::of(bytes.as_deref().unwrap());
            leaves.extend(entries.map(|leaf| serde_json::from_slice::<LogEvent>(leaf.unwrap()).unwrap()));
        }
        pass.give(bytes.as_deref());
    }
    pass.finish().unwrap();
    leaves
}

fn erased(house: &mut House, about: Person) -> String {
    let id = planned(house, about);
    approved(house, &id);
    house.world.advance(SignedDuration::from_hours(7 * 24 + 2));
    assert_eq!(house.status("acme", &id), "completed");
    id
}

fn receipt_of(house: &mut House, id: &str) -> (String, Receipt) {
    let answer = house.get(&operator("acme"), &format!("/jobs/{id}/receipt"));
    let jws = String::from_utf8(answer.bytes).unwrap();
    let key = ReceiptKey::from_der(&MemoryReceiptSigner::public_key_der()).unwrap();
    let content = verify(&jws, &key).unwrap().read().unwrap();
    (jws, content)
}

#[test]
fn a_receipt_has_its_place_in_the_log_and_no_other_receipts_proof_shows_it() {
    let mut house = House::new();
    let waiting = planned(&mut house, ADA);
    assert_eq!(house.get(&operator("acme"), &format!("/jobs/{waiting}/receipt/proof")).status, 409, "no receipt");
    approved(&mut house, &waiting);
    house.world.advance(SignedDuration::from_hours(7 * 24 + 2));
    let (ada, bob) = (waiting, erased(&mut house, BOB));
    let path = format!("/jobs/{ada}/receipt/proof");
    let early = house.get(&operator("acme"), &path);
    assert_eq!((early.status, &early.body["state"]), (409, &serde_json::json!("not_sealed")));
    assert!(early.headers.contains_key("retry-after"));
    seal(&house);
    let proof = |house: &mut House, id: &str| {
        let answer = house.get(&subject(if id == ada { ADA } else { BOB }), &format!("/jobs/{id}/receipt/proof"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        Bundle::parse(str::from_utf8(&answer.bytes).unwrap()).unwrap()
    };
    let (hers, other) = (proof(&mut house, &ada), proof(&mut house, &bob));
    let (jws, receipt) = receipt_of(&mut house, &ada);
    let (verifier, origin) = trusted(&house, "acme");
    let shown = |jws: &str, proof: &Bundle| verify_place((jws, &receipt), proof, &origin, &verifier);
    assert_eq!(shown(&jws, &hers).unwrap().origin, origin);
    assert_eq!(shown(&jws, &other), Err(PlaceError::AnotherEvent));
    assert_eq!(shown(&format!("{jws}x"), &hers), Err(PlaceError::AnotherEvent));
    let moved = Bundle { index: hers.index + 1, ..hers.clone() };
    assert!(matches!(shown(&jws, &moved), Err(PlaceError::Proof(_))));
    let empty = Bundle { extra: None, ..hers };
    assert!(matches!(shown(&jws, &empty), Err(PlaceError::Proof(_))));

    for (caller, path) in [(dpo("globex"), path.clone()), (dpo("acme"), format!("/jobs/{UNKNOWN_JOB}/receipt/proof"))] {
        assert_eq!(house.get(&caller, &path).status, 404);
    }
    assert_eq!(house.get(&operator("acme"), &format!("{path}?x=1")).status, 422);
}

#[test]
fn the_log_verifies_after_the_keys_are_gone_and_each_leaf_still_commits_to_what_was_sealed() {
    let mut house = House::new();
    let id = planned(&mut house, ADA);
    assert_eq!(house.post(&subject(ADA), "/me/export", &serde_json::json!({})).status, 202);
    house.world.run_until_idle();
    seal(&house);
    let before = verified_log(&house, "acme");
    approved(&mut house, &id);
    house.world.advance(SignedDuration::from_hours(7 * 24 + 2));
    assert_eq!(house.status("acme", &id), "completed");
    seal(&house);
    let after = verified_log(&house, "acme");
    assert_eq!(after[..before.len()], before[..], "what was sealed stays");

    let stored = events(&house, "acme");
    let mut committed = 0;
    for event in stored.iter().filter(|event| event.actor_detail.is_some() || event.detail.is_some()) {
        let leaf = after.iter().find(|leaf| leaf.id == event.id.as_str()).expect("it is in the log");
        assert_eq!(leaf.sealed, Some(commitment(expected_text(event).as_bytes())), "{}", event.resource_type);
        committed += 1;
    }
    assert!(committed > 8, "{committed}");
    let tiles = house.world.memory.inspect(|state| {
        let objects = state.evidence.objects.values().flatten();
        objects.map(|(bytes, _)| String::from_utf8_lossy(bytes).into_owned()).collect::<String>()
    });
    for personal in ["canary", ADA.email, "sub-of-"] {
        assert!(!tiles.contains(personal), "{personal} is in the log");
    }
}

/// What docs/audit-log.md says the commitment is over.
fn expected_text(event: &AuditEvent) -> String {
    let mut text = String::new();
    if let Some(detail) = &event.actor_detail {
        text.push_str(&format!("actor_detail {} {}\n", detail.owner, detail.sealed.body));
    }
    if let Some(detail) = &event.detail {
        text.push_str(&format!("detail {} {}\n", detail.owner, detail.sealed.body));
    }
    text
}

#[test]
fn an_exports_receipt_counts_what_was_handed_out_and_has_its_place_in_the_log() {
    let mut house = House::new();
    let body =
        serde_json::json!({"type": "portability", "subject": {"identities": [{"type": "email", "value": ADA.email}]}});
    let id = house.submit(&subject(ADA), "/requests", &body, ADA);
    assert_eq!(house.get(&operator("acme"), &format!("/jobs/{id}/receipt")).status, 409, "nothing is done yet");
    house.world.run_until_idle();
    let archive = house.fetch(&subject(ADA), &id);
    let (jws, receipt) = receipt_of(&mut house, &id);
    let told = receipt.archive.as_ref().unwrap();
    assert_eq!((told.sha256.as_str(), told.bytes), (sha256(&archive).as_str(), archive.len() as u64));
    assert_eq!((receipt.legal_basis.as_str(), receipt.plan_hash.as_str()), ("GDPR Art. 20", ""));
    let packed = archive::verify(std::io::Cursor::new(&archive)).unwrap();
    let counted = receipt.sources.iter().map(|it| (it.source.clone(), it.counts["rows"]));
    let counted: std::collections::BTreeMap<String, u64> = counted.filter(|(_, rows)| *rows > 0).collect();
    assert_eq!(counted, packed.rows.into_iter().filter(|(_, rows)| *rows > 0).collect());
    assert!(!format!("{receipt:?}").contains("canary") && !format!("{receipt:?}").contains('@'));
    let path = format!("/jobs/{id}/receipt/proof");
    assert_eq!(house.get(&operator("acme"), &path).body["state"], serde_json::json!("not_sealed"));
    seal(&house);
    let (verifier, origin) = trusted(&house, "acme");
    let proof = String::from_utf8(house.get(&subject(ADA), &path).bytes).unwrap();
    verify_place((&jws, &receipt), &Bundle::parse(&proof).unwrap(), &origin, &verifier).unwrap();
    for path in [path, format!("/jobs/{id}/receipt")] {
        assert_eq!(house.get(&operator("globex"), &path).status, 404);
        assert_eq!(house.get(&subject(BOB), &path).status, 404);
    }
    // The archive goes, the receipt stays.
    house.world.advance(SignedDuration::from_hours(26));
    assert_eq!(receipt_of(&mut house, &id).0, jws);
}

#[test]
fn a_proof_leads_to_a_checkpoint_of_the_last_half_minute_that_covers_its_event() {
    let mut house = ticking();
    planned(&mut house, ADA);
    let auditor = Caller::new("acme", "auditor");
    let newest = |house: &mut House| {
        look(house, &auditor, "/events?limit=1").body["items"][0]["id"].as_str().unwrap().to_owned()
    };
    let size = |house: &mut House, event: &str| {
        let answer = look(house, &auditor, &format!("/events/{event}/proof"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        let bundle = Bundle::parse(str::from_utf8(&answer.bytes).unwrap()).unwrap();
        let (verifier, origin) = trusted(house, "acme");
        Checkpoint::open(&bundle.checkpoint, &origin, &verifier).unwrap().size
    };
    let pass = |house: &House, seconds: i64| {
        house.world.memory.advance(SignedDuration::from_secs(seconds));
        seal(house);
    };
    let first = newest(&mut house);
    pass(&house, 60);
    let kept = size(&mut house, &first);
    pass(&house, 10);
    assert_eq!(size(&mut house, &first), kept, "ten seconds later it need not be read again");
    let second = newest(&mut house);
    pass(&house, 1);
    let newer = size(&mut house, &second);
    assert!(newer > kept, "an event beyond it stands in a newer one");
    assert_eq!(size(&mut house, &first), newer, "which is kept from then on");
    pass(&house, 30);
    assert!(size(&mut house, &first) > newer, "after half a minute it is read again");
}

#[test]
fn a_checkpoint_of_another_tenants_log_is_refused_even_after_that_tenant_has_read_it() {
    let mut house = ticking();
    let auditors = ["acme", "globex"].map(|slug| Caller::new(slug, "auditor"));
    for auditor in &auditors {
        assert_eq!(look(&mut house, auditor, "/events").status, 200);
    }
    seal(&house);
    for auditor in &auditors {
        assert_eq!(look(&mut house, auditor, "/checkpoint").status, 200);
    }
    house.world.memory.change(|state| {
        let foreign = state.evidence.objects["logs/globex/checkpoint"].clone();
        state.evidence.objects.insert("logs/acme/checkpoint".to_owned(), foreign);
    });
    let [acme, globex] = &auditors;
    let refused = look(&mut house, acme, "/checkpoint");
    assert_eq!(refused.status, 500, "{}", String::from_utf8_lossy(&refused.bytes));
    assert_eq!(look(&mut house, globex, "/checkpoint").status, 200);
}
