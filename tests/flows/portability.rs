//! Portability: one format, JSON or CSV, never both (GDPR Art. 20).

use habeas_tests::sample::ADA;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::caller::{operator, subject};
use crate::house::{House, access, files};

fn portability(format: Option<&str>) -> Value {
    let mut body = access(ADA.email);
    body["type"] = json!("portability");
    if let Some(format) = format {
        body["format"] = json!(format);
    }
    body
}

#[test]
fn the_archive_holds_the_one_format_that_was_asked_for() {
    for (asked, holds, lacks) in
        [(None, "json/", "csv/"), (Some("json"), "json/", "csv/"), (Some("csv"), "csv/", "json/")]
    {
        let mut house = House::new();
        let id = house.submit(&operator("acme"), "/requests", &portability(asked), ADA);
        house.world.run_until_idle();
        house.prove(&operator("acme"), &id);
        house.world.run_until_idle();
        let shown = house.get(&operator("acme"), &format!("/jobs/{id}")).body;
        assert_eq!(shown["type"], "portability");
        // Beside the seven rows of the sources there are our own records.
        assert!(shown["archive"]["rows"].as_u64().unwrap() > 7);
        let found = files(&house.fetch(&subject(ADA), &id));
        assert!(found.keys().any(|name| name.starts_with(holds)), "{:?}", found.keys());
        assert!(!found.keys().any(|name| name.starts_with(lacks) || name.starts_with("media/")), "{:?}", found.keys());
        let text: Vec<u8> = found.values().flatten().copied().collect();
        assert_eq!(String::from_utf8_lossy(&text).matches("canary-ada-goods").count(), 3);
        house.world.advance(SignedDuration::from_hours(26));
        house.assert_rest();
    }
}

#[test]
fn both_formats_are_refused() {
    let mut house = House::new();
    let before = house.written();
    let refused = house.post(&operator("acme"), "/requests", &portability(Some("both")));
    assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &json!("/format")));
    assert!(house.written() == before);
}
