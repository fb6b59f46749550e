//! Discovery: what sources hold beside what the map says, a proposal to take over, and no value in the report.

use std::sync::Arc;

use adapters_memory::MemoryWorld;
use domain::datum::Datum;
use domain::record::Record;
use habeas_tests::executor::run;
use habeas_tests::sample::tenant;
use jiff::Timestamp;
use workflow::discover::{Discover, DiscoveryReport};
use workflow::ports::PortErrorKind;

const MAP: &str = "dataset:\n  - fides_key: shop\n    name: Shop\n    collections:\n      - name: customers\n        fields:\n          - name: id\n            data_categories: [user.unique_id]\n            fides_meta: { primary_key: true, identity: customer_id }\n          - name: email\n            data_categories: [user.contact.email]\n          - name: notes\n            data_categories: [system.operations]\n      - name: tickets\n        fields:\n          - name: id\n            data_categories: [user.unique_id]\n            fides_meta: { primary_key: true, identity: customer_id }\n";

fn discover(world: &MemoryWorld) -> Discover {
    Discover {
        sampler: world.source(),
        store: world.job_store(),
        maps: world.data_maps(),
        exports: world.export_store(),
        clock: world.clock(),
        entropy: world.entropy(),
        rows: 100,
    }
}

fn world() -> MemoryWorld {
    let world = MemoryWorld::new(5, "2026-03-02T09:00:00Z".parse::<Timestamp>().unwrap());
    let map = datamap::read_strs(&[("shop.yml", MAP)]).map.unwrap();
    world.publish(&tenant("acme"), Arc::new(map)).unwrap();
    world.change_sources(|sources| {
        for at in 0..200 {
            let note = if at % 8 == 0 { format!("write to canary{at}@example.com") } else { "new".to_owned() };
            let row = format!(
                r#"{{"id":"c-{at}","email":"canary{at}@example.com","notes":"{note}","cards":[{{"pan":"4111111111111111"}}]}}"#
            );
            sources.table("shop.customers").insert(Datum::parse_json(row.as_bytes()).unwrap());
        }
        sources.denied.push("shop.tickets".to_owned());
    });
    world
}

fn report(world: &MemoryWorld) -> DiscoveryReport {
    run(world, discover(world).run(&tenant("acme"))).answer().unwrap()
}

#[test]
fn drift_is_named_with_its_share_and_a_proposal() {
    let world = world();
    let report = report(&world);
    assert_eq!((report.sources[0].rows, report.failed.len(), report.failed[0].error.as_str()), (100, 1, "Denied"));
    let drifts: Vec<&str> = report.sources[0].columns.iter().filter_map(|it| it.drift.as_deref()).collect();
    assert!(drifts.contains(&"column `notes` holds email in 13 % of rows; the map says none"), "{drifts:?}");
    assert!(
        drifts.contains(&"column `cards.pan` holds credit_card in 100 % of rows; the map doesn't know the column"),
        "{drifts:?}"
    );
    assert!(!drifts.iter().any(|it| it.contains("`email`")), "{drifts:?}");
    let expected =
        "   - name: notes\n-    data_categories: [system.operations]\n+    data_categories: [user.contact.email]\n";
    assert!(report.proposal.contains(expected), "{}", report.proposal);
    assert!(report.proposal.starts_with("--- shop.customers\n+++ shop.customers\n"), "{}", report.proposal);
    assert!(
        report.proposal.contains("+  - name: cards.pan\n+    data_categories: [user.payment]\n"),
        "{}",
        report.proposal
    );
}

#[test]
fn reports_hold_no_value_and_their_making_is_recorded() {
    let world = world();
    report(&world);
    let (stored, events) = world.inspect(|state| {
        let stored: Vec<(String, Vec<u8>)> =
            state.objects.stored.iter().map(|(name, object)| (name.to_string(), object.bytes.to_vec())).collect();
        let events = state.items.values().filter_map(|record| match record.as_ref() {
            Record::Event(event) => Some(event.clone()),
            _ => None,
        });
        (stored, events.collect::<Vec<_>>())
    });
    assert_eq!(stored.len(), 1);
    let text = String::from_utf8(stored[0].1.clone()).unwrap();
    assert!(stored[0].0.starts_with("discovery/acme/2026"), "{}", stored[0].0);
    for canary in ["canary1@", "canary8@", "4111111111111111"] {
        assert!(!text.contains(canary), "{canary} is in the report");
    }
    assert!(text.contains("\"example\": \"c"), "{text}");
    let event = events.iter().find(|event| event.resource_type == "discovery").unwrap();
    assert!(event.counts.contains(&("rows".to_owned(), 100)), "{:?}", event.counts);
}

#[test]
fn a_tenant_without_a_map_is_told_so() {
    let world = world();
    let error = run(&world, discover(&world).run(&tenant("globex"))).answer().unwrap_err();
    assert_eq!(error.kind, PortErrorKind::NotFound);
}
