//! Organisation export: by its owner, with everybody in it, and with nothing of other organisations and tenants.

use domain::datum::Datum;
use habeas_tests::sample::{ADA, Person};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{Caller, owner};
use crate::house::{House, files, rows};

/// Whom the mails of an organisation's job may go to: nobody.
const NO_PERSON: Person = Person { tenant: "acme", id: "", email: "", canary: "canary-none" };

fn with_a_second_organisation() -> House {
    let house = House::new();
    house.world.memory.change_sources(|sources| {
        let row = |fields: &[(&str, &str)]| {
            let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Datum::Text((*value).to_owned())));
            Datum::Map(fields.collect())
        };
        let zoe =
            [("id", "u-zoe"), ("email", "zoe.canary@example.com"), ("organization_id", "org-2"), ("tenant", "acme")];
        sources.table("app.users").insert(row(&zoe));
        let note = [("id", "canary-zoe-note"), ("owner", "u-zoe"), ("text", "canary-zoe-text"), ("tenant", "acme")];
        sources.table("app.notes").insert(row(&note));
    });
    house
}

#[test]
fn the_owner_gets_everybody_of_the_organisation_and_nobody_else() {
    let mut house = with_a_second_organisation();
    let boss = owner("acme", "org-1");
    let body = json!({"include_media": true, "format": "both"});
    let id = house.submit(&boss, "/export", &body, NO_PERSON);
    house.world.run_until_idle();
    let shown = house.get(&boss, &format!("/jobs/{id}")).body;
    assert_eq!((&shown["status"], &shown["scope"]), (&json!("completed"), &json!("organization")), "{shown}");
    let found = files(&house.fetch(&boss, &id));
    let counts = ["app.users", "app.notes", "shop.orders"].map(|collection| rows(&found, collection).len());
    assert_eq!(counts, [2, 6, 6]);
    assert_eq!(found.keys().filter(|name| name.starts_with("media/")).count(), 2);
    assert!(found.keys().any(|name| name.starts_with("csv/")));
    let all: Vec<u8> = found.into_values().flatten().collect();
    let all = String::from_utf8_lossy(&all);
    for foreign in ["canary-eve", "canary-zoe", "zoe.canary", "org-2", "globex"] {
        assert!(!all.contains(foreign), "{foreign}");
    }
    assert_eq!(house.mails(&id), []);
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
}

#[test]
fn only_the_owner_who_asked_fetches_it() {
    let mut house = House::new();
    let boss = owner("acme", "org-1");
    let id = house.post(&boss, "/export", &json!({})).job();
    house.world.run_until_idle();
    let path = format!("/jobs/{id}/download");
    assert_eq!(house.get(&boss.clone().with("sub", "owner-2"), &path).status, 403);
    assert_eq!(house.get(&owner("acme", "org-2"), &path).status, 404);
    assert_eq!(house.get(&owner("globex", "org-1"), &path).status, 404);
    assert_eq!(house.get(&Caller::new("acme", "super_admin"), &path).status, 403);
    assert_eq!(house.get(&crate::caller::subject(ADA), &path).status, 404);
    assert_eq!(house.get(&boss, &path).status, 303);
}

#[test]
fn nobody_else_starts_one_and_foreign_organisations_are_unknown() {
    let mut house = with_a_second_organisation();
    house.post(&owner("acme", "org-1"), "/export", &json!({})).job();
    let before = house.written();
    for role in ["operator", "dpo", "auditor", "super_admin", "data_subject"] {
        let caller = Caller::new("acme", role).with("org", "org-1");
        let refused = house.post(&caller, "/export", &json!({}));
        assert_eq!((refused.status, &refused.body["permissions"]), (403, &json!(["org_job:export"])), "{role}");
    }
    let boss = owner("acme", "org-1");
    let answers: Vec<(u16, Value)> = ["org-2", "org-77", "ORG-1", " org-1"]
        .map(|organization| {
            let mut answer = house.post(&boss, "/export", &json!({"organization_id": organization}));
            answer.body["request_id"] = Value::Null;
            (answer.status, answer.body)
        })
        .to_vec();
    assert!(answers.iter().all(|answer| answer.0 == 404 && *answer == answers[0]), "{answers:?}");
    let homeless = Caller::new("acme", "owner");
    assert_eq!(house.post(&homeless, "/export", &json!({})).status, 403);
    assert!(house.written() == before);
}

#[test]
fn an_owner_sees_and_cancels_jobs_of_the_own_organisation_only() {
    let mut house = House::new();
    let boss = owner("acme", "org-1");
    let id = house.post(&boss, "/export", &json!({})).job();
    assert_eq!(house.get(&boss, "/jobs").body["items"][0]["id"], json!(id));
    let other = owner("acme", "org-2");
    assert_eq!(house.get(&other, "/jobs").body["items"], json!([]));
    assert_eq!(house.get(&other, "/jobs?organization_id=org-1").body["items"], json!([]));
    assert_eq!(house.post(&other, &format!("/jobs/{id}/cancel"), &json!({})).status, 404);
    assert_eq!(house.post(&boss, &format!("/jobs/{id}/cancel"), &json!({})).status, 200);
}
