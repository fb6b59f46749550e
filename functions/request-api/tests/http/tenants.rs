//! Tenants: whatever a second tenant asks about a foreign job, it hears what it hears about an unknown one.

use serde_json::json;

use crate::house::{Call, House};

const UNKNOWN: &str = "job_0199a000000070008000000000000000";

fn calls(id: &str) -> Vec<Call> {
    let job = format!("/api/v1/privacy/jobs/{id}");
    vec![
        Call::get(job.clone()),
        Call::get(format!("{job}/timeline")),
        Call::get(format!("{job}/download")),
        Call::get(format!("{job}/download?tenant=globex&ticket=x")),
        Call::post(format!("{job}/verify"), &json!({"code": "123456"})),
        Call::raw(format!("{job}/verify/resend"), ""),
        Call::post(format!("{job}/verify/manual"), &json!({"method": "m", "note": "n"})),
        Call::raw(format!("{job}/process"), ""),
        Call::raw(format!("{job}/cancel"), ""),
        Call::post(format!("{job}/reject"), &json!({"reason": "r"})),
        Call::post(format!("{job}/assign"), &json!({"assignee": "a"})),
        Call::post(format!("{job}/notes"), &json!({"note": "n"})),
    ]
}

#[tokio::test]
async fn a_foreign_id_is_an_unknown_id() {
    let house = House::new();
    let id = house.submitted("acme").await;
    let known = house.submitted("globex").await;
    assert_ne!(id, known);
    for role in ["operator", "dpo", "owner", "auditor", "data_subject", "super_admin"] {
        let mut token = crate::house::claims("globex", role);
        token["email"] = json!("eve@example.com");
        let token = house.sign(&token);
        for (foreign, unknown) in calls(&id).into_iter().zip(calls(UNKNOWN)) {
            let before = house.stored();
            let (foreign, unknown) = (house.send(foreign.token(&token)).await, house.send(unknown.token(&token)).await);
            assert_eq!(foreign.status, 404, "{role}: {}", foreign.body);
            let mut foreign = foreign.anonymous();
            foreign.1["instance"] = json!(foreign.1["instance"].as_str().unwrap().replace(&id, UNKNOWN));
            assert_eq!(foreign, unknown.anonymous(), "{role}");
            assert!(house.stored() == before);
        }
    }
    let list = house.send(Call::get("/api/v1/privacy/jobs").token(&house.token("globex", "operator"))).await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_narrows_its_tenant_and_never_widens_it() {
    let house = House::new();
    let id = house.submitted("acme").await;
    let token = house.token("acme", "operator");
    let get = |name: &'static str, value: &str| {
        Call::get(format!("/api/v1/privacy/jobs/{id}")).token(&token).with(name, value)
    };
    for (name, value, status) in [
        ("x-tenant-id", "acme", 200),
        ("x-tenant-id", "globex", 404),
        ("x-tenant-id", "", 404),
        ("host", "privacy.example.com", 200),
        ("host", "acme.privacy.example.com", 200),
        ("host", "globex.privacy.example.com", 404),
    ] {
        assert_eq!(house.send(get(name, value)).await.status, status, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_subject_sees_its_own_jobs_only() {
    let house = House::new();
    let id = house.submitted("acme").await;
    let mut claims = crate::house::claims("acme", "data_subject");
    let path = format!("/api/v1/privacy/jobs/{id}");
    let own = house.send(Call::get(path.clone()).token(&house.sign(&claims))).await;
    assert_eq!((own.status, &own.body["type"]), (200, &json!("access")));
    claims["email"] = json!("eve@example.com");
    assert_eq!(house.send(Call::get(path.clone()).token(&house.sign(&claims))).await.status, 404);
    claims["email"] = json!("ada@example.com");
    claims["email_verified"] = json!(false);
    assert_eq!(house.send(Call::get(path).token(&house.sign(&claims))).await.status, 404);
}
