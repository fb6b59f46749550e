//! Collections of the data map: sampled, anonymised as a whole, asked with differential privacy within the budget.

use domain::datum::Datum;
use domain::event::EventOutcome;
use domain::record::{Counter, Record};
use habeas_tests::sample::tenant;
use serde_json::{Value, json};

use super::{ok, trail};
use crate::bad_input::check;
use crate::caller::developer;
use crate::house::{BASE, Call, House, Settings};
use crate::maps::{map, set, table, world};

/// Forty people of one tenant and ten of another; every fifth note holds an address.
pub(super) fn house(scan: &str) -> House {
    house_of(scan, 50)
}

/// The same with so many people: four of five are of the first tenant.
pub(super) fn house_of(scan: &str, people: u64) -> House {
    let text = map(&[set("crm", &[table("people", &["id key", "email email", "tenant", "notes", "age", "city"])])]);
    let world = world(&text.replace("indexes: {", &format!("scan: {scan}, indexes: {{")));
    world.memory.change_sources(|sources| {
        for at in 0..people {
            let owner = if at % 50 < 40 { "acme" } else { "globex" };
            let note = if at % 5 == 0 { format!("wrote from p{at}@example.org") } else { "called".to_owned() };
            let text = |text: String| Datum::Text(text);
            let cells = [
                ("id", text(format!("p{at}"))),
                ("email", text(format!("person{at}@example.com"))),
                ("tenant", text(owner.to_owned())),
                ("notes", text(note)),
                ("age", Datum::Number((20 + at % 50).to_string())),
                ("city", text(if at % 2 == 0 { "Ulm" } else { "Bonn" }.to_owned())),
                ("extra", Datum::List(vec![text("203.0.113.9".to_owned())])),
            ];
            let row = Datum::Map(cells.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
            sources.table("crm.people").insert(row);
        }
    });
    House::over(world, Settings::default())
}

pub(super) fn people() -> Value {
    json!({"dataset": "crm", "collection": "people"})
}

#[test]
fn a_sample_names_the_columns_that_hold_personal_data() {
    let mut house = house("deny");
    let scan = ok(&mut house, "/scan/source", &people());
    assert_eq!((&scan["source"], &scan["rows_sampled"]), (&json!("crm.people"), &json!(40)));
    let columns = scan["columns_with_pii"].as_array().unwrap();
    let of = |column: &str, kind: &str| {
        columns.iter().find(|it| it["column"] == column && it["type"] == kind).unwrap_or_else(|| panic!("{scan}"))
    };
    assert_eq!(of("email", "email")["share"], 1.0);
    assert_eq!(
        (&of("notes", "email")["share"], &of("notes", "email")["data_categories"][0]),
        (&json!(0.2), &json!("user.content"))
    );
    assert_eq!(of("extra[]", "ip_address")["data_categories"], Value::Null, "the map does not know the column");
    assert!(scan["types_found"].as_array().unwrap().contains(&json!("email")));
    assert!(!scan.to_string().contains("example."), "{scan}");
    let mut few = people();
    few["sample_size"] = json!(7);
    assert_eq!(ok(&mut house, "/scan/source", &few)["rows_sampled"], 7);
    assert_eq!(trail(&house).iter().filter(|event| event.resource_type == "source_scan").count(), 2);
}

#[test]
fn a_collection_is_anonymised_as_a_whole_where_the_map_lets_it_be_read() {
    let body = json!({"source": people(), "quasi_identifiers": ["age", "city"], "method": "k_anonymity", "k": 4});
    let answer = ok(&mut house("allow"), "/anonymize/dataset", &body);
    assert_eq!(answer["rows"].as_array().unwrap().len(), 40, "the rows of the tenant alone");
    assert!(answer["k"].as_u64().unwrap() >= 4 && answer["dropped_columns"].to_string().contains("email"));
    let mut closed = house("deny");
    let call = Call::post(format!("{BASE}/anonymize/dataset"), &body);
    check(&mut closed, &developer("acme"), call, 422, "/source/collection");
}

pub(super) fn ask(query: &Value, epsilon: f64) -> Value {
    json!({"source": people(), "query": query, "epsilon": epsilon})
}

#[test]
fn answers_are_near_the_truth_and_paid_from_one_budget() {
    let mut house = house("allow");
    let answer = ok(&mut house, "/analytics", &ask(&json!({"count": {}}), 4.0));
    assert!((answer["answer"].as_f64().unwrap() - 40.0).abs() < 10.0, "{answer}");
    assert_eq!(answer["budget"], json!({"limit": 10.0, "spent": 4.0, "left": 6.0}));
    let ages = json!({"mean": {"field": "age", "low": 0, "high": 100}});
    let answer = ok(&mut house, "/analytics", &ask(&ages, 4.0));
    assert!((answer["answer"].as_f64().unwrap() - 39.5).abs() < 20.0, "{answer}");
    let refused = house.post(&developer("acme"), "/analytics", &ask(&json!({"count": {}}), 2.5));
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert_eq!(refused.body["quota"], "privacy_budget_micros");
    let sum = json!({"sum": {"field": "age", "low": 0, "high": 100, "decimals": 2}});
    assert_eq!(ok(&mut house, "/analytics", &ask(&sum, 2.0))["budget"]["left"], 0.0);
    let events: Vec<EventOutcome> =
        trail(&house).iter().filter(|event| event.resource_type == "analytics").map(|event| event.outcome).collect();
    assert_eq!(events.iter().filter(|outcome| **outcome == EventOutcome::Success).count(), 3);
    assert_eq!(events.iter().filter(|outcome| **outcome == EventOutcome::Failure).count(), 1);
    let other = house.post(&developer("globex"), "/analytics", &ask(&json!({"count": {}}), 1.0));
    assert_eq!(other.body["budget"]["spent"], 1.0, "tenants have budgets of their own");
}

#[test]
fn racing_questions_never_overspend() {
    for seed in 0..60 {
        let mut house = house("allow");
        let costs = [3.0, 2.5, 4.0, 1.0, 3.5, 2.0, 0.5, 5.0];
        let call = |epsilon: f64| Call::post(format!("{BASE}/analytics"), &ask(&json!({"count": {}}), epsilon));
        let answers = house.ask_together(&developer("acme"), costs.into_iter().map(call).collect(), seed);
        let paid: f64 = costs.iter().zip(&answers).filter(|(_, it)| it.status == 200).map(|(cost, _)| cost).sum();
        assert!(answers.iter().all(|it| [200, 429, 503].contains(&it.status)), "seed {seed}");
        assert!(paid > 0.0 && paid <= 10.0, "seed {seed}: {paid}");
        let key = Counter::privacy_spent(&tenant("acme"));
        let spent = house.world.memory.inspect(|state| match state.items[&key].as_ref() {
            Record::Counter(counter) => counter.value,
            other => panic!("{other:?}"),
        });
        assert_eq!(spent, (paid * 1e6) as i64, "seed {seed}");
    }
}

#[test]
fn questions_that_cannot_be_asked_name_the_field() {
    let mut house = house("allow");
    let caller = developer("acme");
    let good = ask(&json!({"sum": {"field": "age", "low": 0, "high": 9}}), 1.0);
    for (pointer, value, place) in [
        ("/epsilon", json!(0), "/epsilon"),
        ("/epsilon", json!(-1), "/epsilon"),
        ("/epsilon", json!(1e9), "/epsilon"),
        ("/epsilon", json!(null), "/epsilon"),
        ("/epsilon", json!("NaN"), "/epsilon"),
        ("/rows_per_person", json!(0), "/rows_per_person"),
        ("/query", json!({"median": {}}), "/query"),
        ("/query", json!({}), "/query"),
        ("/query/sum/low", json!(10), "/query/sum/low"),
        ("/query/sum/high", json!(1e300), "/query/sum/high"),
        ("/query/sum/field", json!(" "), "/query/sum/field"),
        ("/query/sum/decimals", json!(7), "/query/sum/decimals"),
        ("/source/dataset", json!("canary"), "/source/dataset"),
        ("/source/collection", json!("canary"), "/source/collection"),
    ] {
        let mut body = good.clone();
        match body.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                body.pointer_mut(parent).unwrap()[name] = value;
            }
        }
        check(&mut house, &caller, Call::post(format!("{BASE}/analytics"), &body), 422, place);
    }
    for (body, place) in [
        (json!({"dataset": "crm"}), "/collection"),
        (json!({"dataset": "crm", "collection": "people", "prefix": "x/"}), "/prefix"),
        (json!({"dataset": "crm", "prefix": "x/"}), "/prefix"),
        (json!({"dataset": "crm", "collection": "people", "sample_size": 0}), "/sample_size"),
        (json!({"dataset": "crm", "collection": "people", "sample_size": 10_001}), "/sample_size"),
    ] {
        check(&mut house, &caller, Call::post(format!("{BASE}/scan/source"), &body), 422, place);
    }
    let rows = json!({"rows": [], "source": people(), "quasi_identifiers": ["age"], "method": "k_anonymity"});
    check(&mut house, &caller, Call::post(format!("{BASE}/anonymize/dataset"), &rows), 422, "/source");
}
