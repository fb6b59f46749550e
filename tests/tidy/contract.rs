//! The HTTP contract: what every function says of its routes, in one file, `infra/openapi.json`.

use std::path::Path;

/// The contract of the whole API; each HTTP function has a line.
fn contract() -> String {
    let parts = [request_api::openapi(), audit_api::openapi(), anonymize_api::openapi()];
    let whole = parts.into_iter().reduce(|whole, part| whole.merge_from(part)).unwrap();
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
