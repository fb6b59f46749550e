//! The HTTP contract: what every function says of its routes, in one file, `infra/openapi.json`.

use std::collections::BTreeMap;
use std::path::Path;

use utoipa::openapi::OpenApi;

/// What each HTTP function says of itself; each has a line.
fn parts() -> [OpenApi; 3] {
    [request_api::openapi(), audit_api::openapi(), anonymize_api::openapi()]
}

/// The contract of the whole API.
fn contract() -> String {
    let whole = parts().into_iter().reduce(|whole, part| whole.merge_from(part)).unwrap();
    let mut text = serde_json::to_string_pretty(&whole).unwrap();
    text.push('\n');
    text
}

#[test]
fn the_committed_contract_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/openapi.json");
    let generated = contract();
    if std::env::var_os("HABEAS_BLESS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "infra/openapi.json is old: HABEAS_BLESS=1 cargo test -p habeas-tests --test tidy contract"
    );
}

/// Merging keeps the first of two schemas of one name: the other function's bodies would be described wrongly.
#[test]
fn no_two_functions_give_one_name_to_different_schemas() {
    let mut seen = BTreeMap::new();
    for part in parts() {
        for (name, schema) in part.components.unwrap_or_default().schemas {
            let schema = serde_json::to_value(schema).unwrap();
            let first = seen.entry(name.clone()).or_insert_with(|| schema.clone());
            assert!(*first == schema, "two functions describe `{name}` in different ways: rename one of them");
        }
    }
}
