//! The contract of what takes expired objects away: those of the tenant, read whole piece by piece, each only as it was listed.
//!
//! The suite puts the objects itself, by means of the adapter under test.

use std::sync::Arc;

use async_trait::async_trait;
use datamap::{DataMap, Treatment};
use domain::datum::Datum;
use domain::ids::TenantId;
use workflow::ports::{
    CONTENT_BYTES, Content, Cursor, Erased, ExpiredRow, ExpiryOrder, PortErrorKind, RetentionSource,
};

use super::eraser::PlainMasker;

/// A data map of one bucket that two tenants share.
pub const MAP: &str = r#"
dataset:
  - fides_key: shop
    name: Shop
    description: A bucket that two tenants share
    collections:
      - name: pictures
        fields:
          - name: person
            data_categories: [user.unique_id]
            fides_meta: { primary_key: true, identity: user_id, data_type: string }
          - { name: day, data_categories: [system.operations], fides_meta: { data_type: string } }
          - { name: tenant, data_categories: [system.operations], fides_meta: { data_type: string } }
connection:
  - fides_key: shop_objects
    datasets: [shop]
    connector: s3
    region: us-east-1
    tenant_field: tenant
    collections:
      pictures:
        bucket: pictures
        format: media
        key_template: "{person}/{tenant}/{day}/"
        retention: { class: messages_days, time_field: day, archive: true }
"#;

const OLD: &str = "2025-01-01";
const NEW: &str = "2026-01-01";

/// Changes the objects behind the adapter's back.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Puts an object, or another in its place.
    async fn put(&self, key: &str, bytes: &[u8]);
    /// Takes one away.
    async fn remove(&self, key: &str);
    /// All keys, in their order.
    async fn keys(&self) -> Vec<String>;
}

/// What is under test.
#[derive(Clone, Copy)]
pub struct Under<'a> {
    /// Finds, reads and takes away.
    pub source: &'a dyn RetentionSource,
    /// Changes the same objects.
    pub objects: &'a dyn Objects,
    /// The map of this contract.
    pub map: &'a Arc<DataMap>,
    /// Whose objects expire.
    pub tenant: &'a TenantId,
    /// Who shares the bucket.
    pub other: &'a TenantId,
}

impl Under<'_> {
    fn key(&self, tenant: &TenantId, day: &str, name: &str) -> String {
        format!("ada/{tenant}/{day}/{name}.png")
    }

    async fn keys_of(&self, tenant: &TenantId) -> Vec<String> {
        let keys = self.objects.keys().await;
        keys.into_iter().filter(|key| key.contains(&format!("/{tenant}/"))).collect()
    }

    async fn put(&self, name: &str, bytes: &[u8]) {
        self.objects.put(&self.key(self.tenant, OLD, name), bytes).await;
    }

    fn order(&self) -> ExpiryOrder {
        let collection = self.map.collection("shop.pictures").unwrap();
        let before = "2025-06-01T00:00:00Z".parse().unwrap();
        ExpiryOrder { tenant: self.tenant.clone(), map: Arc::clone(self.map), collection, before }
    }

    /// The expired ones by their keys, how many were looked at, and how many bytes an archive would hold of them.
    async fn expired(&self) -> (Vec<ExpiredRow>, u64, u64) {
        let (mut rows, mut scanned, mut bytes) = (Vec::new(), 0, 0);
        let mut after: Option<Cursor> = None;
        for _ in 0..10_000 {
            let page = self.source.expired(&self.order(), after.as_ref()).await.unwrap();
            scanned += page.scanned;
            bytes += page.bytes;
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() {
                rows.sort_by_cached_key(key_of);
                return (rows, scanned, bytes);
            }
        }
        panic!("the look has no end")
    }

    async fn content(&self, row: &ExpiredRow, from: usize) -> Option<Content> {
        self.source.content(&self.order(), row, from as u64).await.unwrap()
    }

    async fn remove(&self, rows: &[ExpiredRow]) -> Vec<Erased> {
        let masker: Arc<dyn datamap::Masker> = Arc::new(PlainMasker);
        self.source.remove(&self.order(), &Treatment::Delete, &masker, rows).await.unwrap()
    }
}

fn key_of(row: &ExpiredRow) -> String {
    let object = row.row.get("object").unwrap();
    object.get("key").and_then(Datum::as_text).unwrap().to_owned()
}

fn long() -> Vec<u8> {
    (0..CONTENT_BYTES + 7).map(|at| (at % 251) as u8).collect()
}

/// Runs the whole contract in an empty place.
///
/// # Panics
/// Where the port breaks its contract.
pub async fn run(under: Under<'_>) {
    let long = long();
    for (name, bytes) in [("a", &b"canary"[..]), ("b", b""), ("c", &long), ("d", b"dd"), ("e", b"ee")] {
        under.put(name, bytes).await;
    }
    under.objects.put(&under.key(under.tenant, NEW, "young"), b"young").await;
    under.objects.put(&under.key(under.other, OLD, "other"), b"other").await;

    let (rows, scanned, bytes) = under.expired().await;
    let old: Vec<String> = ["a", "b", "c", "d", "e"].map(|name| under.key(under.tenant, OLD, name)).into();
    assert_eq!(rows.iter().map(key_of).collect::<Vec<_>>(), old, "what expired, of the tenant alone");
    assert!(scanned >= rows.len() as u64, "{scanned}");
    assert_eq!(bytes, long.len() as u64 + 10, "what an archive holds of them");
    let again: Vec<Datum> = under.expired().await.0.into_iter().map(|it| it.row).collect();
    assert!(rows.iter().map(|it| &it.row).eq(&again), "a second look tells the same");
    assert_eq!(under.source.size(&under.order()).await.unwrap(), None, "each look goes over all of them");
    assert!(!under.source.is_labelled(&under.order()).await.unwrap(), "nobody has labelled them");
    let batch = under.source.batch(&rows);
    assert!((1..=rows.len()).contains(&batch), "{batch}");

    read_whole(under, &rows, &long).await;
    read_as_listed(under, &rows).await;
    take_away(under, &rows).await;
}

/// Pieces of any object, one behind the other, are the object.
async fn read_whole(under: Under<'_>, rows: &[ExpiredRow], long: &[u8]) {
    assert_eq!(under.content(&rows[0], 0).await, Some(Content { bytes: b"canary".to_vec(), of: 6 }));
    assert_eq!(under.content(&rows[0], 4).await, Some(Content { bytes: b"ry".to_vec(), of: 6 }));
    assert_eq!(under.content(&rows[1], 0).await, Some(Content { bytes: Vec::new(), of: 0 }));
    let first = under.content(&rows[2], 0).await.unwrap();
    assert_eq!((first.bytes.len(), first.of), (CONTENT_BYTES, long.len() as u64));
    assert!(first.bytes == long[..CONTENT_BYTES], "the first piece is another");
    let last = under.content(&rows[2], CONTENT_BYTES).await;
    assert_eq!(last, Some(Content { bytes: long[CONTENT_BYTES..].to_vec(), of: long.len() as u64 }));
    for (row, from) in [(&rows[0], 6), (&rows[1], 1), (&rows[2], long.len() as u64)] {
        let answer = under.source.content(&under.order(), row, from).await;
        assert_eq!(answer.unwrap_err().kind, PortErrorKind::Corrupt, "there is nothing behind the end");
    }
}

/// What is another by now is not read as if it were what was listed, nor is what is gone.
async fn read_as_listed(under: Under<'_>, rows: &[ExpiredRow]) {
    under.put("c", b"another, and shorter").await;
    assert_eq!(under.content(&rows[2], CONTENT_BYTES).await, None, "another between two pieces");
    under.put("d", b"DD").await;
    assert_eq!(under.content(&rows[3], 0).await, None, "another of the same length");
    under.objects.remove(&key_of(&rows[4])).await;
    assert_eq!(under.content(&rows[4], 0).await, None, "gone");
}

/// What is still as it was listed goes; all else stays, and doing it twice is harmless.
async fn take_away(under: Under<'_>, rows: &[ExpiredRow]) {
    let others = under.keys_of(under.other).await;
    let expected = [Erased::Done, Erased::Done, Erased::Drifted, Erased::Drifted, Erased::Gone];
    assert_eq!(under.remove(rows).await, expected);
    let gone = under.remove(&rows[..2]).await;
    assert!(gone.iter().all(|it| matches!(it, Erased::Done | Erased::Gone)), "{gone:?}");
    let left = [(OLD, "c"), (OLD, "d"), (NEW, "young")].map(|(day, name)| under.key(under.tenant, day, name));
    assert_eq!(under.keys_of(under.tenant).await, left);
    assert_eq!((others.len(), under.keys_of(under.other).await), (1, others), "of another tenant");
}
