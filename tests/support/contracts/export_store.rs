//! The contract of the bucket of exports: objects, multipart uploads, links.

use domain::sensitive::Sensitive;
use jiff::{SignedDuration, Timestamp};
use workflow::ports::{ByteRange, ExportStore, ObjectHead, PortErrorKind};

use crate::contracts::{Case, cases};
use crate::names::Names;

pub mod uploads;

cases!(dyn ExportStore:
    what_was_put_is_read,
    ranges_end_before_their_end,
    put_if_absent_never_replaces,
    deleting_twice_is_a_success,
    prefix_is_deleted_and_nothing_else,
);

/// Every suite of the port.
pub const SUITES: &[&[Case<dyn ExportStore>]] = &[CASES, uploads::CASES];

/// Runs the whole contract; `now` is the time by which links are signed.
pub async fn run(store: &(dyn ExportStore + 'static), names: &mut Names, now: Timestamp) {
    for suite in SUITES {
        crate::contracts::run_all(store, suite, names).await;
    }
    links_end_when_promised(store, names, now).await;
}

pub(crate) fn key(names: &mut Names) -> String {
    format!("exports/{}/{}/object", names.tenant(), names.job())
}

async fn what_was_put_is_read(store: &dyn ExportStore, names: &mut Names) {
    let key = key(names);
    assert_eq!(store.head(&key).await.unwrap(), None);
    assert_eq!(store.read(&key, None).await.unwrap_err().kind, PortErrorKind::NotFound);
    for bytes in [vec![7; 100_000], Vec::new(), b"last".to_vec()] {
        store.put(&key, bytes.clone()).await.unwrap();
        assert_eq!(store.read(&key, None).await.unwrap(), bytes);
        let length = u64::try_from(bytes.len()).unwrap();
        assert_eq!(store.head(&key).await.unwrap(), Some(ObjectHead { bytes: length }));
    }
}

async fn ranges_end_before_their_end(store: &dyn ExportStore, names: &mut Names) {
    let key = key(names);
    store.put(&key, (0..=255).collect()).await.unwrap();
    for (start, end) in [(0, 1), (0, 256), (10, 20), (255, 256)] {
        let expected: Vec<u8> = (start..end).map(|byte: u64| u8::try_from(byte).unwrap()).collect();
        let found = store.read(&key, Some(ByteRange { start, end })).await.unwrap();
        assert_eq!(found, expected, "{start}..{end}");
    }
    let beyond = store.read(&key, Some(ByteRange { start: 250, end: 300 })).await.unwrap();
    assert_eq!(beyond, [250, 251, 252, 253, 254, 255], "what is there of it");
    assert!(store.read(&key, Some(ByteRange { start: 256, end: 300 })).await.is_err());
}

async fn put_if_absent_never_replaces(store: &dyn ExportStore, names: &mut Names) {
    let key = key(names);
    assert!(store.put_if_absent(&key, b"first".to_vec()).await.unwrap());
    assert!(!store.put_if_absent(&key, b"second".to_vec()).await.unwrap());
    assert_eq!(store.read(&key, None).await.unwrap(), b"first");
    store.delete(&key).await.unwrap();
    assert!(store.put_if_absent(&key, b"third".to_vec()).await.unwrap());
}

async fn deleting_twice_is_a_success(store: &dyn ExportStore, names: &mut Names) {
    let key = key(names);
    store.put(&key, vec![1]).await.unwrap();
    store.delete(&key).await.unwrap();
    store.delete(&key).await.unwrap();
    assert_eq!(store.head(&key).await.unwrap(), None);
}

async fn prefix_is_deleted_and_nothing_else(store: &dyn ExportStore, names: &mut Names) {
    let prefix = format!("exports/{}/{}/", names.tenant(), names.job());
    let inside: Vec<String> = (0..7).map(|at| format!("{prefix}parts/{at}")).collect();
    let beside = format!("{}x/parts/0", prefix.trim_end_matches('/'));
    for key in inside.iter().chain([&beside]) {
        store.put(key, vec![1]).await.unwrap();
    }
    for _ in 0..2 {
        store.delete_all(&prefix).await.unwrap();
        for key in &inside {
            assert_eq!(store.head(key).await.unwrap(), None, "{key}");
        }
        assert!(store.head(&beside).await.unwrap().is_some());
    }
    store.delete(&beside).await.unwrap();
}

async fn links_end_when_promised(store: &dyn ExportStore, names: &mut Names, now: Timestamp) {
    let key = key(names);
    store.put(&key, b"archive".to_vec()).await.unwrap();
    let longest = SignedDuration::from_mins(15);
    for asked in [SignedDuration::from_mins(2), longest, SignedDuration::from_hours(24)] {
        let until = now + asked;
        let link = store.sign_link(&key, "job.zip", now, until).await.unwrap();
        assert!(link.expires_at <= until, "never later than asked");
        // Signers may read their own clock; a minute between the two is allowed for.
        assert!(link.expires_at <= now + longest + SignedDuration::from_mins(1), "never more than 15 minutes");
        assert!(!format!("{link:?}").contains(Sensitive::expose(&link.url).as_str()));
    }
    assert!(store.sign_link(&key, "job.zip", now, now - SignedDuration::from_secs(1)).await.is_err());
}
