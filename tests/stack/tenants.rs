//! To a second tenant a foreign id is an unknown id, on every route and for every role (INV-T2).

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use crate::api::{Api, job_id, request};
use crate::chinook::Chinook;
use crate::company::{ADA, ALDER};
use crate::harness::{Stack, root};
use crate::http::{Answer, get};
use crate::mails;
use crate::tokens::Bearer;

const UNKNOWN: &str = "job_01900000000070008000000000000000";

/// Every route that takes an id, with bodies that parse.
fn routes() -> Vec<(Method, &'static str, Option<Value>)> {
    vec![
        (Method::GET, "", None),
        (Method::GET, "/timeline", None),
        (Method::GET, "/download", None),
        (Method::GET, "/download?redirect=false", None),
        (Method::GET, "/plan", None),
        (Method::GET, "/receipt", None),
        (Method::GET, "/risk", None),
        (Method::GET, "/receipt/proof", None),
        (Method::POST, "/approve", Some(json!({ "plan_hash": "0".repeat(64) }))),
        (Method::POST, "/verify", Some(json!({ "code": "123456" }))),
        (Method::POST, "/verify/resend", Some(json!({}))),
        (Method::POST, "/verify/manual", Some(json!({ "method": "passport", "note": "seen" }))),
        (Method::POST, "/process", Some(json!({}))),
        (Method::POST, "/cancel", Some(json!({ "reason": "mistake" }))),
        (Method::POST, "/reject", Some(json!({ "reason": "mistake" }))),
        (Method::POST, "/extend", Some(json!({ "reason": "much data" }))),
        (Method::POST, "/pause", Some(json!({ "waiting_for": "identity", "reason": "doubted" }))),
        (Method::POST, "/resume", Some(json!({ "reason": "it came" }))),
        (Method::POST, "/assign", Some(json!({ "assignee": "somebody" }))),
        (Method::POST, "/lift", Some(json!({ "reason": "it was right" }))),
        (Method::POST, "/processors/{number}/answer", Some(json!({ "status": "completed" }))),
        (Method::POST, "/notes", Some(json!({ "note": "looked at" }))),
    ]
}

/// The contract lists the routes; a new one must be tried here too.
fn assert_all_routes_are_tried() {
    let text = std::fs::read_to_string(root().join("infra/openapi.json")).unwrap();
    let contract: Value = serde_json::from_str(&text).unwrap();
    let listed: BTreeSet<String> = contract["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(path, methods)| Some((path.split_once("/jobs/{id}")?.1, methods.as_object()?)))
        .flat_map(|(rest, methods)| methods.keys().map(move |method| format!("{} {rest}", method.to_uppercase())))
        .collect();
    let tried: BTreeSet<String> = routes()
        .iter()
        .map(|(method, path, _)| format!("{method} {}", path.split('?').next().unwrap_or_default()))
        .collect();
    assert_eq!(tried, listed);
}

/// All of an answer that may tell something, with the id and the request's own id taken out.
fn told(answer: &Answer, id: &str) -> String {
    let body = answer.json();
    let request_id = body["request_id"].as_str().unwrap_or("no request id").to_owned();
    let varies = ["date", "x-request-id", "apigw-requestid", "x-amzn-requestid", "x-amz-request-id", "x-amz-id-2"];
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !varies.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("not text")))
        .collect();
    headers.sort();
    let text = format!("{}\n{}\n{}", answer.status, headers.join("\n"), answer.text());
    text.replace(id, "ID").replace(&request_id, "REQUEST")
}

#[tokio::test(flavor = "multi_thread")]
async fn second_tenant_learns_nothing_from_a_foreign_id() {
    let Some(stack) = Stack::plain().await else { return };
    assert_all_routes_are_tried();
    stack.load_and_publish(&Chinook::prepare("second").dir, "second");
    let ada = Api::of(&stack, &Bearer::subject("sample", ADA));
    let operator = Api::of(&stack, &Bearer::staff("sample", "operator"));
    let owner = Api::of(&stack, &Bearer::owner("sample", ALDER));
    let completed = ada.export_own(&json!({})).await;
    let waiting = job_id(&operator.post("/privacy/requests", &request("access", ADA)).await.expect(202));
    let organization = job_id(&owner.post("/privacy/export", &json!({ "format": "json" })).await.expect(202));
    ada.until_completed(&completed, 120).await;
    mails::code(&stack, ADA, &waiting).await;
    let before = [versions(&operator, &completed).await, versions(&operator, &waiting).await];

    let mut compared = 0;
    for bearer in strangers() {
        let stranger = Api::of(&stack, &bearer);
        for (method, rest, body) in routes() {
            let path = |id: &str| format!("/privacy/jobs/{id}{rest}").replace("{number}", "0");
            let unknown = stranger.call(method.clone(), &path(UNKNOWN), body.as_ref(), &[]).await;
            assert!(unknown.status.is_client_error(), "{method} {rest}: {}", unknown.status);
            for id in [&completed, &waiting, &organization] {
                let foreign = stranger.call(method.clone(), &path(id), body.as_ref(), &[]).await;
                assert_eq!(told(&foreign, id), told(&unknown, UNKNOWN), "{method} {rest} as {}", bearer.role);
                compared += 1;
            }
        }
        lists_are_empty(&stranger, bearer.role).await;
    }
    let after = [versions(&operator, &completed).await, versions(&operator, &waiting).await];
    assert_eq!(before, after, "nothing was written");
    println!("{compared} answers to foreign ids equal those to an unknown id");
    ticket_of_one_tenant_opens_nothing_of_another(&stack, &completed).await;
    owner.until_completed(&organization, 420).await;
}

fn strangers() -> Vec<Bearer> {
    let mut bearers: Vec<Bearer> =
        ["operator", "dpo", "auditor", "super_admin"].iter().map(|role| Bearer::staff("second", role)).collect();
    // The same organisation and address, in another tenant.
    bearers.push(Bearer::owner("second", ALDER));
    bearers.push(Bearer::subject("second", ADA));
    bearers
}

async fn lists_are_empty(stranger: &Api, role: &str) {
    let list = stranger.get("/privacy/jobs").await;
    if list.status.is_success() {
        assert_eq!(list.json()["items"], json!([]), "the list of {role}");
    }
}

/// All that has been written of a job, as its timeline tells it; links handed out are not a change.
async fn versions(operator: &Api, job: &str) -> usize {
    let timeline = operator.get(&format!("/privacy/jobs/{job}/timeline?limit=200")).await.expect(200).json();
    timeline["items"].as_array().unwrap().len()
}

async fn ticket_of_one_tenant_opens_nothing_of_another(stack: &Stack, job: &str) {
    let mailed = mails::link(stack, ADA, job).await;
    let foreign = get(&mailed.replace("tenant=sample", "tenant=second")).await;
    let unknown = get(&mailed.replace("tenant=sample", "tenant=second").replace(job, UNKNOWN)).await;
    assert_eq!(told(&foreign, job), told(&unknown, UNKNOWN));
    get(&mailed).await.expect(303);
}
