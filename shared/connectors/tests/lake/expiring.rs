//! What has lived long enough in objects: rows taken out of them, and whole objects by their keys or their age.

use std::sync::Arc;

use connectors::{Connectors, LocalTable, ParquetTables};
use datamap::{DataMap, Masker, Treatment};
use domain::datum::Datum;
use workflow::ports::{
    CONTENT_BYTES, Content, Erased, ExpiredRow, ExpiryOrder, RetentionSource as _, TableWriter as _,
};

use super::bucket::Bucket;
use super::{Plain, run};

const MAP: &str = "
dataset:
  - fides_key: lake
    collections:
      - name: events
        fields:
          - {name: user_id, fides_meta: {primary_key: true, identity: user_id}}
          - {name: at, fides_meta: {data_type: string}}
          - {name: note}
      - name: sheets
        fields:
          - {name: user_id, fides_meta: {primary_key: true, identity: user_id}}
          - {name: at, fides_meta: {data_type: string}}
          - {name: note, data_categories: [user.content]}
      - name: logs
        fides_meta: {skip_processing: true}
        fields: [{name: day}, {name: line, fides_meta: {primary_key: true}}]
      - name: pictures
        fields: [{name: user_id, fides_meta: {primary_key: true, identity: user_id}}]
connection:
  - fides_key: objects
    datasets: [lake]
    connector: s3
    region: us-east-1
    max_requests_per_second: 1000000
    collections:
      events: {bucket: b, prefix: events/, format: ndjson, retention: {class: logs_days, time_field: at}}
      sheets: {bucket: b, prefix: sheets/, format: csv, retention: {class: logs_days, time_field: at, act: anonymize}}
      logs:
        bucket: b
        prefix: logs/dt={day}/
        format: ndjson
        retention: {class: logs_days, whole_objects: true, time_field: day}
      pictures:
        bucket: b
        format: media
        key_template: pictures/{user_id}/
        retention: {class: temp_files_days, archive: true}
";

struct Place {
    bucket: Bucket,
    connectors: Connectors,
    map: Arc<DataMap>,
}

impl Place {
    async fn new(name: &str, is_versioned: bool) -> Self {
        let bucket = Bucket::new(&std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), is_versioned);
        let connectors = Connectors::new(&bucket.config().await);
        let checked = datamap::read_strs(&[("map.yml", MAP)]);
        let map = checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings));
        Self { bucket, connectors, map: Arc::new(map) }
    }

    fn order(&self, collection: &str) -> ExpiryOrder {
        let collection = self.map.collection(&format!("lake.{collection}")).unwrap();
        let before = "2026-01-01T00:00:00Z".parse().unwrap();
        ExpiryOrder { tenant: "acme".parse().unwrap(), map: Arc::clone(&self.map), collection, before }
    }

    async fn expired(&self, order: &ExpiryOrder) -> (Vec<ExpiredRow>, u64) {
        let (mut rows, mut scanned, mut after) = (Vec::new(), 0, None);
        loop {
            let page = self.connectors.expired(order, after.as_ref()).await.unwrap();
            rows.extend(page.rows);
            scanned += page.scanned;
            after = page.next;
            if after.is_none() {
                return (rows, scanned);
            }
        }
    }

    async fn remove(&self, order: &ExpiryOrder, treatment: &Treatment, mut rows: &[ExpiredRow]) -> Vec<Erased> {
        let masker: Arc<dyn Masker> = Arc::new(Plain);
        let mut answers = Vec::new();
        while !rows.is_empty() {
            let (some, rest) = rows.split_at(self.connectors.batch(rows));
            answers.extend(self.connectors.remove(order, treatment, &masker, some).await.unwrap());
            rows = rest;
        }
        answers
    }

    fn text(&self, key: &str) -> String {
        String::from_utf8(self.bucket.get(key).unwrap().bytes()).unwrap()
    }
}

fn line(user: usize, year: u32, note: &str) -> String {
    format!("{{\"user_id\":\"u{user}\",\"at\":\"{year}-06-01T00:00:00Z\",\"note\":\"{note}\"}}\n")
}

#[test]
fn expired_rows_leave_their_objects_and_others_stay_byte_by_byte() {
    for (is_versioned, name) in [(false, "expire-rows"), (true, "expire-rows-versions")] {
        run(async {
            let place = Place::new(name, is_versioned).await;
            let (old, new) = (line(1, 2024, "old"), line(2, 2026, "new"));
            place.bucket.put("events/a.ndjson", format!("{old}{new}{old}").as_bytes());
            place.bucket.put("events/b.ndjson", new.as_bytes());
            place.bucket.put("events/c.ndjson", format!("{old}{}", line(3, 2023, "older")).as_bytes());
            let order = place.order("events");
            let (rows, scanned) = place.expired(&order).await;
            assert_eq!((rows.len(), scanned), (4, 6));
            assert_eq!(place.remove(&order, &Treatment::Delete, &rows).await, [Erased::Done; 4]);
            assert_eq!(place.text("events/a.ndjson"), new);
            assert_eq!(place.text("events/b.ndjson"), new);
            assert!(place.bucket.get("events/c.ndjson").is_none(), "nothing was left of it");
            let again = place.remove(&order, &Treatment::Delete, &rows).await;
            assert_eq!(again, [Erased::Gone; 4], "taking away again is harmless");
            assert_eq!(place.expired(&order).await.0.len(), 0);
            assert_eq!(place.bucket.all().iter().filter(|(key, _)| key.contains("/a.")).count(), 1, "no older version");
        });
    }
}

#[test]
fn rows_that_changed_after_the_look_stay() {
    run(async {
        let place = Place::new("expire-changed", true).await;
        place.bucket.put("events/a.ndjson", format!("{}{}", line(1, 2024, "old"), line(2, 2024, "old")).as_bytes());
        place.bucket.put("events/b.ndjson", line(3, 2024, "old").as_bytes());
        let order = place.order("events");
        let (rows, _) = place.expired(&order).await;
        let changed = format!("{}{}", line(1, 2024, "said anew"), line(2, 2024, "old"));
        place.bucket.put("events/a.ndjson", changed.as_bytes());
        let answers = place.remove(&order, &Treatment::Delete, &rows).await;
        assert_eq!(answers, [Erased::Drifted, Erased::Drifted, Erased::Done]);
        assert_eq!(place.text("events/a.ndjson"), changed);
    });
}

/// Seventeen rows of a megabyte, the first and the last the same, behind a small object: a page can't hold them all.
#[test]
fn equal_rows_on_both_sides_of_a_page_leave_one_by_one() {
    run(async {
        let place = Place::new("expire-equal", false).await;
        place.bucket.put("events/a.ndjson", line(9, 2024, "old").as_bytes());
        let note = "n".repeat(1 << 20);
        let of = |user: usize| line(user, 2024, &note);
        let lines: String = (1..17).chain([1]).map(of).chain([line(1, 2026, "new")]).collect();
        place.bucket.put("events/b.ndjson", lines.as_bytes());
        let order = place.order("events");
        let (all, scanned) = place.expired(&order).await;
        assert_eq!((all.len(), scanned), (18, 19), "each row is found once");
        let page = async |after| place.connectors.expired(&order, after).await.unwrap();
        let first = page(None).await;
        assert_eq!(
            (first.rows.len(), first.rows[0].part_of.is_some()),
            (1, false),
            "no page cuts an object without need"
        );
        let second = page(first.next.as_ref()).await;
        assert!(second.rows.len() == 16 && second.rows.iter().all(|row| row.part_of.is_some()), "a part of a long one");
        let third = page(second.next.as_ref()).await;
        assert!(
            third.rows.len() == 1 && third.rows[0].part_of == second.rows[0].part_of,
            "the rest of the same version"
        );
        assert_eq!(place.remove(&order, &Treatment::Delete, &second.rows).await, [Erased::Done; 16]);
        let rest = page(second.next.as_ref()).await;
        assert_eq!((rest.rows.len(), rest.scanned), (1, 2), "one of the equal ones is left, and begun anew");
        assert_ne!(rest.rows[0].part_of, second.rows[0].part_of, "it is not taken for the one that went");
        assert_eq!(place.remove(&order, &Treatment::Delete, &rest.rows).await, [Erased::Done]);
        assert_eq!(place.text("events/b.ndjson"), line(1, 2026, "new"));
    });
}

#[test]
fn rows_in_csv_lose_their_people_and_stay() {
    run(async {
        let place = Place::new("expire-csv", false).await;
        let text =
            "user_id,at,note\nu1,2024-06-01T00:00:00Z,said\nu2,2026-06-01T00:00:00Z,\nu3,2024-06-01T00:00:00Z,\n";
        place.bucket.put("sheets/a.csv", text.as_bytes());
        let order = place.order("sheets");
        let (rows, scanned) = place.expired(&order).await;
        assert_eq!((rows.len(), scanned), (2, 3));
        let note = datamap::FieldRewrite {
            path: "note".to_owned(),
            masking: datamap::Masking { strategy: datamap::Strategy::NullRewrite, configuration: Default::default() },
        };
        let treatment = Treatment::Rewrite { fields: vec![note], kept: None };
        assert_eq!(place.remove(&order, &treatment, &rows[..1]).await, [Erased::Done]);
        assert_eq!(place.text("sheets/a.csv"), text.replace("said", ""));
    });
}

#[test]
fn whole_objects_go_by_the_day_in_their_key() {
    run(async {
        let place = Place::new("expire-days", true).await;
        for day in ["2025-12-30", "2025-12-31", "2026-01-01"] {
            place.bucket.put(&format!("logs/dt={day}/a.ndjson"), b"{}");
        }
        place.bucket.put("logs/readme.txt", b"");
        let order = place.order("logs");
        let (rows, scanned) = place.expired(&order).await;
        assert_eq!((rows.len(), scanned), (1, 3), "a day counts to its end");
        assert_eq!(place.remove(&order, &Treatment::Delete, &rows).await, [Erased::Done]);
        assert!(place.bucket.get("logs/dt=2025-12-30/a.ndjson").is_none());
        assert!(place.bucket.get("logs/dt=2025-12-31/a.ndjson").is_some());
    });
}

#[test]
fn media_go_by_their_age_only_as_they_were_listed_and_can_be_archived() {
    for (is_versioned, name) in [(false, "expire-media"), (true, "expire-media-versions")] {
        run(async {
            let place = Place::new(name, is_versioned).await;
            for (key, year) in [("u1/a", 2024), ("u1/b", 2024), ("u2/c", 2024), ("u2/d", 2026)] {
                let at = format!("{year}-06-01T00:00:00.000Z");
                place.bucket.put_at(&format!("pictures/{key}.png"), key.as_bytes(), &at);
            }
            let order = place.order("pictures");
            let (rows, _) = place.expired(&order).await;
            let of = |row: &ExpiredRow| row.row.get("user_id").and_then(Datum::as_text).unwrap().to_owned();
            assert_eq!(rows.iter().map(of).collect::<Vec<_>>(), ["u1", "u1", "u2"]);
            let content = async |row, from| place.connectors.content(&order, row, from).await.unwrap();
            assert_eq!(content(&rows[0], 0).await, Some(Content { bytes: b"u1/a".to_vec(), of: 4 }));
            assert_eq!(content(&rows[0], 3).await, Some(Content { bytes: b"a".to_vec(), of: 4 }));
            place.bucket.put("pictures/u1/b.png", b"another");
            assert_eq!(content(&rows[1], 0).await, None, "another by now");
            let answers = place.remove(&order, &Treatment::Delete, &rows).await;
            assert_eq!(answers, [Erased::Done, Erased::Drifted, Erased::Done]);
            assert!(place.bucket.get("pictures/u1/b.png").is_some() && place.bucket.get("pictures/u2/d.png").is_some());
            let again = place.remove(&order, &Treatment::Delete, &rows[..1]).await;
            assert_eq!(again, [Erased::Gone]);
            assert!(!place.connectors.is_labelled(&order).await.unwrap(), "nobody has labelled them");
        });
    }
}

#[test]
fn a_long_object_is_read_piece_by_piece_and_only_as_it_was_listed() {
    run(async {
        let place = Place::new("expire-long", false).await;
        let long: Vec<u8> = (0..=250).cycle().take(CONTENT_BYTES + 7).collect();
        place.bucket.put_at("pictures/u1/a.mp4", &long, "2024-06-01T00:00:00.000Z");
        place.bucket.put_at("pictures/u1/b.mp4", b"", "2024-06-01T00:00:00.000Z");
        let order = place.order("pictures");
        let first = place.connectors.expired(&order, None).await.unwrap();
        assert_eq!((first.rows.len(), first.bytes), (1, long.len() as u64), "a page ends behind a long one");
        let (rows, _) = place.expired(&order).await;
        let content = async |row, from| place.connectors.content(&order, row, from).await.unwrap().map(|it| it.bytes);
        assert!(content(&rows[0], 0).await.unwrap() == long[..CONTENT_BYTES]);
        assert_eq!(content(&rows[0], CONTENT_BYTES as u64).await.as_deref(), Some(&long[CONTENT_BYTES..]));
        assert_eq!(content(&rows[1], 0).await.as_deref(), Some(&b""[..]));
        assert!(place.connectors.content(&order, &rows[0], long.len() as u64).await.is_err(), "behind its end");
        place.bucket.put("pictures/u1/a.mp4", &long);
        assert_eq!(content(&rows[0], CONTENT_BYTES as u64).await, None, "another by now");
    });
}

#[test]
fn a_table_of_rows_can_be_read_back_as_they_were() {
    let map = datamap::read_strs(&[("map.yml", MAP)]).map.unwrap();
    let collection = &map.collections[map.collection("lake.logs").unwrap()];
    let json = [
        r#"{"day":"2026-01-01","line":7,"is":true,"amount":1.10,"rest":{"a":[1,null]}}"#,
        r#"{"day":"2026-01-02","line":8,"is":false,"amount":12345678901234567890123}"#,
    ];
    let rows: Vec<Datum> = json.iter().map(|json| Datum::parse_json(json.as_bytes()).unwrap()).collect();
    let bytes = ParquetTables.parquet(collection, &rows.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(bytes, ParquetTables.parquet(collection, &rows.iter().collect::<Vec<_>>()).unwrap(), "the same bytes");
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("table.parquet");
    std::fs::write(&path, bytes).unwrap();
    let read = LocalTable::open(std::fs::File::open(path).unwrap()).unwrap().next_rows().unwrap().unwrap();
    let text = |row: &Datum, name: &str| row.get(name).and_then(Datum::as_text).map(str::to_owned);
    assert_eq!(read[0].get("line"), Some(&Datum::Number("7".to_owned())));
    assert_eq!((text(&read[1], "day"), read[1].get("is")), (text(&rows[1], "day"), Some(&Datum::Bool(false))));
    let of = |row: &Datum, name: &str| match row.get(name) {
        Some(Datum::Text(json)) => json.clone(),
        Some(other) => String::from_utf8(other.to_json()).unwrap(),
        None => String::new(),
    };
    assert_eq!((of(&read[0], "amount").as_str(), of(&read[1], "amount").as_str()), ("1.10", "12345678901234567890123"));
    assert_eq!(of(&read[0], "rest"), r#"{"a":[1,null]}"#);
}
