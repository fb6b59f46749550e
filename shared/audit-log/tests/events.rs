//! Leaves: what is written is canonical JSON, and nothing else is read. The canonical form comes from another implementation.

use audit_log::event::{EventView, LeafError, LogEvent, commitment};
use serde_json::Value;

fn event() -> LogEvent {
    let text = |text: &str| Some(text.to_owned());
    LogEvent {
        v: 1,
        id: "evt_0192f0c100007000800000000000000a".to_owned(),
        tenant: "acme".to_owned(),
        at: "2026-11-21T07:00:00.123Z".to_owned(),
        event_type: "request_change".to_owned(),
        action: "update".to_owned(),
        level: "warning".to_owned(),
        outcome: "success".to_owned(),
        actor: "person".to_owned(),
        pseudonym: text("k1:0011"),
        role: text("dpo"),
        job: text("job_0192f0c1000070008000000000000001"),
        resource_type: "step".to_owned(),
        item: text("step#collect#0001"),
        version: Some(3),
        from: text("ready"),
        to: text("done"),
        reason: text("the \"plan\" \\ changed\n\u{8}\u{c}\r\t\u{0}\u{1f}\u{7f} été 😀 \u{2028}"),
        counts: [("rows".to_owned(), 9_007_199_254_740_991), ("files".to_owned(), 0)].into(),
        organization_id: text("org-1"),
        request_id: text("req/1"),
        ip_hash: text("ab"),
        user_agent_family: text("Some Browser"),
        control_id: text("CC6.1"),
        sealed: Some(commitment(b"ciphertext")),
    }
}

#[test]
fn a_leaf_is_the_canonical_form_and_reads_back() {
    let leaf = event().leaf().unwrap();
    let value: Value = serde_json::from_slice(&leaf).unwrap();
    assert_eq!(serde_json_canonicalizer::to_vec(&value).unwrap(), leaf);
    assert_eq!(serde_json::from_slice::<LogEvent>(&leaf).unwrap(), event());
    let view = EventView::read(&leaf).unwrap();
    assert_eq!((view.id(), view.tenant()), (event().id.as_str(), "acme"));
    assert_eq!((view.at(), view.event_type()), ("2026-11-21T07:00:00.123Z", "request_change"));
}

#[test]
fn what_is_read_is_canonical_whatever_byte_was_changed() {
    let leaf = event().leaf().unwrap();
    let mut read = 0;
    for place in 0..leaf.len() {
        for byte in 0..=255_u8 {
            let mut changed = leaf.clone();
            changed[place] = byte;
            if EventView::read(&changed).is_ok() {
                let value: Value = serde_json::from_slice(&changed).unwrap();
                assert_eq!(serde_json_canonicalizer::to_vec(&value).unwrap(), changed);
                serde_json::from_value::<LogEvent>(value).unwrap();
                read += 1;
            }
        }
        assert!(EventView::read(&leaf[..place]).is_err());
    }
    assert!(read > leaf.len(), "other letters in words and texts are other events");
}

#[test]
fn what_is_read_of_a_plain_leaf_is_canonical_too_short_or_long() {
    for letters in [0, 1, 40, 500, 600, 700, 2_000] {
        let reason = Some("a plain reason".to_owned() + &"x".repeat(letters));
        let leaf = LogEvent { reason, ..event() }.leaf().unwrap();
        assert_eq!(EventView::read(&leaf).unwrap().id(), event().id);
        for place in 0..leaf.len() {
            for byte in [b'"', b'\\', b'{', b'}', b',', b':', b'0', b'x', 0x1f, 0x7f, 0x80, 0xff] {
                let mut changed = leaf.clone();
                changed[place] = byte;
                if EventView::read(&changed).is_ok() {
                    let value: Value = serde_json::from_slice(&changed).unwrap();
                    assert_eq!(serde_json_canonicalizer::to_vec(&value).unwrap(), changed);
                }
            }
            assert!(EventView::read(&leaf[..place]).is_err());
        }
    }
}

#[test]
fn missing_doubled_unknown_and_misplaced_members_are_refused() {
    let leaf = String::from_utf8(event().leaf().unwrap()).unwrap();
    for (from, to) in [
        (r#""action":"update","#, ""),
        (r#""actor":"person","#, r#""actor":"person","actor":"person","#),
        (r#""tenant":"acme","#, r#""tenant":"acme","email":"a","#),
        (r#"{"action":"update","actor":"person""#, r#"{"actor":"person","action":"update""#),
        (r#""v":1"#, r#""v":01"#),
        (r#""v":1"#, r#""v":1.0"#),
        (r#""version":3"#, r#""version":9007199254740992"#),
        (r#"{"files":0,"#, r#"{"files":0,"files":0,"#),
        (r#""counts":{"#, r#""counts": {"#),
        ("été", r"\u00e9t\u00e9"),
    ] {
        assert!(leaf.contains(from), "{from}");
        assert!(EventView::read(leaf.replace(from, to).as_bytes()).is_err(), "{to}");
    }
    assert!(EventView::read(format!("{leaf} ").as_bytes()).is_err());
    assert!(EventView::read(b"").is_err());
}

#[test]
fn an_address_is_no_word_and_a_long_event_no_leaf() {
    assert_eq!(LogEvent { id: "a@b.example".to_owned(), ..event() }.leaf(), Err(LeafError::Form));
    assert_eq!(LogEvent { version: Some(1 << 53), ..event() }.leaf(), Err(LeafError::Form));
    assert_eq!(LogEvent { reason: Some("x".repeat(65_536)), ..event() }.leaf(), Err(LeafError::TooLong));
}
