//! Which way a lookup takes, by what the table says.

use std::collections::HashMap;
use std::sync::Arc;

use workflow::ports::{PortErrorKind, SourceLookup};

use super::super::schema::{Index, KeySchema};
use super::*;

const MAP: &str = "
dataset:
  - fides_key: app
    collections:
      - name: rows
        fields:
          - {name: id, fides_meta: {primary_key: true, identity: user_id}}
          - {name: email}
          - {name: org}
connection:
  - fides_key: tables
    datasets: [app]
    connector: dynamodb
    tenant_field: org
    region: eu-central-1
    collections:
      rows: {table: rows}
";

fn lookup(field: &str, values: &[&str]) -> SourceLookup {
    let map = datamap::read_strs(&[("map.yml", MAP)]).map.expect("the map is sound");
    let values = values.iter().map(|value| Datum::parse_json(value.as_bytes()).unwrap()).collect();
    let tenant = "acme".parse().unwrap();
    SourceLookup { tenant, map: Arc::new(map), collection: 0, field: field.to_owned(), values }
}

fn schema(range: Option<&str>) -> TableSchema {
    let key = KeySchema { hash: "id".to_owned(), range: range.map(str::to_owned) };
    let email = KeySchema { hash: "email".to_owned(), range: None };
    let holds = ["id", "email", "org"].map(str::to_owned).into();
    let indexes = [
        ("whole".to_owned(), Index { key: email.clone(), holds: None }),
        ("keys".to_owned(), Index { key: email, holds: Some(holds) }),
    ];
    let types =
        HashMap::from([("id".to_owned(), ScalarAttributeType::N), ("email".to_owned(), ScalarAttributeType::S)]);
    TableSchema { key, types, indexes: HashMap::from(indexes) }
}

fn plan(field: &str, values: &[&str], range: Option<&str>, index: Option<&str>) -> Result<Plan, PortErrorKind> {
    let lookup = lookup(field, values);
    let scope = Scope::of(&lookup).unwrap();
    Plan::of(&scope, &schema(range), index, None, None).map_err(|error| error.kind)
}

fn number(digits: &str) -> Datum {
    Datum::Number(digits.to_owned())
}

#[test]
fn values_are_keys_of_the_type_of_the_table_each_once() {
    let keys = plan("id", &["\"7\"", "7.0", "\"x\"", "null", "8"], None, None);
    assert_eq!(keys, Ok(Plan::Items(vec![vec![number("7"), number("8")]])));
    let keys = plan("id", &["7"], Some("at"), None);
    assert_eq!(keys, Ok(Plan::Query { index: None, is_partial: false, keys: vec![number("7")] }));
}

#[test]
fn batches_hold_a_hundred_keys() {
    let values: Vec<String> = (0..250).map(|number| number.to_string()).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let Ok(Plan::Items(batches)) = plan("id", &values, None, None) else { panic!("the key is asked for by batch") };
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
}

#[test]
fn an_index_that_lacks_something_leads_to_the_items() {
    let lookup = lookup("email", &["\"a\""]);
    let scope = Scope::of(&lookup).unwrap();
    let partial = |index, wanted: Option<&[&str]>| {
        let wanted =
            wanted.map(|paths| attributes(&paths.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(), &scope));
        match Plan::of(&scope, &schema(None), Some(index), None, wanted.as_deref()) {
            Ok(Plan::Query { is_partial, .. }) => is_partial,
            other => panic!("{other:?}"),
        }
    };
    assert!(!partial("whole", None) && !partial("whole", Some(&["note"])));
    assert!(partial("keys", None) && partial("keys", Some(&["note.deep"])) && !partial("keys", Some(&["id", "email"])));
}

#[test]
fn no_way_but_a_forbidden_scan_is_refused() {
    assert_eq!(plan("email", &["\"a\""], None, None), Err(PortErrorKind::Corrupt));
    assert_eq!(plan("email", &["\"a\""], None, Some("missing")), Err(PortErrorKind::Corrupt));
    assert_eq!(plan("org", &["\"a\""], None, Some("whole")), Err(PortErrorKind::Corrupt));
    let lookup = lookup("email", &["\"a\""]);
    let scope = Scope::of(&lookup).unwrap();
    assert_eq!(Plan::of(&scope, &schema(None), None, Some(3), None).unwrap(), Plan::Scan(3));
}

#[test]
fn a_projection_always_has_the_key_the_field_and_the_tenant() {
    let lookup = lookup("email", &["\"a\""]);
    let scope = Scope::of(&lookup).unwrap();
    let paths = ["home[].street".to_owned(), "home.city".to_owned()];
    assert_eq!(attributes(&paths, &scope), ["home", "email", "org", "id"]);
}
