//! The contract of an eraser whose rows are in objects: orders that share an object rewrite it once, each for itself.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use datamap::{DataMap, Treatment};
use domain::datum::Datum;
use domain::ids::TenantId;
use workflow::ports::{Erased, Eraser, ErasureOrder, Share};

use super::{PlainMasker, field, plan_all};
use crate::contracts::connector::lookup;

/// The map of the suite.
pub const MAP: &str = "
dataset:
  - fides_key: lake
    collections:
      - name: visits
        fields:
          - {name: person, data_categories: [user.unique_id], fides_meta: {primary_key: true, identity: user_id}}
          - {name: note, data_categories: [user.content]}
connection:
  - fides_key: objects
    datasets: [lake]
    connector: s3
    region: eu-central-1
    collections:
      visits: {bucket: lake, prefix: visits/, format: ndjson}
";

static COMPILED: LazyLock<Arc<DataMap>> = LazyLock::new(|| {
    let checked = datamap::read_strs(&[("lake.yml", MAP)]);
    Arc::new(checked.map.unwrap_or_else(|| panic!("{:?}", checked.findings)))
});

/// The objects of `lake.visits`, behind the adapter's back.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Puts rows into an object, beside those that are there.
    async fn add(&self, key: &str, rows: Vec<Datum>);
    /// The rows of an object.
    async fn rows(&self, key: &str) -> Vec<Datum>;
    /// How often the eraser has written an object.
    async fn rewrites(&self, key: &str) -> usize;
}

const KEYS: [&str; 3] = ["visits/a.ndjson", "visits/b.ndjson", "visits/c.ndjson"];
const PEOPLE: [&str; 4] = ["p1", "p2", "p3", "p4"];

/// A row of a person.
#[must_use]
pub fn visit(person: &str, note: &str) -> Datum {
    let text = |text: &str| Datum::Text(text.to_owned());
    Datum::Map(vec![("person".to_owned(), text(person)), ("note".to_owned(), text(note))])
}

fn order(tenant: &TenantId, person: &str, treatment: Treatment) -> ErasureOrder {
    let lookup = lookup(&COMPILED, tenant, "lake.visits", "person", &[person]);
    ErasureOrder { lookup, treatment, masker: Arc::new(PlainMasker), owner: None }
}

async fn share(eraser: &dyn Eraser, order: ErasureOrder) -> Share {
    let targets = plan_all(eraser, &order).await;
    Share { order, targets }
}

async fn people_in(objects: &dyn Objects, key: &str) -> Vec<String> {
    let rows = objects.rows(key).await;
    let mut people: Vec<String> =
        rows.iter().map(|row| row.get("person").and_then(Datum::as_text).unwrap().to_owned()).collect();
    people.sort();
    people
}

async fn erased(eraser: &dyn Eraser, shares: &[Share]) -> Vec<Vec<Erased>> {
    eraser.erase_together(shares).await.into_iter().map(Result::unwrap).collect()
}

/// Runs the whole contract over an empty collection.
pub async fn run(eraser: &dyn Eraser, objects: &dyn Objects, tenant: &TenantId) {
    for key in KEYS {
        objects.add(key, PEOPLE.iter().flat_map(|person| [visit(person, "1"), visit(person, "2")]).collect()).await;
    }
    let mut shares = Vec::new();
    for person in &PEOPLE[..3] {
        shares.push(share(eraser, order(tenant, person, Treatment::Delete)).await);
    }
    for share in &shares {
        let seen: Vec<_> = share.targets.iter().map(|it| (it.locator.as_str(), it.rows, it.other_rows)).collect();
        assert_eq!(seen, KEYS.map(|key| (key, 2, 6)));
    }
    objects.add(KEYS[1], vec![visit("p2", "late")]).await;
    let (done, drifted) = (vec![Erased::Done; 3], vec![Erased::Done, Erased::Drifted, Erased::Done]);
    for _ in 0..2 {
        assert_eq!(erased(eraser, &shares).await, [done.clone(), drifted.clone(), done.clone()]);
        let mut left = Vec::new();
        for key in KEYS {
            assert_eq!(objects.rewrites(key).await, 1, "{key}");
            left.push(people_in(objects, key).await);
        }
        assert_eq!(left, [&["p4", "p4"][..], &["p2", "p2", "p2", "p4", "p4"], &["p4", "p4"]]);
    }
    two_orders_about_one_row(eraser, objects, tenant).await;
}

async fn two_orders_about_one_row(eraser: &dyn Eraser, objects: &dyn Objects, tenant: &TenantId) {
    let rewrites = || {
        let fields = vec![field("note", datamap::Strategy::StringRewrite)];
        Treatment::Rewrite { fields, kept: None }
    };
    let mut shares = Vec::new();
    for (person, treatment) in
        [("p2", Treatment::Delete), ("p4", rewrites()), ("p2", Treatment::Delete), ("p4", rewrites())]
    {
        let order = order(tenant, person, treatment);
        let mut share = share(eraser, order).await;
        share.targets.retain(|target| target.locator == KEYS[1]);
        shares.push(share);
    }
    let expected = [Erased::Done, Erased::Done, Erased::Done, Erased::Drifted].map(|it| vec![it]);
    assert_eq!(erased(eraser, &shares).await, expected);
    assert_eq!((people_in(objects, KEYS[1]).await, objects.rewrites(KEYS[1]).await), (vec!["p4".to_owned(); 2], 2));
    assert!(objects.rows(KEYS[1]).await.iter().all(|row| *row == visit("p4", "[REDACTED]")));
}
