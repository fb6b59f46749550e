//! CSV against the reader of the `csv` crate: what goes in comes out, but for the apostrophe of risky cells.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first mistake")]

use archive::CsvColumns;
use domain::datum::Datum;
use proptest::prelude::*;

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[=+@\\-'\",;\r\n\t aé＝0-9.]{0,12}"]
}

fn records(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_cell_reads_back_and_none_begins_a_formula(
        rows in prop::collection::vec(prop::collection::vec(any_text(), 3), 1..6),
        extra in any_text(),
    ) {
        let columns = CsvColumns::new(&["a", "b", "c"].map(str::to_owned));
        let mut out = columns.header().to_vec();
        for row in &rows {
            let names = ["a", "b", "c"].map(str::to_owned);
            let mut fields: Vec<_> = names.into_iter().zip(row.iter().cloned().map(Datum::Text)).collect();
            fields.push(("x".to_owned(), Datum::Text(extra.clone())));
            columns.put_row(&Datum::Map(fields), &mut out);
        }
        let found = records(&out);
        prop_assert_eq!(&found[0], &["a", "b", "c", "_other"]);
        prop_assert_eq!(found.len(), rows.len() + 1);
        for (row, found) in rows.iter().zip(&found[1..]) {
            for (text, cell) in row.iter().zip(found) {
                prop_assert!(cell == text || cell.strip_prefix('\'') == Some(text), "{:?} {:?}", text, cell);
                let is_number = cell.parse::<f64>().is_ok();
                prop_assert!(is_number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']), "{:?}", cell);
            }
            let other = Datum::parse_json(found[3].as_bytes()).unwrap();
            prop_assert_eq!(other.get("x"), Some(&Datum::Text(extra.clone())));
        }
    }
}
