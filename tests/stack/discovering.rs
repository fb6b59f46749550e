//! The discovery sweep on the stack, asked for one tenant: the sample's table, its role, the report it leaves.

use aws_sdk_lambda::primitives::Blob;
use serde_json::{Value, json};

use crate::aws;
use crate::harness::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_reports_what_the_sample_holds_and_keeps_the_report() {
    let Some(stack) = Stack::plain().await else { return };
    let config = aws::config(&stack).await;
    let lambda = aws_sdk_lambda::Client::new(&config);
    let order = Blob::new(json!({ "tenant": "sample" }).to_string());
    let answer = lambda.invoke().function_name(stack.resource("DiscoverySweep")).payload(order).send().await.unwrap();
    let payload = answer.payload.unwrap().into_inner();
    assert_eq!(answer.function_error, None, "{}", String::from_utf8_lossy(&payload));
    let answer: Value = serde_json::from_slice(&payload).unwrap();
    let report = &answer["reports"][0];
    assert_eq!((&report["tenant"], &report["failed"]), (&json!("sample"), &json!([])), "{report}");
    let sources = report["sources"].as_array().unwrap();
    let users = sources.iter().find(|source| source["collection"] == "app.users").unwrap();
    let emails = users["columns"].as_array().unwrap().iter().find(|column| column["type"] == "email").unwrap();
    assert!(emails["by_value"] == true && emails["percent"].as_u64().unwrap() > 90, "{emails}");
    let example = emails["example"].as_str().unwrap();
    assert!(example.contains('*') && example.contains('@'), "{example}");
    let s3 = aws::s3(&config);
    let kept = aws::keys(&s3, stack.resource("ExportsBucket")).await;
    assert!(kept.iter().any(|key| key.starts_with("discovery/sample/")), "no report is kept");
}
