//! What rectification does with each collection of a map, what it refuses, and which flags a quarantine may have.

use datamap::{Masker, Treatment, read_strs, rewrite};
use domain::correction::{Corrected, Correction};
use domain::datum::Datum;
use domain::request::IdentityKind;

use crate::erasure::{MAP, map};

fn field(name: &str, value: &str) -> Correction {
    Correction { of: Corrected::Field(name.to_owned()), value: Datum::Text(value.to_owned()) }
}

fn category(name: &str, value: &str) -> Correction {
    Correction { of: Corrected::Category(name.to_owned()), value: Datum::Text(value.to_owned()) }
}

fn address(was: &str, right: &str) -> Correction {
    let of = Corrected::Identity { kind: IdentityKind::Email, was: was.to_owned() };
    Correction { of, value: Datum::Text(right.to_owned()) }
}

struct Nobody;

impl Masker for Nobody {
    fn lasting(&self, _: &[u8]) -> String {
        panic!("a correction hashes nothing")
    }

    fn passing(&self, _: &[u8]) -> String {
        panic!("a correction hashes nothing")
    }
}

/// A row of invoices after corrections.
fn after(corrections: &[Correction], row: &str) -> String {
    let map = map();
    let invoices = map.collection("app.invoices").unwrap();
    let treatment = map.correction(invoices, "buyer", corrections);
    let Some(Treatment::Rewrite { fields, .. }) = treatment else { panic!("{treatment:?}") };
    let row = rewrite(&Datum::parse_json(row.as_bytes()).unwrap(), &fields, &Nobody);
    assert_eq!(rewrite(&row, &fields, &Nobody), row, "twice changes nothing more");
    String::from_utf8(row.to_json()).unwrap()
}

#[test]
fn fields_become_what_is_right_and_only_their_own_correction_fills_them() {
    let city = "user.contact.address.city";
    let both = [category(city, "Paris"), field("app.invoices.note", "right")];
    assert_eq!(
        after(&both, r#"{"city":"Rome","note":null,"total":3}"#),
        r#"{"city":"Paris","note":"right","total":3}"#
    );
    assert_eq!(after(&[category(city, "Paris")], r#"{"city":null}"#), r#"{"city":null}"#);
    assert_eq!(after(&both[..1], r#"{"city":["Rome","Oslo"]}"#), r#"{"city":["Rome","Oslo"]}"#, "which of them?");
    let own_first = [category(city, "Paris"), field("app.invoices.city", "Lyon")];
    assert_eq!(after(&own_first, r#"{"city":"Rome"}"#), r#"{"city":"Lyon"}"#);
    assert_eq!(after(&both, r#"{"total":3}"#), r#"{"total":3}"#, "what is not there stays away");
}

#[test]
fn what_ties_rows_or_belongs_to_several_stays_and_is_named() {
    let map = map();
    let of = |collection: &str, looked_up: &str, one: Correction| {
        map.correction(map.collection(collection).unwrap(), looked_up, &[one])
    };
    assert_eq!(of("app.users", "email", category("user.content", "x")), None, "nothing of it is asked for");
    let Some(Treatment::Keep { kept }) = of("app.rooms", "id", category("user.content", "x")) else { panic!("kept") };
    assert_eq!(kept.exemption, "belongs to several people");
    let Some(Treatment::Rewrite { fields, kept }) = of("app.invoices", "buyer", category("user.financial", "9")) else {
        panic!("corrected in part")
    };
    assert_eq!(fields.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["total"]);
    assert_eq!(kept.unwrap().exemption, "number stays: it is a key of its table");
}

#[test]
fn what_can_be_corrected_nowhere_is_refused_with_the_reason() {
    let map = map();
    let why = |one: &Correction| map.check_correction(one).unwrap_err();
    assert_eq!(map.check_correction(&field("app.invoices.street", "x")), Ok(()));
    for (one, part) in [
        (field("app.users.email", "a@example.com"), "people are found by it"),
        (field("app.users.id", "7"), "it is a key"),
        (field("app.users.name", "x"), "names no field"),
        (category("user.contact", "x"), "category of no field"),
    ] {
        assert!(why(&one).contains(part), "{}", why(&one));
    }
}

/// The map with one field of users said otherwise.
fn changed(from: &str, to: &str) -> datamap::DataMap {
    assert!(MAP.contains(from));
    let checked = read_strs(&[("map.yml", &MAP.replace(from, to))]);
    checked.map.clone().unwrap_or_else(|| panic!("{:?}", checked.findings))
}

#[test]
fn only_the_value_that_is_wrong_is_replaced_however_it_is_spelt_and_wherever_it_is() {
    let copied = "{ name: note, data_categories: [user.contact.email]";
    let map = changed("{ name: note, data_categories: [user.content]", copied);
    let one = [address("ada@example.com", "eda@example.com")];
    let after = |collection: &str, looked_up: &str, row: &str| {
        let treatment = map.correction(map.collection(collection).unwrap(), looked_up, &one);
        let Some(Treatment::Rewrite { fields, kept: None }) = treatment else { panic!("{treatment:?}") };
        let row = rewrite(&Datum::parse_json(row.as_bytes()).unwrap(), &fields, &Nobody);
        assert_eq!(rewrite(&row, &fields, &Nobody), row, "twice changes nothing more");
        String::from_utf8(row.to_json()).unwrap()
    };
    for (row, expected) in [
        (r#"{"email":"Ada@Example.com"}"#, r#"{"email":"eda@example.com"}"#),
        (r#"{"email":" ada@example.com"}"#, r#"{"email":"eda@example.com"}"#),
        (r#"{"email":"bob@example.com"}"#, r#"{"email":"bob@example.com"}"#),
        (r#"{"email":null}"#, r#"{"email":null}"#),
        (r#"{"email":"no address"}"#, r#"{"email":"no address"}"#),
    ] {
        assert_eq!(after("app.users", "email", row), expected);
    }
    let row = r#"{"note":"ada@example.com","street":"ada@example.com"}"#;
    assert_eq!(after("app.invoices", "buyer", row), r#"{"note":"eda@example.com","street":"ada@example.com"}"#);
    assert_eq!(map.correction(map.collection("app.drafts").unwrap(), "id", &one), None);
}

#[test]
fn an_identity_is_corrected_everywhere_or_nowhere() {
    let one = address("ada@example.com", "eda@example.com");
    assert_eq!(map().check_correction(&one), Ok(()));
    let email = "fides_meta: { identity: email }";
    for (meta, why) in [
        ("fides_meta: { identity: email, data_type: integer }", "the key of an index"),
        ("fides_meta: { identity: email, read_only: true }", "only read"),
        ("fides_meta: { identity: email, data_type: 'string[]' }", "several values"),
    ] {
        let refused = changed(email, meta).check_correction(&one).unwrap_err();
        assert!(refused.contains(why) && refused.contains("app.users.email"), "{refused}");
    }
    let keyed =
        "{ name: number, data_categories: [user.financial], fides_meta: { primary_key: true, identity: email } }";
    let unkeyed = "{ name: number, data_categories: [user.financial], fides_meta: { primary_key: true } }";
    let refused = changed(unkeyed, keyed).check_correction(&one).unwrap_err();
    assert!(refused.contains("app.invoices.number: it is a key"), "{refused}");
    let of = Corrected::Identity { kind: IdentityKind::UserId, was: "7".to_owned() };
    let refused = map().check_correction(&Correction { of, value: Datum::Text("8".to_owned()) }).unwrap_err();
    assert!(refused.contains("identity of no field"), "{refused}");
}

#[test]
fn a_flag_is_an_attribute_that_nothing_else_uses() {
    let lint = |entry: &str, flag: &str| {
        let open = entry.strip_suffix(" }").unwrap();
        let flagged = format!("{open}, quarantine: {{ field: {flag}, value: gone }} }}");
        let checked = read_strs(&[("map.yml", &MAP.replace(entry, &flagged))]);
        checked.findings.iter().any(|it| it.code.starts_with("quarantine"))
    };
    let invoices = "invoices: { table: invoices, indexes: { buyer: by-buyer } }";
    assert!(!lint(invoices, "state"));
    for flag in ["number", "buyer", "street", "note", "a.b"] {
        assert!(lint(invoices, flag), "{flag}");
    }
    assert!(lint("rooms: { table: rooms }", "title") && !lint("rooms: { table: rooms }", "state"));
}
