//! The walk: what it reaches, what it must not reach, that it ends.

use std::collections::BTreeMap;

use crate::support::{Store, dataset, datum, map, seed};
use datamap::{DataMap, Lookup, RowOwner, Walk, owner_input};
use domain::datum::Datum;
use proptest::prelude::*;
use serde_json::json;

fn counts(found: &[(&str, usize)]) -> BTreeMap<String, usize> {
    found.iter().map(|(name, rows)| (format!("d.{name}"), *rows)).collect()
}

fn short(text: &str) -> DataMap {
    map(&dataset(text))
}

const CHAIN: &str = "
    # users
    id key
    email id=email
    # posts
    id key
    user_id from=users.id
    # comments
    id key
    post_id from=posts.id
    # votes
    id key
    comment_id from=comments.id";

fn chain() -> Store {
    let posts: Vec<_> = (0..10).map(|n| json!({"id": n, "user_id": n % 2})).collect();
    let comments: Vec<_> = (0..30).map(|n| json!({"id": format!("c{n}"), "post_id": n % 10})).collect();
    let votes: Vec<_> = (0..60).map(|n| json!({"id": n, "comment_id": format!("c{}", n % 30)})).collect();
    Store::default()
        .with("d.users", &json!([{"id": 0, "email": "a@x.example"}, {"id": 1, "email": "b@x.example"}]))
        .with("d.posts", &json!(posts))
        .with("d.comments", &json!(comments))
        .with("d.votes", &json!(votes))
}

#[test]
fn rows_fan_out_over_several_hops() {
    let found = chain().counts(&short(CHAIN), &[seed("email", "a@x.example")]);
    assert_eq!(found, counts(&[("users", 1), ("posts", 5), ("comments", 15), ("votes", 30)]));
}

#[test]
fn leaves_are_not_read_on_the_walk_and_projections_are_small() {
    let map = short(CHAIN);
    let mut walk = Walk::start(&map, &[seed("email", "a@x.example")]);
    let mut asked = Vec::new();
    loop {
        let wave = walk.next_wave(&map);
        if wave.is_empty() {
            break;
        }
        for lookup in &wave {
            asked.push((map.collections[lookup.collection].name.clone(), lookup.projection.join(" ")));
            for row in chain().ask(&map, lookup) {
                walk.absorb(&map, lookup, &row);
            }
        }
    }
    let expected = [("users", "email id"), ("posts", "id user_id"), ("comments", "id post_id")];
    assert_eq!(asked, expected.map(|(name, fields)| (name.to_owned(), fields.to_owned())));
}

#[test]
fn unknown_person_and_unknown_kind_lead_nowhere() {
    let map = short(CHAIN);
    assert_eq!(chain().counts(&map, &[seed("email", "nobody@x.example")]), counts(&[]));
    let walk = Walk::start(&map, &[seed("shoe_size", "44"), seed("email", ""), ("email".to_owned(), Datum::Null)]);
    assert_eq!(walk.lookups(&map), []);
}

#[test]
fn several_identities_of_one_person_are_joined() {
    let map = short(
        "# mails\n id key\n email id=email\n# calls\n id key\n phone id=phone_number\n# both\n id key\n email id=email\n phone id=phone_number",
    );
    let store = Store::default()
        .with("d.mails", &json!([{"id": 1, "email": "a"}, {"id": 2, "email": "b"}]))
        .with("d.calls", &json!([{"id": 1, "phone": "1"}, {"id": 2, "phone": "2"}]))
        .with("d.both", &json!([{"id": 1, "email": "a", "phone": "9"}, {"id": 2, "email": "z", "phone": "1"}]));
    let found = store.counts(&map, &[seed("email", "a"), seed("phone_number", "1")]);
    // Row 2 of `both` belongs to the phone, and its own e-mail is the person's other address.
    assert_eq!(found, counts(&[("mails", 1), ("calls", 1), ("both", 2)]));
}

#[test]
fn identity_beside_the_known_one_is_followed_in_the_persons_own_row() {
    let map = short(
        "# users\n id key\n email id=email\n phone id=phone_number\n# calls\n id key\n phone id=phone_number\n# logins\n id key\n user_id from=users.id",
    );
    let store = Store::default()
        .with("d.users", &json!([{"id": 1, "email": "a", "phone": "11"}, {"id": 2, "email": "b", "phone": "22"}]))
        .with("d.calls", &json!([{"id": 1, "phone": "11"}, {"id": 2, "phone": "22"}]))
        .with("d.logins", &json!([{"id": 1, "user_id": 1}]));
    let seeds = [seed("email", "a")];
    assert_eq!(store.counts(&map, &seeds), counts(&[("users", 1), ("calls", 1), ("logins", 1)]));
    let walk = store.walk(&map, &seeds, false);
    let found: Vec<_> = walk.found_identities().map(|(kind, value)| (kind.to_owned(), value.clone())).collect();
    let number = |text: &str| Datum::Number(text.to_owned());
    let expected = [
        ("d.calls.id".to_owned(), number("1")),
        ("d.users.id".to_owned(), number("1")),
        seed("email", "a"),
        seed("phone_number", "11"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn identities_of_other_people_in_the_persons_rows_are_not_followed() {
    let map = short(
        "# users\n id key\n email id=email\n# mails\n id key\n sender_id from=users.id\n recipient id=email\n# invites\n id key\n inviter id=email\n invitee id=email",
    );
    let store = Store::default()
        .with("d.users", &json!([{"id": 1, "email": "a"}, {"id": 2, "email": "b"}, {"id": 3, "email": "c"}]))
        .with(
            "d.mails",
            &json!([{"id": 1, "sender_id": 1, "recipient": "b"}, {"id": 2, "sender_id": 2, "recipient": "c"}]),
        )
        .with(
            "d.invites",
            &json!([{"id": 1, "inviter": "a", "invitee": "c"}, {"id": 2, "inviter": "c", "invitee": "b"}]),
        );
    let found = store.counts(&map, &[seed("email", "a")]);
    assert_eq!(found, counts(&[("users", 1), ("mails", 1), ("invites", 1)]));
}

const STAFF: &str = "
    # customers
    id key
    email id=email
    rep_id DIRECTION=employees.id
    # employees
    id key
    email id=email";

fn staff() -> Store {
    let customers: Vec<_> = (0..9).map(|n| json!({"id": n, "email": format!("c{n}"), "rep_id": 3})).collect();
    Store::default().with("d.customers", &json!(customers)).with("d.employees", &json!([{"id": 3, "email": "rep"}]))
}

#[test]
fn values_flow_in_the_declared_direction_only() {
    let from = short(&STAFF.replace("DIRECTION", "from"));
    assert_eq!(staff().counts(&from, &[seed("email", "c1")]), counts(&[("customers", 1)]));
    assert_eq!(staff().counts(&from, &[seed("email", "rep")]), counts(&[("customers", 9), ("employees", 1)]));
    let to = short(&STAFF.replace("DIRECTION", "to"));
    assert_eq!(staff().counts(&to, &[seed("email", "c1")]), counts(&[("customers", 1), ("employees", 1)]));
    assert_eq!(staff().counts(&to, &[seed("email", "rep")]), counts(&[("employees", 1)]));
}

#[test]
fn reference_without_direction_never_leads_back_to_those_who_share_a_value() {
    // Only customers carry an identity: the walk goes to the representative, never on to their other customers.
    let map = short("# customers\n id key\n email id=email\n rep_id ref=employees.id\n# employees\n id key");
    assert_eq!(staff().counts(&map, &[seed("email", "c1")]), counts(&[("customers", 1), ("employees", 1)]));
    let declared_there =
        short("# customers\n id key\n email id=email\n rep_id\n# employees\n id key ref=customers.rep_id");
    assert_eq!(staff().counts(&declared_there, &[seed("email", "c1")]), counts(&[("customers", 1), ("employees", 1)]));
}

#[test]
fn nothing_is_followed_from_rows_that_several_people_share() {
    let undirected = "# customers\n id key\n email id=email\n rep_id ref=reps.id\n# reps\n id key\n# tickets\n id key\n rep_id ref=reps.id\n customer_id ref=customers.id";
    let store = Store::default()
        .with("d.customers", &json!([{"id": 1, "email": "a", "rep_id": 3}, {"id": 2, "email": "b", "rep_id": 3}]))
        .with("d.reps", &json!([{"id": 3}]))
        .with(
            "d.tickets",
            &json!([{"id": 1, "rep_id": 3, "customer_id": 1}, {"id": 2, "rep_id": 3, "customer_id": 2}]),
        );
    let found = store.counts(&short(undirected), &[seed("email", "a")]);
    assert_eq!(found, counts(&[("customers", 1), ("reps", 1), ("tickets", 1)]));
    let meant = undirected
        .replace("rep_id ref=reps.id\n# reps", "rep_id to=reps.id\n# reps")
        .replace("rep_id ref=reps.id\n cust", "rep_id from=reps.id\n cust");
    assert_eq!(store.counts(&short(&meant), &[seed("email", "a")])["d.tickets"], 2);
}

#[test]
fn reference_to_itself_without_direction_is_not_followed() {
    let map = short("# staff\n id key\n email id=email\n boss_id ref=staff.id");
    let store = Store::default()
        .with("d.staff", &json!([{"id": 1, "email": "a", "boss_id": 1}, {"id": 2, "email": "b", "boss_id": 1}]));
    assert_eq!(store.counts(&map, &[seed("email", "a")]), counts(&[("staff", 1)]));
}

const ORGANIZATION: &str = "
    # orgs
    id key id=organization_id
    # users
    id key
    org_id ref=orgs.id
    email id=email
    # posts
    id key
    user_id ref=users.id
    # news
    email key id=email";

fn organization() -> Store {
    Store::default()
        .with("d.orgs", &json!([{"id": "o1"}, {"id": "o2"}]))
        .with("d.users", &json!([
            {"id": 1, "org_id": "o1", "email": "a"}, {"id": 2, "org_id": "o1", "email": "b"}, {"id": 3, "org_id": "o2", "email": "a"}
        ]))
        .with("d.posts", &json!([{"id": 1, "user_id": 1}, {"id": 2, "user_id": 2}, {"id": 3, "user_id": 3}]))
        .with("d.news", &json!([{"email": "a"}]))
}

#[test]
fn organization_walk_reaches_its_members_and_no_other_organization() {
    let found = organization().counts(&short(ORGANIZATION), &[seed("organization_id", "o1")]);
    assert_eq!(found, counts(&[("orgs", 1), ("users", 2), ("posts", 2)]));
}

#[test]
fn persons_walk_never_collects_the_organization() {
    let map = short(ORGANIZATION);
    let person = counts(&[("users", 2), ("posts", 2), ("news", 1)]);
    assert_eq!(organization().counts(&map, &[seed("email", "a")]), person);
    assert_eq!(organization().counts(&map, &[seed("email", "a"), seed("organization_id", "o1")]), person);
}

#[test]
fn nested_fields_and_arrays_are_followed() {
    let text = "
dataset:
- fides_key: d
  collections:
  - name: users
    fields:
    - {name: email, fides_meta: {identity: email, primary_key: true}}
    - name: account
      fields:
      - name: devices
        fides_meta: {data_type: 'object[]'}
        fields:
        - {name: id, fides_meta: {data_type: string}}
        - {name: tags, fides_meta: {data_type: 'string[]'}}
  - name: events
    fields:
    - {name: id, fides_meta: {primary_key: true}}
    - name: origin
      fields:
      - name: devices
        fides_meta:
          data_type: 'string[]'
          references: [{dataset: d, field: users.account.devices.id, direction: from}]
";
    let map = map(text);
    let shapes: Vec<&str> = map.collections[0].fields.iter().map(|field| field.shape.as_str()).collect();
    assert_eq!(shapes, ["email", "account.devices[].id", "account.devices[].tags[]"]);
    let devices = json!([{"id": "x"}, {"id": "y"}, {"id": ""}, {"id": null}]);
    let store = Store::default()
        .with("d.users", &json!([{"email": "a", "account": {"devices": devices}}, {"email": "b", "account": {}}]))
        .with(
            "d.events",
            &json!([
                {"id": 1, "origin": {"devices": ["q", "y"]}}, {"id": 2, "origin": {"devices": ["q"]}},
                {"id": 3, "origin": {"devices": [""]}}, {"id": 4, "origin": null}
            ]),
        );
    assert_eq!(store.counts(&map, &[seed("email", "a")]), counts(&[("users", 1), ("events", 1)]));
    assert_eq!(store.counts(&map, &[seed("email", "b")]), counts(&[("users", 1)]));
}

#[test]
fn composite_keys_come_as_one_identity() {
    let map = short("# users\n org key\n id key\n email id=email\n# posts\n id key\n user_id from=users.id");
    let store = Store::default().with("d.users", &json!([{"org": "o", "id": 7, "email": "a"}]));
    let walk = store.walk(&map, &[seed("email", "a")], false);
    let found: Vec<_> = walk.found_identities().map(|(kind, _)| kind).collect();
    assert_eq!(found, ["d.users.org+id", "email"]);
}

#[test]
fn values_take_the_declared_type_of_the_field_they_meet() {
    let map = short("# users\n id key id=user_id type=integer\n# posts\n id key\n user_id from=users.id type=string");
    let store =
        Store::default().with("d.users", &json!([{"id": 7}])).with("d.posts", &json!([{"id": 1, "user_id": "7"}]));
    assert_eq!(store.counts(&map, &[seed("user_id", "7")]), counts(&[("users", 1), ("posts", 1)]));
}

#[test]
fn skipped_collections_are_passed_by() {
    let text = dataset("# users\n id key\n email id=email\n# logs\n id key\n user_id from=users.id")
        .replace("name: logs", "name: logs\n    fides_meta: {skip_processing: true}");
    let store = Store::default()
        .with("d.users", &json!([{"id": 7, "email": "a"}]))
        .with("d.logs", &json!([{"id": 1, "user_id": 7}]));
    assert_eq!(store.counts(&map(&text), &[seed("email", "a")]), counts(&[("users", 1)]));
}

#[test]
fn row_found_twice_belongs_to_its_first_lookup() {
    let lookup = |field: &str, values: &[Datum]| Lookup {
        collection: 0,
        field: field.to_owned(),
        values: values.to_vec(),
        projection: Vec::new(),
    };
    let number = |text: &str| Datum::Number(text.to_owned());
    let lookups = [lookup("a", &[number("1.0")]), lookup("b", &[number("2"), Datum::Text("x".to_owned())])];
    let owner = RowOwner::new(&lookups);
    for (row, expected) in [
        (json!({"a": 1, "b": 2}), Some(0)),
        (json!({"a": "1", "b": 2.0}), Some(1)),
        (json!({"a": [3, 1]}), Some(0)),
        (json!({"a": null, "b": "x"}), Some(1)),
        (json!({"a": "1", "b": "2"}), None),
        (json!({}), None),
    ] {
        assert_eq!(owner.owner(&datum(&row)), expected, "{row}");
        assert_eq!(owner_input(&lookups, &datum(&row)), expected, "{row}");
    }
}

/// A graph of four collections in which every field may refer to any other, in any direction.
fn tangle() -> impl Strategy<Value = (String, Store)> {
    let reference = prop::option::of((0..4usize, 0..3usize, prop::sample::select(vec!["to", "from", "ref"])));
    let references = prop::collection::vec(reference, 12);
    let rows = prop::collection::vec(prop::collection::vec((0..6u8, 0..6u8, 0..6u8), 0..8), 4);
    (references, rows).prop_map(|(references, rows)| {
        let mut text = String::new();
        let mut store = Store::default();
        for collection in 0..4 {
            text.push_str(&format!("# c{collection}\n"));
            for field in 0..3 {
                let key = if field == 0 { " key" } else { "" };
                let identity = if field == 0 { " id=email" } else { "" };
                let reference = references[collection * 3 + field];
                let reference =
                    reference.map(|(to, at, direction)| format!(" {direction}=c{to}.f{at}")).unwrap_or_default();
                text.push_str(&format!("f{field}{key}{identity}{reference}\n"));
            }
            let rows: Vec<_> =
                rows[collection].iter().map(|(a, b, c)| json!({"f0": a.to_string(), "f1": b, "f2": [c, b]})).collect();
            store = store.with(&format!("d.c{collection}"), &json!(rows));
        }
        (text, store)
    })
}

proptest! {
    #[test]
    fn every_walk_ends_and_does_not_depend_on_the_order_of_rows((text, store) in tangle(), start in 0..6u8) {
        let map = short(&text);
        let seeds = [seed("email", &start.to_string())];
        let one = store.walk(&map, &seeds, false);
        let other = store.walk(&map, &seeds, true);
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(one.lookups(&map), other.lookups(&map));
    }

    #[test]
    fn each_value_is_looked_up_once((text, store) in tangle(), start in 0..6u8) {
        let map = short(&text);
        let mut walk = Walk::start(&map, &[seed("email", &start.to_string())]);
        let mut asked = std::collections::BTreeSet::new();
        loop {
            let wave = walk.next_wave(&map);
            if wave.is_empty() { break; }
            for lookup in &wave {
                for value in &lookup.values {
                    prop_assert!(asked.insert((lookup.collection, lookup.field.clone(), value.clone())));
                }
                for row in store.ask(&map, lookup) {
                    walk.absorb(&map, lookup, &row);
                }
            }
        }
    }

    #[test]
    fn each_row_is_collected_once((text, store) in tangle(), start in 0..6u8) {
        let map = short(&text);
        let found = store.collect(&map, &[seed("email", &start.to_string())]);
        for (id, rows) in found {
            let count = |rows: &[Datum]| rows.iter().fold(BTreeMap::<Datum, usize>::new(), |mut counts, row| {
                *counts.entry(row.clone()).or_default() += 1;
                counts
            });
            let stored = count(&store.0[&id]);
            for (row, times) in count(&rows) {
                prop_assert_eq!(stored[&row], times);
            }
        }
    }
}
