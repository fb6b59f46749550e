//! An identity is corrected on the deployed stack (GDPR Art. 16): in a table, and in objects of every format with rows of others.

use serde_json::{Value, json};

use self::lake::Lake;
use crate::api::{Api, job_id};
use crate::harness::{Stack, epoch_seconds};
use crate::mails;
use crate::receipts;
use crate::tokens::Bearer;

mod lake;

const WRONG: &str = "canary-ada@exmaple.com";
const RIGHT: &str = "canary-ada@example.com";

/// Staff ask for the correction, the code from the mail proves the wrong address, an officer approves; the job.
async fn corrected(stack: &Stack, lake: &Lake) -> String {
    let operator = Api::of(stack, &Bearer::staff(&lake.tenant, "operator"));
    let officer = Api::of(stack, &Bearer::staff(&lake.tenant, "dpo"));
    let body = json!({
        "type": "rectification",
        "subject": { "identities": [{ "type": "email", "value": WRONG }] },
        "corrections": [{ "identity": "email", "value": RIGHT }],
    });
    let job = job_id(&operator.post("/privacy/requests", &body).await.expect(202));
    let code = mails::code(stack, WRONG, &job).await;
    operator.post(&format!("/privacy/jobs/{job}/verify"), &json!({ "code": code })).await.expect(204);
    officer.until(&job, "awaiting_approval", 30).await;
    let plan = officer.get(&format!("/privacy/jobs/{job}/plan")).await.expect(200).json();
    let planned = plan["sources"].as_array().unwrap().iter();
    let planned: Vec<_> = planned.map(|it| (it["source"].clone(), it["would_correct"].clone())).collect();
    assert_eq!(planned, lake::CORRECTED.map(|(source, rows)| (json!(source), json!(rows))), "{plan}");
    lake.assert_holds(WRONG, "a plan writes nothing").await;
    officer.approve(&job).await.expect(200);
    officer.until(&job, "completed", 60).await;
    job
}

/// The receipt verifies and counts the rows of each source.
async fn assert_receipt(stack: &Stack, tenant: &str, job: &str) {
    let officer = Api::of(stack, &Bearer::staff(tenant, "dpo"));
    let (_, receipt) = receipts::verified(&officer, job, &receipts::key(stack).await).await;
    let counted = receipt.sources.iter().map(|it| (it.source.as_str(), it.counts["corrected"]));
    assert_eq!(counted.collect::<Vec<_>>(), lake::CORRECTED, "{receipt:?}");
}

/// Whoever is held under the wrong address is held under the right one.
async fn assert_held(stack: &Stack, lake: &Lake) {
    let officer = Api::of(stack, &Bearer::staff(&lake.tenant, "dpo"));
    let counsel = Bearer { email: Some("counsel@example.com".to_owned()), ..Bearer::staff(&lake.tenant, "dpo") };
    Api::of(stack, &counsel).effective_hold(WRONG).await;
    let own = Api::of(stack, &Bearer::subject(&lake.tenant, RIGHT));
    let job = job_id(&own.post("/privacy/me/delete", &json!({ "grace_period_days": 0 })).await.expect(202));
    officer.until(&job, "awaiting_approval", 30).await;
    let refused = officer.approve(&job).await.expect(409).json();
    assert_eq!(refused["state"], "on_hold", "{refused}");
    lake.assert_holds(RIGHT, "nothing goes under a hold").await;
    own.post(&format!("/privacy/jobs/{job}/cancel"), &json!({})).await.expect(200);
}

/// An access under the right address finds everything that the person has.
async fn assert_found(stack: &Stack, tenant: &str) {
    let own = Api::of(stack, &Bearer::subject(tenant, RIGHT));
    let job = own.export_own(&json!({})).await;
    own.until_completed(&job, 60).await;
    let archive = own.archive(&job).await;
    let rows = archive.json_rows();
    for (source, count) in lake::OWN {
        let found = &rows[source];
        assert_eq!(found.len(), count, "{source}: {found:?}");
        let is_right = |row: &Value| row["email"].as_str().is_none_or(|email| email.is_empty() || email == RIGHT);
        assert!(found.iter().all(is_right), "{source}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_corrected_in_tables_and_objects_and_nothing_else_is() {
    let Some(stack) = Stack::plain().await else { return };
    let lake = Lake::prepare(&stack, &format!("renaming-{}", epoch_seconds())).await;
    lake.assert_holds(WRONG, "as it was loaded").await;
    let job = corrected(&stack, &lake).await;
    lake.assert_holds(RIGHT, "every row of the person, and nothing else").await;
    assert_receipt(&stack, &lake.tenant, &job).await;
    assert_held(&stack, &lake).await;
    assert_found(&stack, &lake.tenant).await;
}
