//! Random tables, random policies and random bytes: a release keeps its promise or there is a clear error, never a panic.

#![expect(clippy::unwrap_used, reason = "test support may stop the test")]

use std::collections::{BTreeMap, BTreeSet};

use pii::anonymity::{
    AnonymityError, Column, Cutting, Diversity, Hierarchy, Kind, Policy, Release, Wanted, anonymize, measure,
    read_columns,
};
use proptest::prelude::*;

type Rows = Vec<(Option<i16>, u8, u8, u8)>;

const TREE: &str = "c0;low;all\nc1;low;all\nc2;low;all\nc3;high;all\nc4;high;all\nc5;high;all";

fn columns(rows: &Rows) -> (Vec<Column>, Vec<Column>) {
    let of = |name: &str, kind: &Kind, texts: Vec<Option<String>>| {
        Column::of(name, kind, texts.iter().map(Option::as_deref)).unwrap()
    };
    let tree = Kind::Tree(Hierarchy::parse(TREE).unwrap());
    let quasi = vec![
        of("age", &Kind::Numeric, rows.iter().map(|row| row.0.map(|age| age.to_string())).collect()),
        of("job", &Kind::Categorical, rows.iter().map(|row| Some(format!("j{}", row.1 % 5))).collect()),
        of("city", &tree, rows.iter().map(|row| Some(format!("c{}", row.2 % 6))).collect()),
    ];
    let ill = of("ill", &Kind::Categorical, rows.iter().map(|row| Some(format!("s{}", row.3 % 4))).collect());
    (quasi, vec![ill])
}

/// The groups of equal published texts, with their sensitive values: counted here without any code of the package.
fn groups(release: &Release, sensitive: &Column, rows: usize) -> BTreeMap<Vec<String>, Vec<String>> {
    let mut groups: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for row in (0..rows).filter(|row| release.is_published(*row)) {
        let texts = (0..3).map(|column| release.text(column, row).unwrap().to_owned()).collect();
        groups.entry(texts).or_default().push(sensitive.text(row).unwrap().to_owned());
    }
    groups
}

fn policies() -> impl Strategy<Value = Policy> {
    let l = prop_oneof![
        Just(None),
        (1_usize..4).prop_map(|l| Some(Diversity::Distinct(l))),
        (1.0..2.5_f64).prop_map(|l| Some(Diversity::Entropy(l)))
    ];
    let cutting = prop_oneof![Just(Cutting::Strict), Just(Cutting::Relaxed)];
    (1_usize..12, l, proptest::option::of(0.05..1.0_f64), cutting, prop_oneof![Just(0.0), 0.0..0.3_f64])
        .prop_map(|(k, l, t, cutting, suppression_limit)| Policy { k, l, t, cutting, suppression_limit })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_release_keeps_its_promise(
        rows in proptest::collection::vec((proptest::option::of(-50_i16..50), any::<u8>(), any::<u8>(), any::<u8>()), 1..150),
        policy in policies(),
    ) {
        let (quasi, sensitive) = columns(&rows);
        let release = match anonymize(&quasi, &sensitive, &policy) {
            Ok(release) => release,
            Err(AnonymityError::TooFewRows { .. } | AnonymityError::Unreachable { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(format!("{error}"))),
        };
        let report = release.report();
        let groups = groups(&release, &sensitive[0], rows.len());
        prop_assert!(groups.values().all(|values| values.len() >= policy.k));
        if let Some(Diversity::Distinct(l)) = policy.l {
            prop_assert!(groups.values().all(|values| values.iter().collect::<BTreeSet<_>>().len() >= l));
        }
        prop_assert_eq!(groups.len(), report.privacy.classes);
        prop_assert_eq!(groups.values().map(Vec::len).sum::<usize>() + report.removed, rows.len());
        prop_assert!((0.0..=1.0).contains(&report.information_loss));
        prop_assert!(report.suppressed as f64 <= policy.suppression_limit * rows.len() as f64);
        for (row, (age, ..)) in rows.iter().enumerate().filter(|(row, _)| release.is_published(*row)) {
            let text = release.text(0, row).unwrap();
            if let (Some(age), Some((low, high))) = (age, text.split_once("..")) {
                let at_least = low.is_empty() || low.parse::<i16>().unwrap() <= *age;
                prop_assert!(at_least && *age <= high.parse::<i16>().unwrap());
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(prop_oneof![
        4 => prop_oneof![Just(b'a'), Just(b','), Just(b'\n'), Just(b'"'), Just(b'\r'), Just(b'1')], 1 => any::<u8>()
    ], 0..200)) {
        for kind in [Kind::Numeric, Kind::Categorical] {
            let wanted = [Wanted { name: "a".to_owned(), kind: kind.clone() }];
            for csv in [bytes.clone(), [b"a,b\n".as_slice(), bytes.as_slice()].concat()] {
                if let Ok(columns) = read_columns(&csv, &wanted) {
                    let release = anonymize(&columns, &[], &Policy::k(2));
                    prop_assert!(release.is_ok() || columns[0].rows() < 2);
                }
            }
        }
    }

    #[test]
    fn what_the_csv_package_writes_is_read_back(texts in proptest::collection::vec(".{1,8}", 1..20)) {
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
        writer.write_record(["x", "a"]).unwrap();
        for text in &texts {
            writer.write_record([text, "-"]).unwrap();
        }
        let csv = writer.into_inner().unwrap();
        let columns = read_columns(&csv, &[Wanted { name: "x".to_owned(), kind: Kind::Categorical }]).unwrap();
        let read: Vec<&str> = (0..columns[0].rows()).map(|row| columns[0].text(row).unwrap()).collect();
        prop_assert_eq!(read, texts);
    }

    #[test]
    fn a_released_file_measures_as_its_report_says(
        rows in proptest::collection::vec((proptest::option::of(0_i16..90), any::<u8>(), any::<u8>(), any::<u8>()), 20..80),
    ) {
        let (quasi, sensitive) = columns(&rows);
        let release = anonymize(&quasi, &sensitive, &Policy::k(4)).unwrap();
        let mut csv = Vec::new();
        release.write_csv(&quasi, &sensitive, &mut csv);
        let wanted = ["age", "job", "city", "ill"].map(|name| Wanted { name: name.to_owned(), kind: Kind::Categorical });
        let mut read = read_columns(&csv, &wanted).unwrap();
        let ill = read.split_off(3);
        let found = measure(&read, &ill).unwrap();
        let told = &release.report().privacy;
        prop_assert_eq!((found.rows, found.classes, found.k, found.l), (told.rows, told.classes, told.k, told.l));
        prop_assert!((found.t.unwrap() - told.t.unwrap()).abs() < 1e-9);
    }
}

#[test]
fn policies_out_of_range_are_refused() {
    let rows: Rows = (0..20).map(|row| (Some(row), 0, 0, 0)).collect();
    let (quasi, sensitive) = columns(&rows);
    let check = |policy: Policy, expected: AnonymityError| {
        assert_eq!(anonymize(&quasi, &sensitive, &policy).unwrap_err(), expected);
    };
    check(Policy::k(0), AnonymityError::KIsZero);
    check(Policy::k(21), AnonymityError::TooFewRows { k: 21, rows: 20 });
    for t in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
        check(Policy { t: Some(t), ..Policy::k(2) }, AnonymityError::TOutOfRange);
    }
    for l in [f64::NAN, 0.5, f64::INFINITY] {
        check(Policy { l: Some(Diversity::Entropy(l)), ..Policy::k(2) }, AnonymityError::LOutOfRange);
    }
    check(Policy { l: Some(Diversity::Distinct(0)), ..Policy::k(2) }, AnonymityError::LOutOfRange);
    check(Policy { suppression_limit: f64::NAN, ..Policy::k(2) }, AnonymityError::SuppressionOutOfRange);
    let too_diverse = Policy { l: Some(Diversity::Distinct(2)), ..Policy::k(2) };
    assert!(matches!(anonymize(&quasi, &sensitive, &too_diverse), Err(AnonymityError::Unreachable { .. })));
    assert_eq!(anonymize(&quasi, &[], &too_diverse).unwrap_err(), AnonymityError::NoSensitiveColumn);
    assert_eq!(anonymize(&[], &[], &Policy::k(1)).unwrap_err(), AnonymityError::NoQuasiIdentifier);
}

#[test]
fn suppression_takes_out_the_rare_and_narrows_the_rest() {
    let rows: Rows = (0..60).map(|row| (Some(if row == 0 { 5000 } else { row % 3 }), 0, 0, 0)).collect();
    let (quasi, sensitive) = columns(&rows);
    let all = anonymize(&quasi, &sensitive, &Policy::k(5)).unwrap();
    let fewer = anonymize(&quasi, &sensitive, &Policy { suppression_limit: 0.05, ..Policy::k(5) }).unwrap();
    assert_eq!((fewer.report().suppressed, fewer.report().removed, fewer.is_published(0)), (1, 1, false));
    assert!(fewer.report().information_loss < all.report().information_loss);
    assert!((0..60).all(|row| all.is_published(row)));
}
