//! Lists: pages that meet without gap or overlap, filters alone and together, timelines.

use habeas_tests::sample::{ADA, BOB};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{Caller, dpo, operator, owner, subject};
use crate::house::{House, access};

/// All pages of a path.
fn pages(house: &mut House, caller: &Caller, path: &str, limit: usize) -> Vec<Value> {
    let join = if path.contains('?') { '&' } else { '?' };
    let (mut items, mut cursor) = (Vec::new(), String::new());
    for _ in 0..300 {
        let page = house.get(caller, &format!("{path}{join}limit={limit}{cursor}"));
        assert_eq!(page.status, 200, "{}", page.body);
        let got = page.body["items"].as_array().unwrap();
        assert!(got.len() <= limit);
        items.extend(got.iter().cloned());
        let Some(next) = page.body["next_cursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
    panic!("the pages never end");
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Twenty-three jobs of all sorts, newest first.
fn filled() -> (House, Vec<String>) {
    let mut house = House::new();
    let mut made = Vec::new();
    for at in 0..23 {
        let mut body = access(if at % 3 == 0 { BOB.email } else { ADA.email });
        if at % 5 == 0 {
            body["type"] = json!("portability");
        }
        if at % 2 == 0 {
            body["regime"] = json!("ccpa");
        }
        let id = match at {
            7 | 15 => house.post(&owner("acme", "org-1"), "/export", &json!({})).job(),
            11 => house.post(&owner("acme", "org-2"), "/export", &json!({})).job(),
            _ => house.post(&operator("acme"), "/requests", &body).job(),
        };
        if at % 4 == 0 {
            assert_eq!(house.post(&dpo("acme"), &format!("/jobs/{id}/cancel"), &json!({})).status, 200);
        } else if at % 4 == 1 {
            let assigned = house.post(&dpo("acme"), &format!("/jobs/{id}/assign"), &json!({"assignee": "operator-1"}));
            assert_eq!(assigned.status, 200);
        }
        made.push(id);
        house.world.memory.advance(SignedDuration::from_secs(1));
    }
    made.reverse();
    (house, made)
}

#[test]
fn pages_of_any_size_hold_every_job_once_newest_first() {
    let (mut house, made) = filled();
    for limit in [1, 2, 7, 22, 23, 24, 200] {
        assert_eq!(ids(&pages(&mut house, &operator("acme"), "/jobs", limit)), made, "limit {limit}");
    }
    let page = house.get(&operator("acme"), "/jobs").body;
    assert_eq!((ids(page["items"].as_array().unwrap()), &page["next_cursor"]), (made, &Value::Null));
}

#[test]
fn a_job_that_comes_between_two_pages_moves_nothing() {
    let (mut house, made) = filled();
    let first = house.get(&operator("acme"), "/jobs?limit=10").body;
    house.post(&operator("acme"), "/requests", &access(ADA.email)).job();
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = house.get(&operator("acme"), &format!("/jobs?limit=200&cursor={cursor}")).body;
    let both = [ids(first["items"].as_array().unwrap()), ids(rest["items"].as_array().unwrap())].concat();
    assert_eq!(both, made);
}

#[test]
fn filters_narrow_alone_and_together() {
    let (mut house, _) = filled();
    let all = pages(&mut house, &operator("acme"), "/jobs", 200);
    let hash = |name: &str| all.iter().find_map(|job| job[name].as_str().map(str::to_owned)).unwrap();
    let (subject_ref, assignee) = (hash("subject_ref"), hash("assignee"));
    let due = all.iter().map(|job| job["due_at"].as_str().unwrap()).max().unwrap().to_owned();
    let filters = [
        ("type", "portability".to_owned()),
        ("type", "access".to_owned()),
        ("status", "cancelled".to_owned()),
        ("status", "awaiting_verification".to_owned()),
        ("status", "completed".to_owned()),
        ("subject", subject_ref),
        ("organization_id", "org-1".to_owned()),
        ("due_before", due),
        ("assignee", assignee),
    ];
    let fits = |job: &Value, (name, value): &(&str, String)| match *name {
        "subject" => job["subject_ref"] == json!(value),
        "due_before" => job["due_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() < value.parse().unwrap(),
        name => job[name] == json!(value),
    };
    let mut met = 0;
    for one in &filters {
        for other in &filters {
            let query = if one.0 == other.0 {
                format!("{}={}", one.0, one.1)
            } else {
                format!("{}={}&{}={}", one.0, one.1, other.0, other.1)
            };
            let expected: Vec<Value> =
                all.iter().filter(|job| fits(job, one) && (one.0 == other.0 || fits(job, other))).cloned().collect();
            for limit in [3, 200] {
                let found = pages(&mut house, &operator("acme"), &format!("/jobs?{query}"), limit);
                assert_eq!(ids(&found), ids(&expected), "{query} limit {limit}");
            }
            met += usize::from(!expected.is_empty() && expected.len() < all.len());
        }
    }
    assert!(met > 20, "the filters narrow nothing");
}

#[test]
fn owners_and_subjects_page_through_their_own() {
    let (mut house, _) = filled();
    assert_eq!(pages(&mut house, &owner("acme", "org-1"), "/jobs", 1).len(), 2);
    assert_eq!(pages(&mut house, &owner("acme", "org-2"), "/jobs", 1).len(), 1);
    assert_eq!(pages(&mut house, &owner("acme", "org-3"), "/jobs", 1).len(), 0);
    let bobs = pages(&mut house, &subject(BOB), "/jobs", 2).len();
    let adas = pages(&mut house, &subject(ADA), "/jobs", 2).len();
    assert_eq!((bobs, adas), (7, 13));
}

#[test]
fn a_timeline_is_paged_oldest_first_and_ends() {
    let mut house = House::new();
    let id = house.submit(&subject(ADA), "/me/export", &json!({}), ADA);
    let other = house.submit(&subject(BOB), "/me/export", &json!({}), BOB);
    house.world.run_until_idle();
    let path = format!("/jobs/{id}/timeline");
    let whole = pages(&mut house, &subject(ADA), &path, 200);
    assert!(whole.len() > 20, "{} events", whole.len());
    for limit in [1, 7, whole.len() - 1, whole.len()] {
        assert_eq!(pages(&mut house, &subject(ADA), &path, limit), whole, "limit {limit}");
    }
    assert!(whole.is_sorted_by_key(|event| event["at"].as_str().unwrap().to_owned()));
    assert_eq!(whole.len(), house.world.audit_trail(&id.parse().unwrap()).len());
    let foreign = house.get(&dpo("acme"), &format!("/jobs/{other}/timeline?limit=2")).body;
    let cursor = foreign["next_cursor"].as_str().unwrap();
    let refused = house.get(&dpo("acme"), &format!("{path}?cursor={cursor}"));
    assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &json!("?cursor")));
}
