//! Data maps that are broken: each is refused with file, line and the name of the rule; none is compiled.

use habeas_tests::sample::{MAP, MEDIA_MAP};

/// Breaks the sample's map in one place and expects findings with a line inside the file.
fn check(name: &str, text: &str) {
    check_beside(name, text, &[]);
}

/// The same beside files that are good.
fn check_beside(name: &str, text: &str, good: &[(&str, &str)]) {
    let checked = datamap::read_strs(&[&[("map.yml", text)], good].concat());
    assert!(checked.map.is_none(), "{name}: compiled");
    let errors: Vec<_> = checked.findings.iter().filter(|it| it.severity == datamap::Severity::Error).collect();
    assert!(!errors.is_empty(), "{name}");
    let lines = u32::try_from(text.lines().count()).unwrap().max(1) + 1;
    for error in errors {
        assert_eq!(error.file, "map.yml", "{name}");
        assert!((1..=lines).contains(&error.line), "{name}: {error}");
        assert!(!error.code.is_empty() && !error.message.is_empty(), "{name}: {error}");
    }
}

#[test]
fn maps_that_are_no_yaml_or_no_map_are_refused() {
    let deep = format!("{}1", "a: {".repeat(3_000));
    let bomb = "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c]\n";
    let cases = [
        ("nothing", ""),
        ("a word", "canary"),
        ("a list", "- a\n- b"),
        ("open quote", "dataset: 'x"),
        ("tabs", "dataset:\n\t- a"),
        ("half-written", &MAP[..MAP.find("references: [{").unwrap() + 20]),
        ("cut in a key", &MAP[..200]),
        ("deep", &deep),
        ("many aliases", bomb),
        ("json", "{\"dataset\": 5}"),
        ("dataset is text", "dataset: canary"),
        ("null bytes", "dataset:\u{0}"),
        ("twice the same key", "dataset: []\ndataset: []"),
    ];
    for (name, text) in cases {
        check(name, text);
    }
}

#[test]
fn one_wrong_place_in_a_good_map_is_found() {
    let cases = [
        ("reference to no dataset", "dataset: app, field: users.id", "dataset: nope, field: users.id"),
        ("reference to no collection", "field: users.id", "field: nope.id"),
        ("reference to no field", "field: users.id", "field: users.nope"),
        ("unknown direction", "direction: from", "direction: sideways"),
        ("unknown key", "primary_key: true, data_type", "primary_kee: true, data_type"),
        ("unknown connector", "connector: dynamodb", "connector: oracle"),
        ("connection without its dataset", "datasets: [app, shop]", "datasets: [app]"),
        ("connection of an unknown dataset", "datasets: [app, shop]", "datasets: [app, shop, nope]"),
        ("table of an unknown collection", "      notes: { table", "      nots: { table"),
        ("no way to read", "indexes: { owner: by-owner }", "indexes: { }"),
        ("unclosed placeholder", "{file}.png", "{file.png"),
        ("placeholder without a field", "{file}.png", "{nope}.png"),
        ("flag that is text", "primary_key: true", "primary_key: canary"),
        (
            "no fields",
            "        fields:\n          - name: id\n            data_categories: [user.financial]",
            "        feelds:\n          - name: id\n            data_categories: [user.financial]",
        ),
    ];
    for (name, good, bad) in cases {
        match (MAP.contains(good), MEDIA_MAP.contains(good)) {
            (true, _) => check(name, &MAP.replacen(good, bad, 1)),
            (false, true) => check_beside(name, &MEDIA_MAP.replacen(good, bad, 1), &[("other.yml", MAP)]),
            (false, false) => panic!("{name}: the sample has no {good}"),
        }
    }
}
