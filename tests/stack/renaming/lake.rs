//! A person in a table, and in objects of every format beside others; what all of it must be under either address.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};

use connectors::{LocalTable, ParquetTables};
use domain::datum::Datum;
use workflow::ports::TableWriter as _;

use super::WRONG;
use crate::aws;
use crate::harness::{Stack, scratch};
use crate::people_map::people_and;

/// Rows that are corrected, source by source.
pub(super) const CORRECTED: [(&str, u64); 4] =
    [("renamed.letters", 2), ("renamed.orders", 2), ("renamed.people", 1), ("renamed.visits", 2)];
/// Rows that the person has.
pub(super) const OWN: [(&str, usize); 4] =
    [("renamed.letters", 3), ("renamed.orders", 2), ("renamed.people", 1), ("renamed.visits", 3)];

/// Visits are found by the person and bear a copy, orders are found by the address, letters by both.
const MORE: &str = r"
          - { name: email, data_categories: [user.contact.email], fides_meta: { data_type: string } }
      - name: letters
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true, data_type: string } }
          - name: person
            data_categories: [user.unique_id]
            fides_meta: { references: [{ dataset: renamed, field: people.id, direction: from }], data_type: string }
          - { name: email, data_categories: [user.contact.email], fides_meta: { identity: email, data_type: string } }
          - { name: text, data_categories: [user.content], fides_meta: { data_type: string } }
      - name: orders
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true, data_type: string } }
          - { name: email, data_categories: [user.contact.email], fides_meta: { identity: email, data_type: string } }
          - { name: total, data_categories: [user.financial], fides_meta: { data_type: integer } }
connection:
  - fides_key: renamed_tables
    datasets: [renamed]
    connector: dynamodb
    collections:
      people: { table: PEOPLE, indexes: { email: by-email } }
  - fides_key: renamed_lake
    datasets: [renamed]
    connector: s3
    collections:
      visits: { bucket: BUCKET, prefix: visits/, format: ndjson }
      letters: { bucket: BUCKET, prefix: letters/, format: csv }
      orders: { bucket: BUCKET, prefix: orders/, format: parquet }
";

/// The folders of the bucket.
const FOLDERS: [&str; 3] = ["visits", "letters", "orders"];

/// The tables and objects of a tenant of its own.
pub(super) struct Lake {
    pub(super) tenant: String,
    people: String,
    bucket: String,
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
    /// When the objects without the person were written.
    untouched: BTreeSet<String>,
}

impl Lake {
    /// Loads all of it under the wrong address: an object of each kind with the person, and one without.
    pub(super) async fn prepare(stack: &Stack, tenant: &str) -> Self {
        let (people, bucket) = (format!("{tenant}-people"), format!("{tenant}-lake"));
        let map = people_and("renamed", "visits", "page") + MORE.trim_start_matches('\n');
        let map = map.replace("PEOPLE", &people).replace("BUCKET", &bucket);
        let dir = scratch("renaming");
        std::fs::write(dir.join("datamap.yml"), &map).unwrap();
        let row = |(id, email): (&str, &str)| format!("{{\"id\":\"{id}\",\"email\":\"{email}\"}}\n");
        let rows: String = self::people(WRONG).iter().map(|it| row((it.0.as_str(), it.1.as_str()))).collect();
        std::fs::write(dir.join("people.ndjson"), rows).unwrap();
        std::fs::create_dir_all(dir.join("letters")).unwrap();
        std::fs::write(dir.join("letters/own.csv"), letters(Some([WRONG, WRONG]))).unwrap();
        std::fs::write(dir.join("letters/others.csv"), letters(None)).unwrap();
        stack.load_and_publish(&dir, tenant);
        let config = aws::config(stack).await;
        let (dynamodb, s3) = (aws_sdk_dynamodb::Client::new(&config), aws::s3(&config));
        let mut lake = Self { tenant: tenant.to_owned(), people, bucket, dynamodb, s3, untouched: BTreeSet::new() };
        lake.put("visits/own.ndjson.gz", gzipped(&visits(Some([WRONG, "Canary-Ada@Exmaple.com"])))).await;
        lake.put("visits/others.ndjson.gz", gzipped(&visits(None))).await;
        lake.put("orders/own.parquet", table(&map, &orders(Some(WRONG)))).await;
        lake.put("orders/others.parquet", table(&map, &orders(None))).await;
        lake.untouched = lake.without_the_person().await;
        lake
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) {
        self.s3.put_object().bucket(&self.bucket).key(key).body(bytes.into()).send().await.unwrap();
    }

    async fn get(&self, key: &str) -> Vec<u8> {
        aws::object(&self.s3, &self.bucket, key).await
    }

    /// What tells whether the objects without the person were written again.
    async fn without_the_person(&self) -> BTreeSet<String> {
        let mut written = BTreeSet::new();
        for folder in FOLDERS {
            let listed = self.s3.list_objects_v2().bucket(&self.bucket).prefix(format!("{folder}/others")).send().await;
            let objects = listed.unwrap().contents.unwrap_or_default();
            assert_eq!(objects.len(), 1, "{folder}");
            written.extend(objects.iter().map(|it| format!("{:?} {:?} {:?}", it.key, it.e_tag, it.last_modified)));
        }
        written
    }

    /// Every row of the person has this address, and everything else is as it was loaded.
    pub(super) async fn assert_holds(&self, email: &str, what: &str) {
        let found = self.dynamodb.scan().table_name(&self.people).consistent_read(true).send().await.unwrap();
        let text = |item: &aws::Item, name: &str| aws::text(item, name).unwrap().to_owned();
        let found = found.items.unwrap_or_default();
        let found: BTreeMap<String, String> = found.iter().map(|it| (text(it, "id"), text(it, "email"))).collect();
        assert_eq!(found, people(email), "{what}");
        let second = if email == WRONG { "Canary-Ada@Exmaple.com" } else { email };
        let mut lines = String::new();
        let packed = self.get("visits/own.ndjson.gz").await;
        flate2::read::MultiGzDecoder::new(&packed[..]).read_to_string(&mut lines).unwrap();
        assert_eq!(lines, visits(Some([email, second])), "{what}");
        let sheet = String::from_utf8(self.get("letters/own.csv").await).unwrap();
        assert_eq!(sheet, letters(Some([email, email])), "{what}");
        assert_eq!(rows_of(&self.get("orders/own.parquet").await), orders(Some(email)), "{what}");
        assert_eq!(self.without_the_person().await, self.untouched, "{what}: objects without the person");
    }
}

fn people(email: &str) -> BTreeMap<String, String> {
    let others = ["canary-other1@example.com".to_owned(), format!("{WRONG}.test")];
    let all = std::iter::once(email.to_owned()).chain(others).enumerate();
    all.map(|(at, email)| (format!("p-{at}"), email)).collect()
}

/// Lines written in several ways; somebody else's name the wrong address too.
fn visits(own: Option<[&str; 2]>) -> String {
    let others = [
        format!("{{ \"id\": \"v-1\", \"person\" :\"p-1\",\"page\":\"canary \\u00e9\", \"email\": \"{WRONG}\" }}\n"),
        format!("{{\"id\":\"v-2\",\"person\":\"p-2\",\"page\":\"{WRONG}\",\"email\":\"{WRONG}.test\"}}\n"),
    ];
    let Some([first, second]) = own else { return others.concat() };
    let own = |id: u32, email: &str| {
        format!("{{\"id\":\"v-{id}\",\"person\":\"p-0\",\"page\":\"canary of {WRONG}\",\"email\":{email}}}\n")
    };
    let quoted = |email: &str| format!("\"{email}\"");
    let [before, after] = others;
    [own(3, &quoted(first)), before, own(4, "null"), after, own(5, &quoted(second))].concat()
}

/// Records written in several ways: of the person by address and key, by address alone, by key alone, and of others.
fn letters(own: Option<[&str; 2]>) -> String {
    let header = "id,person,email,text\r\n".to_owned();
    let others = "\"l-1\",p-1,\"canary-other1@example.com\",\"quoted needlessly\"\r\n".to_owned();
    let last = format!("l-2,p-2,{WRONG}.test,{WRONG}");
    let Some([both, alone]) = own else { return [header, others, last].concat() };
    let both = format!("l-3,p-0,{both},\"canary, {WRONG}\"\r\n");
    let alone = format!("l-4,,{alone},canary\r\n");
    [header, both, others, alone, "l-5,p-0,,canary\r\n".to_owned(), last].concat()
}

fn orders(own: Option<&str>) -> Vec<Datum> {
    let row = |id: &str, email: &str, total: u32| {
        let text = |text: &str| Datum::Text(text.to_owned());
        let fields = [("id", text(id)), ("email", text(email)), ("total", Datum::Number(total.to_string()))];
        Datum::Map(fields.map(|(name, value)| (name.to_owned(), value)).into())
    };
    let mut rows = vec![row("o-1", "canary-other1@example.com", 7), row("o-2", &format!("{WRONG}.test"), 8)];
    if let Some(email) = own {
        rows.insert(0, row("o-3", email, 9));
        rows.push(row("o-4", email, 10));
    }
    rows
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

fn table(map: &str, rows: &[Datum]) -> Vec<u8> {
    let map = datamap::read_strs(&[("datamap.yml", map)]).map.unwrap();
    let orders = &map.collections[map.collection("renamed.orders").unwrap()];
    ParquetTables.parquet(orders, &rows.iter().collect::<Vec<_>>()).unwrap()
}

/// The rows of a Parquet object, in their order.
fn rows_of(bytes: &[u8]) -> Vec<Datum> {
    let path = scratch("renaming-rows").join("orders.parquet");
    std::fs::write(&path, bytes).unwrap();
    let mut table = LocalTable::open(std::fs::File::open(path).unwrap()).unwrap();
    let mut rows = Vec::new();
    while let Some(some) = table.next_rows().unwrap() {
        rows.extend(some);
    }
    rows
}
