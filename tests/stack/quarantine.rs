//! Rows of the deployed stack are out of use while their erasure may be taken back, and come back byte for byte.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use crate::api::{Api, job_id};
use crate::aws::{self, Item};
use crate::harness::{Stack, epoch_seconds, pause, scratch};
use crate::people_map::people_and_notes;
use crate::tokens::Bearer;

const PERSON: &str = "canary-flagged@example.com";
/// What some rows hold where the flag will be; the first of each person holds nothing there.
const STATES: [&str; 4] = [r#""active""#, "7", "true", "null"];
const FLAG: &str = ", quarantine: { field: state, value: quarantined }";

/// Two tables of its own with two people.
struct Tables {
    client: aws_sdk_dynamodb::Client,
    names: [String; 2],
}

impl Tables {
    async fn prepare(stack: &Stack, tenant: &str) -> Self {
        let names = ["people", "notes"].map(|name| format!("{tenant}-{name}"));
        let dir = scratch("quarantine");
        let map = people_and_notes("flagged", names.each_ref().map(String::as_str), FLAG);
        std::fs::write(dir.join("datamap.yml"), map).unwrap();
        let person = |at: usize, email: &str| format!("{}\n", json!({ "id": format!("p-{at}"), "email": email }));
        let people = person(0, PERSON) + &person(1, "canary-other@example.com");
        std::fs::write(dir.join("people.ndjson"), people).unwrap();
        let notes: String = (0..2).flat_map(notes_of).collect();
        std::fs::write(dir.join("notes.ndjson"), notes).unwrap();
        stack.load_and_publish(&dir, tenant);
        Self { client: aws_sdk_dynamodb::Client::new(&aws::config(stack).await), names }
    }

    /// Every row by its id, which is another one in each table.
    async fn rows(&self) -> BTreeMap<String, Item> {
        let mut rows = BTreeMap::new();
        for name in &self.names {
            let page = self.client.scan().table_name(name).consistent_read(true).send().await.unwrap();
            let items = page.items.unwrap_or_default();
            rows.extend(items.into_iter().map(|item| (aws::text(&item, "id").unwrap().to_owned(), item)));
        }
        rows
    }

    /// The rows once they are as wanted.
    async fn until(&self, wanted: &BTreeMap<String, Item>, what: &str) {
        let mut rows = BTreeMap::new();
        for _ in 0..100 {
            rows = self.rows().await;
            if rows == *wanted {
                return;
            }
            pause(100).await;
        }
        panic!("{what}: {rows:#?}");
    }
}

fn notes_of(person: usize) -> Vec<String> {
    let start = |at: usize| format!(r#"{{"id":"n-{person}-{at}","person":"p-{person}","text":"canary {at}""#);
    let states = STATES.iter().enumerate().map(|(at, state)| format!("{},\"state\":{state}}}\n", start(at)));
    std::iter::once(format!("{}}}\n", start(STATES.len()))).chain(states).collect()
}

/// The rows of the person flagged, everybody else's as they are.
fn flagged(rows: &BTreeMap<String, Item>) -> BTreeMap<String, Item> {
    let mut rows = rows.clone();
    for (id, item) in &mut rows {
        if id == "p-0" || id.starts_with("n-0-") {
            item.insert("state".to_owned(), AttributeValue::S("quarantined".to_owned()));
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_flagged_during_the_grace_period_and_given_back_byte_for_byte() {
    let Some(stack) = Stack::plain().await else { return };
    let tenant = format!("quarantine-{}", epoch_seconds());
    let tables = Tables::prepare(&stack, &tenant).await;
    let before = tables.rows().await;
    assert_eq!(before.len(), 2 * (2 + STATES.len()));
    let own = Api::of(&stack, &Bearer::subject(&tenant, PERSON));
    let officer = Api::of(&stack, &Bearer::staff(&tenant, "dpo"));
    let job = job_id(&own.post("/privacy/me/delete", &json!({ "grace_period_days": 7 })).await.expect(202));
    officer.until(&job, "awaiting_approval", 20).await;
    assert!(tables.rows().await == before, "a plan flags nothing");

    officer.approve(&job).await.expect(200);
    tables.until(&flagged(&before), "not exactly the rows of the plan were flagged").await;

    own.post(&format!("/privacy/jobs/{job}/cancel"), &json!({})).await.expect(200);
    tables.until(&before, "not every row was given back as it was").await;
    officer.until(&job, "cancelled", 20).await;
}
