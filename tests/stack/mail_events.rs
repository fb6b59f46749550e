//! What the mail service reports of a mail, played to the queue as the rules of the template pass it on: the emulator
//! reports nothing.

use serde_json::json;

use crate::api::Api;
use crate::aws;
use crate::company::ADA;
use crate::harness::{Stack, pause};
use crate::tokens::Bearer;

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_is_recorded_once_and_stands_in_the_trail() {
    let Some(stack) = Stack::plain().await else { return };
    let person = Api::of(&stack, &Bearer::subject("sample", ADA));
    let job = person.export_own(&json!({})).await;
    person.until_completed(&job, 60).await;
    let body = json!({
        "mail_event": "Bounce", "bounce_type": "Permanent", "message_id": "0100-stack",
        "tenant": ["sample"], "notice_id": [format!("{job}-notify_ready-0")], "receiver": ["subject"],
    });
    let queue = aws_sdk_sqs::Client::new(&aws::config(&stack).await);
    for _ in 0..2 {
        let url = stack.resource("NotificationWorkerQueue");
        queue.send_message().queue_url(url).message_body(body.to_string()).send().await.unwrap();
    }
    let auditor = Api::of(&stack, &Bearer::staff("sample", "auditor"));
    let path = format!("/audit/events?resource_id={job}&resource_type=mail");
    for _ in 0..20 {
        let found = auditor.get(&path).await.expect(200).json();
        if found["items"].as_array().is_some_and(|items| !items.is_empty()) {
            pause(1_000).await;
            let found = auditor.get(&path).await.expect(200).json();
            assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
            assert!(!found.to_string().contains(ADA), "{found}");
            return;
        }
        pause(500).await;
    }
    panic!("the bounce was not recorded within 10 s");
}
