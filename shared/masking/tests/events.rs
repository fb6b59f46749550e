//! Claims about masked events: forms, rules, and that nothing of a person is left.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first mistake")]

use masking::{CollectionRules, EventError, EventMasker, FieldRule, Keys, Masked, Method, Operation, Treatment};
use pii::detect::PiiType;
use proptest::prelude::*;
use serde_json::{Value, json};

fn rules() -> Vec<CollectionRules> {
    let rule = |path: &str, treatment, identity: Option<&str>| FieldRule {
        path: path.to_owned(),
        treatment,
        identity: identity.map(str::to_owned),
    };
    vec![CollectionRules {
        names: vec!["customers".to_owned(), "shop.customers".to_owned()],
        fields: vec![
            rule("id", Treatment::Key, Some("customer_id")),
            rule("nick", Treatment::Personal(PiiType::Name), None),
            rule("home.where", Treatment::Personal(PiiType::Address), None),
            rule("status", Treatment::Scan, None),
        ],
    }]
}

fn masker(method: Method) -> EventMasker {
    EventMasker::new(&rules(), method, Keys::new(&[3; 32]))
}

fn mask(masker: &mut EventMasker, event: &Value) -> (Value, Masked) {
    let mut out = Vec::new();
    let masked = masker.mask(None, event.to_string().as_bytes(), &mut out).unwrap();
    (serde_json::from_slice(&out).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&out))), masked)
}

fn envelope(row: &Value) -> Value {
    json!({ "before": null, "after": row, "source": { "db": "shop", "table": "customers", "query": "set 'ada@example.com'" }, "op": "u" })
}

#[test]
fn the_map_decides_and_detection_sees_the_rest() {
    let row = json!({ "id": 41, "nick": "Adalove", "status": "asked ada@example.com", "home": { "where": "Main Street", "n": [1] }, "email": "b@c.de" });
    let mut masker = masker(Method::Masking);
    let (out, masked) = mask(&mut masker, &envelope(&row));
    let after = &out["after"];
    assert_eq!((&after["nick"], &after["status"]), (&json!("Ad***ve"), &json!("asked a*a@example.com")));
    assert_eq!((&after["home"]["where"], &after["email"]), (&json!("Ma*******et"), &json!("*@c.de")));
    assert_eq!(
        (&after["home"]["n"], &out["source"]["query"], &out["before"]),
        (&json!([1]), &json!(null), &json!(null))
    );
    assert!(after["id"].as_u64().unwrap() > 1_000_000, "a key is a keyed number");
    assert_eq!((masked.operation, masked.collection, masked.is_tombstone), (Some(Operation::Update), Some(0), false));
    assert_eq!(
        masker.seen().iter().map(|it| (&*it.kind, it.value.as_str())).collect::<Vec<_>>(),
        [("customer_id", "41")]
    );
}

#[test]
fn rows_envelopes_and_wrappers_mask_alike_in_any_order() {
    let row = json!({ "id": "c-1", "nick": "Adalove" });
    let wrapped = json!({ "schema": { "type": "struct" }, "payload": envelope(&row) });
    let mut masker = masker(Method::Hashing);
    let (first, _) = mask(&mut masker, &envelope(&row));
    for _ in 0..2 {
        let (inner, masked) = mask(&mut masker, &wrapped);
        assert_eq!((&inner["payload"]["after"], masked.operation), (&first["after"], Some(Operation::Update)));
        assert_eq!(mask(&mut masker, &envelope(&row)).0, first);
        let mut out = Vec::new();
        let at = masker.collection("customers");
        masker.mask(at, row.to_string().as_bytes(), &mut out).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), first["after"]);
    }
    assert!(first["after"]["id"].as_str().unwrap().starts_with("hash_"));
}

#[test]
fn tombstones_pass_and_messages_do_not() {
    let mut masker = masker(Method::Masking);
    for empty in ["", "null", " null "] {
        let mut out = Vec::new();
        assert!(masker.mask(None, empty.as_bytes(), &mut out).unwrap().is_tombstone);
        assert_eq!(out, b"null");
    }
    let message = json!({ "op": "m", "source": {}, "message": { "prefix": "x", "content": "YWRh" } });
    assert_eq!(mask(&mut masker, &message).0["message"], json!(null));
    mask(&mut masker, &json!({ "id": 1 }));
    assert_eq!(mask(&mut masker, &message).0["message"], json!(null));
}

#[test]
fn whole_events_keep_keyed_keys_alone() {
    let row = json!({ "id": "c-1", "nick": "Adalove", "status": "new", "n": 3, "is": true });
    let mut out = Vec::new();
    masker(Method::Masking).mask_whole(None, envelope(&row).to_string().as_bytes(), &mut out).unwrap();
    let out: Value = serde_json::from_slice(&out).unwrap();
    let after = out["after"].as_object().unwrap();
    assert!(after["id"].as_str().unwrap().starts_with("hash_"));
    assert!(after.iter().all(|(name, value)| name == "id" || value.is_null()), "{after:?}");
}

#[test]
fn names_of_fields_that_are_data_do_not_pass() {
    let (out, _) = mask(&mut masker(Method::Masking), &json!({ "seen": { "ada@example.com": 3 } }));
    assert!(!out.to_string().contains("ada@"), "{out}");
}

#[test]
fn what_is_no_event_is_refused_and_leaves_nothing() {
    let mut masker = masker(Method::Masking);
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let mut out = b"kept".to_vec();
    for wrong in ["{", "{\"a\":}", "[1,2", "{\"a\":1}x", "\u{1}", deep.as_str()] {
        assert!(masker.mask(None, wrong.as_bytes(), &mut out).is_err(), "{wrong:.20}");
        assert_eq!(out, b"kept");
    }
    assert_eq!(masker.mask(None, &[b'"', 0xff, b'"'], &mut out), Err(EventError::NotText));
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".*".prop_map(Value::from),
    ];
    let name = prop_oneof![
        "[a-z\"\\\\é]{0,6}",
        Just("before".to_owned()),
        Just("op".to_owned()),
        Just("source".to_owned()),
        Just("payload".to_owned()),
        Just("schema".to_owned())
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn masked_documents_stay_documents(value in json_value(), next in json_value()) {
        let mut masker = masker(Method::Redaction);
        for event in [&value, &next, &value] {
            let mut out = Vec::new();
            masker.mask(None, event.to_string().as_bytes(), &mut out).unwrap();
            prop_assert!(serde_json::from_slice::<Value>(&out).is_ok(), "{}", String::from_utf8_lossy(&out));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut out = Vec::new();
        let masked = masker(Method::Hashing).mask(None, &bytes, &mut out);
        prop_assert_eq!(masked.is_err(), out.is_empty());
    }

    #[test]
    fn an_address_never_passes(local in "[a-z]{3,12}", free in "[a-z ]{0,20}", field in "[a-z]{1,8}") {
        let canary = format!("{local}.canary@example.com");
        let event = envelope(&json!({ field: [format!("{free} {canary} {free}")], "x": { "y": canary } }));
        let (out, _) = mask(&mut masker(Method::Masking), &event);
        prop_assert!(!out.to_string().contains(&canary), "{}", out);
    }
}
