//! Any input: whatever is sent, the answer is documented and never blames us.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::house::{Answer, Call, House};

const WORDS: [&str; 24] = [
    "type",
    "access",
    "portability",
    "erasure",
    "subject",
    "identities",
    "email",
    "value",
    "ada@example.com",
    "format",
    "json",
    "both",
    "regime",
    "gdpr",
    "received_at",
    "2026-01-04T00:00:00Z",
    "description",
    "include_media",
    "reason",
    "code",
    "note",
    "method",
    "assignee",
    "organization_id",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![4 => proptest::sample::select(WORDS.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((word(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A good body of some call with one of its values replaced.
fn nearly_good() -> impl Strategy<Value = Value> {
    let good = proptest::sample::select(vec![
        json!({"type": "access", "subject": {"identities": [{"type": "email", "value": "ada@example.com"}]}, "format": "json"}),
        json!({"reason": "r"}),
        json!({"code": "123456"}),
        json!({"method": "m", "note": "n"}),
        json!({"waiting_for": "identity", "reason": "r"}),
        json!({"logs_days": 30, "permanent": ["messages_days"], "justification": "j"}),
        json!({"organization_id": "org-1", "include_media": true, "format": "csv"}),
    ]);
    (good, any::<prop::sample::Index>(), any_json()).prop_map(|(mut body, which, value)| {
        let fields = body.as_object_mut().unwrap();
        let name = fields.keys().nth(which.index(fields.len())).unwrap().clone();
        fields.insert(name, value);
        body
    })
}

fn documented(document: &Value, template: &str, method: &str, answer: &Answer) -> bool {
    let operation = &document["paths"][template][method];
    operation["responses"].get(answer.status.to_string()).is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_body_and_no_query_gets_an_undocumented_answer(
        body in prop_oneof![any_json(), nearly_good()], role in 0_usize..6, name in word(), value in word(),
    ) {
        let role = ["operator", "dpo", "owner", "auditor", "data_subject", "super_admin"][role];
        let document = serde_json::to_value(request_api::openapi()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = House::new();
            let token = house.token("acme", role);
            let id = house.submitted("acme").await;
            let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
            for (template, item) in document["paths"].as_object().unwrap() {
                for method in item.as_object().unwrap().keys() {
                    let path = template.replace("{id}", &id);
                    let call = match method.as_str() {
                        "get" => Call::get(format!("{path}?{}={}", encoded(&name), encoded(&value))),
                        "put" => Call::post(path, &body).method("PUT"),
                        _ => Call::post(path, &body),
                    };
                    let answer = house.send(call.token(&token)).await;
                    assert!(answer.status < 500, "{method} {template} {}", answer.body);
                    assert!(documented(&document, template, method, &answer), "{method} {template} {}", answer.status);
                }
            }
        });
    }
}
