//! The sample's data map walked over the sample's data in memory: whom a request reaches, and whom it must not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use datamap::{DataMap, RowOwner, Source, Walk, canonical, values_at};
use domain::datum::Datum;

use super::{DEMO_SUBJECT, Settings, generate, people};

type Rows = BTreeMap<String, Vec<Datum>>;

const SETTINGS: Settings = Settings { seed: 1815, people: 60, messages: 900, people_with_media: 12 };

fn sample_map() -> DataMap {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../sample");
    let checked = datamap::read_dir(Path::new(sample)).unwrap();
    assert_eq!(checked.findings, [], "the sample is a map without a finding");
    checked.map.unwrap()
}

/// The rows of tables and the keys of media; CSV has the same walk as NDJSON and is left out.
fn company(map: &DataMap, name: &str) -> Rows {
    let dir = std::env::temp_dir().join(format!("habeas-walked-{name}-{}", std::process::id()));
    generate(&SETTINGS, &dir).unwrap();
    let mut rows = Rows::new();
    for collection in &map.collections {
        let path = dir.join(&collection.dataset).join(&collection.name);
        let texts = match &collection.source {
            Source::DynamoDb { .. } => vec![fs::read_to_string(path.with_extension("ndjson")).unwrap()],
            Source::S3Objects { .. } => ["org_alder", "org_bright"]
                .iter()
                .filter_map(|id| fs::read_to_string(path.join(format!("org={id}/2026-10.ndjson"))).ok())
                .collect(),
            Source::S3Media { .. } => vec![media(&path, &collection.fields[0].path)],
        };
        let parsed = texts.iter().flat_map(|text| text.lines()).map(|line| Datum::parse_json(line.as_bytes()).unwrap());
        rows.insert(collection.id(), parsed.collect());
    }
    fs::remove_dir_all(dir).unwrap();
    rows
}

fn media(dir: &Path, field: &str) -> String {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| format!("{{\"{field}\":\"{name}\"}}\n")).collect()
}

/// Every row that a walk from these identities reaches, each once.
fn reached(map: &DataMap, company: &Rows, seeds: &[(&str, &str)]) -> Rows {
    let seeds: Vec<_> =
        seeds.iter().map(|(kind, value)| ((*kind).to_owned(), Datum::Text((*value).to_owned()))).collect();
    let mut walk = Walk::start(map, &seeds);
    loop {
        let wave = walk.next_wave(map);
        if wave.is_empty() {
            break;
        }
        for lookup in wave {
            let wanted: BTreeSet<&Datum> = lookup.values.iter().collect();
            for row in &company[&map.collections[lookup.collection].id()] {
                let mut found = false;
                values_at(row, &lookup.field, &mut |value| found |= wanted.contains(canonical(value).as_ref()));
                if found {
                    walk.absorb(map, &lookup, row);
                }
            }
        }
    }
    let mut by_collection: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for lookup in walk.lookups(map) {
        by_collection.entry(lookup.collection).or_default().push(lookup);
    }
    let owned = |(index, lookups): (usize, Vec<datamap::Lookup>)| {
        let (id, owner) = (map.collections[index].id(), RowOwner::new(&lookups));
        let rows = company[&id].iter().filter(|row| owner.owner(row).is_some()).cloned().collect();
        (id, rows)
    };
    by_collection.into_iter().map(owned).collect()
}

fn text_of(rows: &Rows) -> String {
    rows.values().flatten().map(|row| String::from_utf8(row.to_json()).unwrap() + "\n").collect()
}

#[test]
fn the_demo_person_is_found_in_every_collection_about_people_and_nobody_else_is() {
    let map = sample_map();
    let company = company(&map, "person");
    let found = reached(&map, &company, &[("email", DEMO_SUBJECT)]);
    let left_out = ["app.organizations", "app.feature_flags", "lake.signins"];
    for collection in &map.collections {
        let id = collection.id();
        let rows = found.get(&id).map_or(0, Vec::len);
        assert_eq!(rows > 0, !left_out.contains(&id.as_str()), "{id}: {rows}");
    }
    let text = text_of(&found);
    for person in people::everyone(&SETTINGS).iter().skip(1) {
        for foreign in [&person.email, &person.phone, &person.user_id] {
            assert!(!text.contains(foreign.as_str()), "a row of {foreign} was reached");
        }
    }
}

#[test]
fn e_mail_and_phone_reach_the_same_rows() {
    let map = sample_map();
    let company = company(&map, "identities");
    let people = people::everyone(&SETTINGS);
    let by_email = reached(&map, &company, &[("email", &people[3].email)]);
    let by_phone = reached(&map, &company, &[("phone_number", &people[3].phone)]);
    let by_both = reached(&map, &company, &[("email", &people[3].email), ("phone_number", &people[3].phone)]);
    assert_eq!(text_of(&by_email), text_of(&by_both));
    assert_eq!(text_of(&by_phone), text_of(&by_both));
}

#[test]
fn an_organisation_reaches_all_of_its_people_and_no_others() {
    let map = sample_map();
    let company = company(&map, "organisation");
    let found = reached(&map, &company, &[("organization_id", "org_bright")]);
    let text = text_of(&found);
    for person in people::everyone(&SETTINGS) {
        assert_eq!(text.contains(&person.user_id), person.organization == 1, "{}", person.user_id);
    }
    assert_eq!(found["app.organizations"].len(), 1);
}
