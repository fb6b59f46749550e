//! Another tenant: for every call of the contract a foreign id gets, byte for byte, what an unknown one gets (INV-T2).

use habeas_tests::sample::{ADA, EVE};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{Caller, operator, subject};
use crate::house::{Answer, Call, House, UNKNOWN_JOB, access};

/// A good body for each call of the contract that takes an id.
fn body_of(path: &str) -> Value {
    match path.rsplit('/').next().unwrap() {
        "verify" => json!({"code": "12345678"}),
        "manual" => json!({"method": "m", "note": "n"}),
        "reject" | "extend" | "resume" | "lift" => json!({"reason": "r"}),
        "pause" => json!({"waiting_for": "identity", "reason": "r"}),
        "assign" => json!({"assignee": "a"}),
        "notes" => json!({"note": "n"}),
        "approve" => json!({"plan_hash": "h"}),
        _ => json!({}),
    }
}

/// Every call of the contract that takes the id of a job.
fn calls(id: &str) -> Vec<Call> {
    let document = serde_json::to_value(request_api::openapi()).unwrap();
    let mut calls = Vec::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        if !template.contains("{id}") {
            continue;
        }
        let path = template.replace("{id}", id);
        for method in item.as_object().unwrap().keys() {
            match method.as_str() {
                "get" => calls.extend([Call::get(path.clone()), Call::get(path.clone()).method("HEAD")]),
                "post" => calls.push(Call::post(path.clone(), &body_of(&path))),
                other => panic!("a new method: {other}"),
            }
        }
    }
    assert!(calls.len() >= 14, "{} calls", calls.len());
    calls
}

/// The bytes of an answer, without what names this call and this id.
fn bytes(answer: &Answer, id: &str) -> String {
    let request_id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
    let text = format!("{} {:?} {}", answer.status, answer.headers, String::from_utf8_lossy(&answer.bytes));
    text.replace(&request_id, "REQUEST").replace(id, "JOB")
}

fn people() -> Vec<Caller> {
    let mut people: Vec<Caller> = ["operator", "dpo", "auditor", "super_admin", "data_subject", "owner"]
        .iter()
        .map(|role| Caller::new("globex", role).with("org", "org-1"))
        .collect();
    // The customer of the second tenant has the same address, and the same person may work for both.
    people.push(subject(EVE));
    people.push(operator("globex").with("sub", "operator-1").with("roles", json!(["operator", "dpo", "super_admin"])));
    people
}

#[test]
fn at_every_stage_a_foreign_id_is_an_unknown_id() {
    let mut house = House::new();
    let mut request = access(ADA.email);
    request["include_media"] = json!(true);
    let id = house.submit(&operator("acme"), "/requests", &request, ADA);
    for stage in ["awaiting_verification", "in_progress", "completed", "gone"] {
        match stage {
            "in_progress" => {
                house.world.run_until_idle();
                house.prove(&operator("acme"), &id);
            }
            "completed" => house.world.run_until_idle(),
            "gone" => house.world.advance(SignedDuration::from_hours(30)),
            _ => {}
        }
        let before = house.written();
        for caller in people() {
            for (foreign, unknown) in calls(&id).into_iter().zip(calls(UNKNOWN_JOB)) {
                let asked = format!("{stage} {} {} by {}", foreign.method, foreign.path, caller.claims["roles"]);
                let (foreign, unknown) = (house.ask(&caller, foreign), house.ask(&caller, unknown));
                assert!(matches!(foreign.status, 404 | 405), "{asked}: {}", foreign.body);
                assert_eq!(bytes(&foreign, &id), bytes(&unknown, UNKNOWN_JOB), "{asked}");
            }
        }
        assert!(house.written() == before, "{stage}: something was written");
    }
    house.assert_rest();
}

#[test]
fn a_ticket_opens_nothing_under_another_tenants_name() {
    let mut house = House::new();
    let own = house.submit(&subject(ADA), "/me/export", &json!({}), ADA);
    let foreign = house.submit(&subject(EVE), "/me/export", &json!({}), EVE);
    house.world.run_until_idle();
    let (ada, eve) = (house.ticket("acme", &own), house.ticket("globex", &foreign));
    let swapped = [
        (&own, ada.replace("acme", "globex")),
        (&own, eve.clone()),
        (&own, eve.replace("globex", "acme")),
        (&foreign, ada.clone()),
        (&foreign, ada.replace("acme", "globex")),
    ];
    for (id, ticket) in swapped {
        for id in [id.as_str(), UNKNOWN_JOB] {
            let answer = house.send(Call::get(format!("/api/v1/privacy/jobs/{id}/download?{ticket}")));
            assert_eq!(answer.status, 404, "{id} {ticket}");
        }
    }
}

#[test]
fn lists_and_dashboards_know_their_own_tenant_only() {
    let mut house = House::new();
    house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    let hash = house.get(&operator("acme"), "/jobs").body["items"][0]["subject_ref"].clone();
    let hash = hash.as_str().unwrap();
    for path in ["/jobs".to_owned(), format!("/jobs?subject={hash}"), "/jobs?status=awaiting_verification".to_owned()] {
        let list = house.get(&operator("globex"), &path).body;
        assert_eq!(list, json!({"items": [], "next_cursor": null}), "{path}");
    }
    let cursor = {
        house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
        house.get(&operator("acme"), "/jobs?limit=1").body["next_cursor"].as_str().unwrap().to_owned()
    };
    let list = house.get(&operator("globex"), &format!("/jobs?cursor={cursor}")).body;
    assert_eq!(list["items"], json!([]));
    assert_eq!(house.get(&subject(EVE), "/me").body["jobs"], json!([]));
}

#[test]
fn the_same_person_has_another_name_in_each_tenant() {
    let mut house = House::new();
    let ours = house.submit(&operator("acme"), "/requests", &access(ADA.email), ADA);
    let theirs = house.submit(&operator("globex"), "/requests", &access(EVE.email), EVE);
    let (ours, theirs) = (house.job("acme", &ours), house.job("globex", &theirs));
    assert_ne!(ours.subject_ref, theirs.subject_ref);
    assert_ne!(ours.requester, theirs.requester);
}
