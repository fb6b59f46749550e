//! The anonymize API on the stack: routes of its own, its role, and a sample of a mapped table.

use serde_json::json;

use crate::api::Api;
use crate::harness::Stack;
use crate::tokens::Bearer;

#[tokio::test(flavor = "multi_thread")]
async fn data_is_scanned_anonymised_and_asked_on_the_stack() {
    let Some(stack) = Stack::plain().await else { return };
    let developer = Api::of(&stack, &Bearer::staff("sample", "developer"));
    let found = developer.post("/privacy/scan", &json!({"data": {"note": "write to ada@example.com"}})).await;
    let found = found.expect(200).json();
    assert_eq!((&found["pii_found"], &found["matches"][0]["type"]), (&json!(true), &json!("email")));
    let hidden = developer.post("/privacy/anonymize", &json!({"data": {"email": "ada@example.com"}})).await;
    assert_eq!(hidden.expect(200).json()["anonymized_data"]["email"], "a*a@example.com");
    let rows: Vec<_> = (0..20).map(|at| json!({"age": 20 + at, "city": "Ulm"})).collect();
    let body = json!({"rows": rows, "quasi_identifiers": ["age"], "method": "k_anonymity"});
    let published = developer.post("/privacy/anonymize/dataset", &body).await.expect(200).json();
    assert!(published["k"].as_u64().unwrap() >= 5, "{published}");
    let named = json!({"dataset": "app", "collection": "users", "sample_size": 50});
    let scan = developer.post("/privacy/scan/source", &named).await.expect(200).json();
    assert!(scan["types_found"].as_array().unwrap().contains(&json!("email")), "{scan}");
    // The sample's `support_calls` is the table that may be read whole.
    let source = json!({"dataset": "app", "collection": "support_calls"});
    let question = json!({"source": source, "query": {"count": {}}, "epsilon": 0.001});
    let answer = developer.post("/privacy/analytics", &question).await.expect(200).json();
    assert!(answer["answer"].is_number() && answer["budget"]["left"].as_f64().unwrap() < 10.0, "{answer}");
    developer.post("/privacy/scan", &json!({})).await.expect(422);
    let operator = Api::of(&stack, &Bearer::staff("sample", "operator"));
    operator.post("/privacy/scan", &json!({"text": "x"})).await.expect(403);
}
