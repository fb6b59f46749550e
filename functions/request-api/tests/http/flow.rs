//! What is accepted: requests, repeated calls, lists, acts, links, the dashboard.

use domain::ids::OpNonce;
use domain::job::{Archive, Job, JobStatus, Verification, VerificationMethod};
use domain::record::{Record, Ticket};
use domain::request::ExportFormat;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use workflow::submit_request::Quotas;

use crate::house::{Call, House, NOW, access};

const REQUESTS: &str = "/api/v1/privacy/requests";

#[tokio::test]
async fn a_request_is_accepted_with_its_dates_and_links() {
    let house = House::new();
    let answer =
        house.send(Call::post(REQUESTS, &access("Ada@Example.com")).token(&house.token("acme", "operator"))).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let body = &answer.body;
    assert_eq!((&body["type"], &body["scope"], &body["regime"]), (&json!("access"), &json!("subject"), &json!("gdpr")));
    assert_eq!((&body["status"], &body["verification"]), (&json!("awaiting_verification"), &json!(null)));
    assert!(body["due_at"].as_str().unwrap() > body["received_at"].as_str().unwrap());
    assert_eq!(answer.headers["location"].to_str().unwrap(), body["links"]["self"].as_str().unwrap());
    assert!(!body.to_string().to_lowercase().contains("ada@"));
    let one =
        house.send(Call::get(body["links"]["self"].as_str().unwrap()).token(&house.token("acme", "auditor"))).await;
    assert_eq!((one.status, &one.body["id"], &one.body["progress"]["done"]), (200, &body["id"], &json!(0)));
    let timeline =
        house.send(Call::get(body["links"]["timeline"].as_str().unwrap()).token(&house.token("acme", "dpo"))).await;
    assert_eq!(timeline.body["items"][0]["action"], "create");
    assert!(timeline.body["items"][0]["actor"].as_str().unwrap().starts_with("operator:"));
}

#[tokio::test]
async fn the_sample_event_is_answered_under_the_gateways_name() {
    let house = House::new();
    let event = include_str!("../../events/submit.json").replace("TOKEN", &house.token("acme", "operator"));
    let answer = house.send_request(lambda_http::request::from_str(&event).unwrap()).await;
    assert_eq!((answer.status, answer.headers["x-request-id"].to_str().unwrap()), (202, "JKJaXmPLvHcESHA="));
    let job = answer.body["id"].as_str().unwrap();
    let of_job = |record: &&Record| matches!(record, Record::Event(event) if event.job.as_ref().is_some_and(|id| id.as_str() == job));
    let stored = house.stored();
    let events: Vec<_> = stored.iter().filter(of_job).collect();
    assert!(!events.is_empty());
    for record in events {
        let Record::Event(event) = record else { panic!("only events were kept") };
        assert_eq!(event.request_id.as_deref(), Some("JKJaXmPLvHcESHA="));
        assert_eq!(
            (event.ip_hash.as_ref().map(String::len), event.user_agent_family.as_deref()),
            (Some(32), Some("curl"))
        );
    }
}

#[tokio::test]
async fn a_repeated_call_gets_the_same_answer_and_makes_one_job() {
    let house = House::new();
    let token = house.token("acme", "operator");
    let call = || Call::post(REQUESTS, &access("ada@example.com")).token(&token).with("idempotency-key", "key-1");
    let first = house.send(call()).await;
    house.change_job("acme", first.body["id"].as_str().unwrap(), |job| Job { status: JobStatus::Cancelled, ..job });
    let before = house.stored();
    let second = house.send(call()).await;
    assert_eq!((second.status, &second.body), (202, &first.body));
    assert_eq!(second.headers["idempotency-replayed"], "true");
    let other = Call::post(REQUESTS, &access("eve@example.com")).token(&token).with("idempotency-key", "key-1");
    let other = house.send(other).await;
    assert_eq!(
        (other.status, &other.body["type"]),
        (422, &json!("https://habeas.dev/problems/idempotency-key-reused"))
    );
    assert!(house.stored() == before);
    let own = house.token("acme", "dpo");
    let someone_else = house.send(call().token(&own)).await;
    assert_ne!(someone_else.body["id"], first.body["id"]);
}

#[tokio::test]
async fn quotas_answer_429_with_the_way_out() {
    let house = House::with_quotas(Quotas { open_jobs: 1, jobs_per_month: 10 });
    house.submitted("acme").await;
    let before = house.stored();
    let answer =
        house.send(Call::post(REQUESTS, &access("a@example.com")).token(&house.token("acme", "operator"))).await;
    assert_eq!((answer.status, &answer.body["limit"]), (429, &json!(1)));
    assert!(answer.headers.contains_key("retry-after"));
    assert!(house.stored() == before);
}

#[tokio::test]
async fn lists_go_on_where_they_ended() {
    let house = House::new();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(house.submitted("acme").await);
        house.world.advance(SignedDuration::from_secs(1));
    }
    ids.reverse();
    let token = house.token("acme", "operator");
    let (mut found, mut path) = (Vec::new(), "/api/v1/privacy/jobs?limit=2".to_owned());
    loop {
        let page = house.send(Call::get(path).token(&token)).await;
        found.extend(page.body["items"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("/api/v1/privacy/jobs?limit=2&cursor={cursor}");
    }
    assert_eq!(found, ids);
    let none = house.send(Call::get("/api/v1/privacy/jobs?status=completed").token(&token)).await;
    assert_eq!(none.body, json!({"items": [], "next_cursor": null}));
}

#[tokio::test]
async fn an_owner_exports_its_own_organisation_only() {
    let house = House::new();
    let owner = house.token("acme", "owner");
    let post = |body: serde_json::Value| Call::post("/api/v1/privacy/export", &body).token(&owner);
    let answer = house.send(post(json!({"include_media": true, "format": "both"}))).await;
    assert_eq!(
        (answer.status, &answer.body["organization_id"], &answer.body["status"]),
        (202, &json!("org-1"), &json!("pending"))
    );
    assert_eq!(house.send(post(json!({"organization_id": "org-2"}))).await.status, 404);
    let operator = Call::post("/api/v1/privacy/export", &json!({})).token(&house.token("acme", "operator"));
    let refused = house.send(operator).await;
    assert_eq!((refused.status, &refused.body["permissions"]), (403, &json!(["org_job:export"])));
}

#[tokio::test]
async fn staff_assign_note_and_reject() {
    let house = House::new();
    let id = house.submitted("acme").await;
    let dpo = house.token("acme", "dpo");
    let post =
        |act: &str, body: serde_json::Value| Call::post(format!("/api/v1/privacy/jobs/{id}/{act}"), &body).token(&dpo);
    let assigned = house.send(post("assign", json!({"assignee": "operator-1"}))).await;
    assert_eq!((assigned.status, assigned.body["assignee"].as_str().unwrap().len()), (200, 32));
    assert_eq!(house.send(post("notes", json!({"note": "called back"}))).await.body["resolution_notes"], "called back");
    let verified = house.send(post("verify/manual", json!({"method": "passport", "note": "seen"}))).await;
    assert_eq!((verified.status, &verified.body["verification"]["method"]), (200, &json!("manual")));
    let rejected = house.send(post("reject", json!({"reason": "not a person we know"}))).await;
    assert_eq!((rejected.status, &rejected.body["status"]), (200, &json!("rejected")));
}

fn finished(job: Job) -> Job {
    let at = Timestamp::from_second(NOW).unwrap();
    let archive = Archive {
        key: format!("exports/{}/{}.zip", job.tenant, job.id),
        bytes: 10,
        sha256: "00".repeat(32),
        format: ExportFormat::Both,
        files: 2,
        rows: 3,
        expires_at: at + SignedDuration::from_hours(24),
        receipt: None,
    };
    let verification = Verification { method: VerificationMethod::EmailCode, at };
    Job {
        status: JobStatus::Completed,
        completed_at: Some(at),
        archive: Some(archive),
        verification: Some(verification),
        ..job
    }
}

#[tokio::test]
async fn a_link_is_for_the_verified_requester_and_ends() {
    let house = House::new();
    let id = house.submitted("acme").await;
    let path = format!("/api/v1/privacy/jobs/{id}/download");
    let subject = house.token("acme", "data_subject");
    assert_eq!(house.send(Call::get(path.clone()).token(&house.token("acme", "dpo"))).await.status, 403);
    house.change_job("acme", &id, finished);
    let moved = house.send(Call::get(path.clone()).token(&subject)).await;
    assert_eq!(moved.status, 303, "{}", moved.body);
    assert!(moved.headers["location"].to_str().unwrap().starts_with("memory://"));
    let told = house.send(Call::get(format!("{path}?redirect=false")).token(&subject)).await;
    assert_eq!(told.status, 200);
    let expires_at: Timestamp = told.body["expires_at"].as_str().unwrap().parse().unwrap();
    assert!(expires_at <= house.world.now() + SignedDuration::from_mins(15));
    assert_eq!(house.send(Call::get(format!("{path}?redirect=maybe")).token(&subject)).await.status, 422);
    assert_eq!(house.send(Call::get(path.clone())).await.status, 401);
    house.world.advance(SignedDuration::from_hours(25));
    assert_eq!(house.send(Call::get(path).token(&subject)).await.status, 410);
}

#[tokio::test]
async fn a_mailed_ticket_opens_its_archive_and_no_other() {
    let house = House::new();
    let id = house.submitted("acme").await;
    house.change_job("acme", &id, finished);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"secret-1");
    let secret_hash = digest.as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let (tenant, job) = ("acme".parse().unwrap(), id.parse().unwrap());
    let op_nonce = OpNonce::new([0; 16]);
    house.world.plant(Record::Ticket(Ticket { v: 1, tenant, job, version: 1, op_nonce, secret_hash }));
    let path = format!("/api/v1/privacy/jobs/{id}/download");
    for (query, status) in [
        ("tenant=acme&ticket=secret-1", 303),
        ("tenant=acme&ticket=secret-1&redirect=false", 200),
        ("tenant=acme&ticket=secret-2", 404),
        ("tenant=globex&ticket=secret-1", 404),
        ("tenant=Not%20One&ticket=secret-1", 404),
        ("ticket=secret-1", 404),
        ("tenant=acme", 401),
    ] {
        assert_eq!(house.send(Call::get(format!("{path}?{query}"))).await.status, status, "{query}");
    }
    let looked = house.send(Call::get(format!("{path}?tenant=acme&ticket=secret-1")).method("HEAD")).await;
    assert_eq!(looked.status, 405);
}

#[tokio::test]
async fn a_person_asks_for_and_sees_their_own() {
    let house = House::new();
    let subject = house.token("acme", "data_subject");
    let asked = house.send(Call::raw("/api/v1/privacy/me/export", "").token(&subject)).await;
    assert_eq!((asked.status, &asked.body["status"]), (202, &json!("pending")), "{}", asked.body);
    let dashboard = house.send(Call::get("/api/v1/privacy/me").token(&subject)).await;
    assert_eq!(dashboard.body["jobs"][0]["id"], asked.body["id"]);
    assert_eq!(
        dashboard.body["rights"],
        json!({"access": true, "erasure": true, "portability": true, "objection": true})
    );
    let foreign = house.send(Call::post(REQUESTS, &access("eve@example.com")).token(&subject)).await;
    assert_eq!((foreign.status, &foreign.body["errors"][0]["pointer"]), (422, &json!("/subject/identities/0/value")));
}

#[tokio::test]
async fn every_documented_call_exists_and_every_answer_is_documented() {
    let house = House::new();
    let document = serde_json::to_value(request_api::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let path = path.replace("{id}", "job_0199a000000070008000000000000000");
            let call = match method.as_str() {
                "get" => Call::get(path),
                "put" => Call::post(path, &json!({})).method("PUT"),
                _ => Call::post(path, &json!({})),
            };
            let answer = house.send(call.token(&house.token("acme", "operator"))).await;
            let documented = operation["responses"].get(answer.status.to_string());
            assert!(documented.is_some(), "{method} {} answers {}", answer.body["instance"], answer.status);
        }
    }
}
