//! Somebody who is on record asks for access: code by mail, proof, archive, links, and their end.

use habeas_tests::invariants::check_archive;
use habeas_tests::sample::{ADA, EVE};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::caller::{dpo, operator, subject};
use crate::house::{BASE, Call, House, access, files, rows};

/// Up to the finished archive.
fn finished() -> (House, String) {
    let mut house = House::new();
    let mut body = access(ADA.email);
    body["include_media"] = json!(true);
    let id = house.submit(&operator("acme"), "/requests", &body, ADA);
    house.world.run_until_idle();
    house.prove(&operator("acme"), &id);
    house.world.run_until_idle();
    assert_eq!(house.status("acme", &id), "completed");
    (house, id)
}

#[test]
fn a_code_proves_the_address_on_record_and_the_archive_holds_the_person_whole() {
    let (mut house, id) = finished();
    let subjects: Vec<String> = house.mails(&id).into_iter().map(|(_, subject)| subject).collect();
    let expected = ["Your privacy request has arrived", "Your confirmation code", "Your data is ready"];
    assert_eq!(subjects, expected);
    let archive = house.fetch(&subject(ADA), &id);
    check_archive(&archive, ADA, true).unwrap();
    let shown = house.get(&operator("acme"), &format!("/jobs/{id}")).body;
    assert_eq!(shown["archive"]["bytes"], archive.len());
    assert_eq!(shown["verification"]["method"], "email_code");
    assert_eq!(shown["progress"]["done"].as_u64().unwrap() + 1, shown["progress"]["total"].as_u64().unwrap());
    let found = files(&archive);
    let counts = ["app.users", "app.notes", "shop.orders"].map(|collection| rows(&found, collection).len());
    assert_eq!(counts, [1, 3, 3]);
    let own = ["habeas.requests", "habeas.audit_events"].map(|collection| rows(&found, collection).len());
    assert_eq!(shown["archive"]["rows"], 7 + own.iter().sum::<usize>());
    assert!(found.contains_key("manifest.json") && found.contains_key("README.html"));
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
}

#[test]
fn the_archive_is_handed_out_by_ticket_and_by_session_for_a_day() {
    let (mut house, id) = finished();
    let ticket = house.ticket("acme", &id);
    let path = format!("{BASE}/jobs/{id}/download");
    let by_ticket = house.send(Call::get(format!("{path}?{ticket}")));
    assert_eq!(by_ticket.status, 303, "{}", by_ticket.body);
    house.expected.links_handed_out += 1;
    let url = by_ticket.headers["location"].to_str().unwrap().to_owned();
    check_archive(&house.world.memory.follow_link(&url).unwrap(), ADA, true).unwrap();
    assert_eq!(house.fetch(&subject(ADA), &id), house.world.memory.follow_link(&url).unwrap());
    let told = house.send(Call::get(format!("{path}?{ticket}&redirect=false"))).body;
    house.expected.links_handed_out += 1;
    let ends_at: Timestamp = told["expires_at"].as_str().unwrap().parse().unwrap();
    assert!(ends_at <= house.world.memory.now() + SignedDuration::from_mins(15));
    house.world.advance(SignedDuration::from_mins(15));
    assert!(house.world.memory.follow_link(&url).is_err());
    let tampered = url.replace("2026", "2027");
    assert!(house.world.memory.follow_link(&tampered).is_err());
    house.world.advance(SignedDuration::from_hours(26));
    house.assert_rest();
}

#[test]
fn after_a_day_the_answer_is_410_and_archive_and_key_are_gone() {
    let (mut house, id) = finished();
    let path = format!("{BASE}/jobs/{id}/download");
    let ticket = house.ticket("acme", &id);
    let ends_at = house.job("acme", &id).archive.unwrap().expires_at;
    assert!(ends_at <= house.world.memory.now() + SignedDuration::from_hours(24));
    house.world.memory.set_now(ends_at - SignedDuration::from_secs(1));
    let last = house.send(Call::get(format!("{path}?{ticket}&redirect=false")));
    assert_eq!((last.status, last.body["expires_at"].as_str()), (200, Some(ends_at.to_string().as_str())));
    house.expected.links_handed_out += 1;
    house.world.memory.set_now(ends_at);
    for _ in 0..2 {
        assert_eq!(house.send(Call::get(format!("{path}?{ticket}"))).status, 410);
        assert_eq!(house.ask(&subject(ADA), Call::get(path.clone())).status, 410);
        house.world.advance(SignedDuration::from_hours(2));
    }
    assert_eq!((house.objects(&id), house.has_key("acme", &id)), (Vec::new(), false));
    assert_eq!(house.get(&dpo("acme"), &format!("/jobs/{id}")).body["description"], Value::Null);
    house.assert_rest();
}

#[test]
fn only_the_verified_requester_gets_a_link() {
    let (mut house, id) = finished();
    let before = house.written();
    let path = format!("/jobs/{id}/download");
    for role in ["operator", "dpo", "auditor", "super_admin"] {
        let staff = crate::caller::Caller::new("acme", role);
        assert_eq!(house.get(&staff, &path).status, 403, "{role}");
    }
    let owner = crate::caller::owner("acme", "org-1");
    assert_eq!(house.get(&owner, &path).status, 404);
    assert_eq!(house.get(&crate::caller::session("acme", "bob.canary@example.com"), &path).status, 404);
    // The other tenant's customer has the same address and id.
    assert_eq!(house.get(&subject(EVE), &path).status, 404);
    for ticket in ["tenant=acme&ticket=x", "tenant=acme&ticket=", "tenant=globex&ticket=x"] {
        assert_eq!(house.send(Call::get(format!("{BASE}{path}?{ticket}"))).status, 404, "{ticket}");
    }
    let good = house.ticket("acme", &id);
    let foreign = good.replace("tenant=acme", "tenant=globex");
    assert_eq!(house.send(Call::get(format!("{BASE}{path}?{foreign}"))).status, 404);
    let looked = house.send(Call::get(format!("{BASE}{path}?{good}")).method("HEAD"));
    assert_eq!((looked.status, looked.bytes.len()), (405, 0));
    assert!(house.written() == before, "a refused download wrote something");
}

#[test]
fn no_link_outlives_its_signer() {
    let (mut house, id) = finished();
    let soon = house.world.memory.now() + SignedDuration::from_mins(4);
    house.world.memory.change(|state| state.objects.credentials_end_at = Some(soon));
    let told = house.get(&subject(ADA), &format!("/jobs/{id}/download?redirect=false"));
    assert_eq!(told.body["expires_at"], soon.to_string());
}
