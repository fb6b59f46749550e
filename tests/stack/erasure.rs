//! Erasure on the deployed stack: twenty customers of the public data set go, the other thirty-nine don't notice.

use std::collections::BTreeMap;

use audit_log::receipt::verify;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::StreamExt as _;
use serde_json::{Value, json};
use workflow::ports::CheckpointSigner as _;

use crate::api::{Api, job_id};
use crate::aws;
use crate::chinook::Chinook;
use crate::demo;
use crate::harness::{Stack, habeas, pause, scratch};
use crate::receipts;
use crate::tokens::Bearer;

const TENANT: &str = "chinook-erasure";
const ERASED: usize = 20;

/// Files of the sources in an archive, byte for byte; what we tell of the requests themselves differs each time.
async fn export_of(stack: &Stack, customer: &Value) -> BTreeMap<String, Vec<u8>> {
    let api = Api::of(stack, &Bearer::subject(TENANT, customer["email"].as_str().unwrap()));
    let job = api.export_own(&json!({ "format": "both" })).await;
    api.until_completed(&job, 120).await;
    let archive = api.archive(&job).await;
    archive.entries.into_iter().filter(|(name, _)| name.contains("/chinook")).collect()
}

async fn exports_of(stack: &Stack, customers: &[Value]) -> Vec<BTreeMap<String, Vec<u8>>> {
    futures::stream::iter(customers.iter().map(|customer| export_of(stack, customer))).buffered(8).collect().await
}

/// Asks, looks at the plan, approves it as an officer, waits for the end; the job's id.
async fn erase(stack: &Stack, customer: &Value) -> String {
    let person = Api::of(stack, &Bearer::subject(TENANT, customer["email"].as_str().unwrap()));
    let officer = Api::of(stack, &Bearer::staff(TENANT, "dpo"));
    let job = job_id(&person.post("/privacy/me/delete", &json!({ "grace_period_days": 0 })).await.expect(202));
    for _ in 0..600 {
        let view = officer.get(&format!("/privacy/jobs/{job}")).await.expect(200).json();
        match view["status"].as_str().unwrap() {
            "awaiting_approval" => break,
            "pending" | "in_progress" => pause(100).await,
            other => panic!("the job is {other}: {}", view["parked_because"]),
        }
    }
    let plan = officer.get(&format!("/privacy/jobs/{job}/plan")).await.expect(200).json();
    assert!(plan["sources"].as_array().unwrap().iter().any(|source| source["reason"].is_string()), "{plan}");
    officer.post(&format!("/privacy/jobs/{job}/approve"), &json!({ "plan_hash": plan["plan_hash"] })).await.expect(200);
    officer.until_completed(&job, 120).await;
    job
}

async fn items(stack: &Stack, table: &str) -> Vec<std::collections::HashMap<String, AttributeValue>> {
    let client = aws_sdk_dynamodb::Client::new(&aws::config(stack).await);
    let pages = client.scan().table_name(table).consistent_read(true).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.unwrap()
}

fn number(item: &std::collections::HashMap<String, AttributeValue>, name: &str) -> String {
    item.get(name).and_then(|value| value.as_n().ok()).cloned().unwrap_or_default()
}

/// Invoices by number with customer and total, as they stand in the table.
async fn books(stack: &Stack) -> BTreeMap<String, (String, String)> {
    let invoices = items(stack, "erasure.invoices").await;
    let line = |item: &_| (number(item, "invoice_id"), (number(item, "customer_id"), number(item, "total")));
    invoices.iter().map(line).collect()
}

/// Other tests read the same shop meanwhile.
fn in_tables_of_its_own(chinook: &Chinook, name: &str) {
    let map = chinook.dir.join("datamap.yml");
    let text = std::fs::read_to_string(&map).unwrap().replace("table: chinook.", &format!("table: {name}."));
    std::fs::write(&map, text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_customers_are_erased_and_nobody_else_notices() {
    let Some(stack) = Stack::plain().await else { return };
    let chinook = Chinook::prepare("erasure");
    in_tables_of_its_own(&chinook, "erasure");
    stack.load_and_publish(&chinook.dir, TENANT);
    let (gone, others) = chinook.customers.split_at(ERASED);
    let (before, books_before) = (exports_of(&stack, others).await, books(&stack).await);

    let jobs: Vec<String> =
        futures::stream::iter(gone.iter().map(|customer| erase(&stack, customer))).buffered(6).collect().await;

    assert_eq!(exports_of(&stack, others).await, before, "somebody else's export changed");
    assert_eq!(books(&stack).await, books_before, "the books changed");
    let customers = items(&stack, "erasure.customers").await;
    assert_eq!(customers.len(), chinook.customers.len(), "rows under an exemption or a rewrite stay");
    let ids: Vec<String> = gone.iter().map(|customer| customer["customer_id"].to_string()).collect();
    for item in customers.iter().filter(|item| ids.contains(&number(item, "customer_id"))) {
        for name in ["email", "phone", "fax", "address", "firstname", "lastname"] {
            let left = item.get(name).filter(|value| !value.is_null());
            assert!(left.is_none(), "{name} of an erased customer is still there");
        }
    }
    for customer in gone.iter().take(3) {
        let after = export_of(&stack, customer).await;
        let rows = after.iter().filter(|(name, content)| name.starts_with("json/") && !content.is_empty());
        assert_eq!(rows.count(), 0, "an erased customer still has rows");
    }
    assert_receipts(&stack, &jobs).await;
    assert_replay(&stack).await;
    assert_place(&stack, &jobs[0]).await;
}

/// Nobody is back, though the rows of the erased stay without anything of them.
async fn assert_replay(stack: &Stack) {
    let lambda = aws_sdk_lambda::Client::new(&aws::config(stack).await);
    let replay = lambda.invoke().function_name(stack.resource("RestoreReplay"));
    let answer = replay.payload(json!({ "tenant": TENANT }).to_string().into_bytes().into()).send().await.unwrap();
    let told: Value = serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap();
    assert_eq!((&told["people"], &told["goes_on_at"]), (&json!(0), &Value::Null), "{told}");
    assert!(told["rows"].as_u64().unwrap() > 0, "{told}");
}

/// Once the sealer has run, the receipt's place in the log is shown by one file and the key of the log.
async fn assert_place(stack: &Stack, job: &str) {
    let api = Api::of(stack, &Bearer::staff(TENANT, "operator"));
    let mut is_sealed = false;
    for _ in 0..20 {
        // The schedule may be at it at the same moment.
        aws::invoke(stack, "AuditSealer", &json!({})).await;
        is_sealed = api.get(&format!("/privacy/jobs/{job}/receipt/proof")).await.status == 200;
        if is_sealed {
            break;
        }
        pause(500).await;
    }
    assert!(is_sealed, "the receipt's event did not come into the log");
    let text = async |path: &str| {
        let answer = api.get(&format!("/privacy/jobs/{job}{path}")).await.expect(200);
        String::from_utf8(answer.body.to_vec()).unwrap()
    };
    let aws = adapters_aws::Aws::new(aws::config(stack).await, adapters_aws::CallCounter::process());
    let log = aws.checkpoint_signer(stack.resource("CheckpointKey")).key().await.unwrap();
    let dir = scratch("receipt-place");
    let file = |name: &str, content: String| {
        let path = dir.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_string_lossy().into_owned()
    };
    let receipt = file("receipt.jws", text("/receipt").await);
    let proof = file("receipt.tlog-proof", text("/receipt/proof").await);
    let key = file("receipts.pem", receipts::key(stack).await.to_pem());
    let log_key = file("log.pem", log.to_pem());
    let check = |receipt: &str| {
        let arguments = ["verify", "receipt", receipt, "--key", &key, "--proof", &proof, "--log-key", &log_key];
        habeas(&arguments.map(str::to_owned)).status.code()
    };
    assert_eq!(check(&receipt), Some(0));
    let changed = std::fs::read_to_string(&receipt).unwrap().replacen("eyJ", "eyK", 1);
    assert_eq!(check(&file("changed.jws", changed)), Some(1));
}

/// Each receipt verifies, names its exemption, and no changed one does.
async fn assert_receipts(stack: &Stack, jobs: &[String]) {
    let key = receipts::key(stack).await;
    let api = Api::of(stack, &Bearer::staff(TENANT, "operator"));
    let mut refused = 0;
    for job in jobs {
        let (jws, receipt) = receipts::verified(&api, job, &key).await;
        assert!(receipt.exemptions.iter().any(|kept| kept.rule.starts_with("Art. 17(3)(b) GDPR")), "{receipt:?}");
        for at in (0..jws.len()).step_by(17) {
            let mut bytes = jws.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(verify(&changed, &key).is_err(), "a change at {at} was not noticed");
            refused += 1;
        }
    }
    assert!(refused >= 1_000, "only {refused} changes were tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_erases_a_person_and_the_receipt_holds_offline() {
    let Some(_stack) = Stack::plain().await else { return };
    // A shop of its own: the sample company is counted by other tests.
    let chinook = Chinook::prepare("erase-demo");
    in_tables_of_its_own(&chinook, "erasedemo");
    let dir = chinook.dir.to_string_lossy();
    let (told, _) = demo::run(&["--erase", "--data", &dir, "--subject", "luisg@embraer.com.br"]);
    assert_eq!((&told["status"], &told["residual"]), (&json!("completed"), &json!(0)), "{told}");
    let sources: Vec<_> = told["plan"]["sources"].as_array().unwrap().iter().map(|one| &one["source"]).collect();
    // Where nothing was found is told too: that it was looked at is part of the plan.
    assert_eq!(sources, ["chinook.customers", "chinook.employees", "chinook.invoice_lines", "chinook.invoices"]);
    let text = |name: &str| told["receipt"][name].as_str().unwrap().to_owned();
    let check = |file: &str| {
        let arguments = ["verify", "receipt", file, "--key", &text("key_path")].map(str::to_owned);
        habeas(&arguments).status.code()
    };
    assert_eq!(check(&text("path")), Some(0));
    let changed = std::fs::read_to_string(text("path")).unwrap().replacen("eyJ", "eyK", 1);
    let copy = format!("{}.changed", text("path"));
    std::fs::write(&copy, changed).unwrap();
    assert_eq!(check(&copy), Some(1));
    std::fs::remove_file(copy).unwrap();
}
