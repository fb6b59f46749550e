//! Multipart uploads: parts in any order and more than once; complete once and for all.

use domain::step::UploadedPart;
use workflow::ports::{ExportStore, PortErrorKind};

use super::key;
use crate::contracts::cases;
use crate::names::Names;

cases!(dyn ExportStore:
    parts_are_joined_in_order,
    part_written_again_replaces_itself,
    completing_twice_is_refused_and_changes_nothing,
    completing_never_replaces_an_object,
    aborted_upload_is_over,
    small_parts_are_refused_but_for_the_last,
    two_uploads_of_one_key_do_not_mix,
);

const FULL: usize = 5 * 1024 * 1024;

async fn parts_are_joined_in_order(store: &dyn ExportStore, names: &mut Names) {
    let key = key(names);
    let id = store.start_upload(&key).await.unwrap();
    let last = store.upload_part(&key, &id, 2, b"end".to_vec()).await.unwrap();
    let first = store.upload_part(&key, &id, 1, vec![1; FULL]).await.unwrap();
    assert_eq!((first.number, last.number), (1, 2));
    assert_eq!(store.head(&key).await.unwrap(), None, "nothing is there before the end");
    store.complete_upload(&key, &id, &[first, last]).await.unwrap();
    let whole = store.read(&key, None).await.unwrap();
    assert_eq!(whole.len(), FULL + 3);
    assert!(whole.ends_with(b"\x01end"));
    store.delete(&key).await.unwrap();
}

async fn part_written_again_replaces_itself(store: &dyn ExportStore, names: &mut Names) {
    let key = key(names);
    let id = store.start_upload(&key).await.unwrap();
    store.upload_part(&key, &id, 1, b"old".to_vec()).await.unwrap();
    let again = store.upload_part(&key, &id, 1, b"new".to_vec()).await.unwrap();
    store.complete_upload(&key, &id, &[again]).await.unwrap();
    assert_eq!(store.read(&key, None).await.unwrap(), b"new");
}

async fn completing_twice_is_refused_and_changes_nothing(store: &dyn ExportStore, names: &mut Names) {
    let key = key(names);
    let id = store.start_upload(&key).await.unwrap();
    let part = store.upload_part(&key, &id, 1, b"whole".to_vec()).await.unwrap();
    let parts = [part];
    store.complete_upload(&key, &id, &parts).await.unwrap();
    let error = store.complete_upload(&key, &id, &parts).await.unwrap_err();
    assert!(matches!(error.kind, PortErrorKind::NotFound | PortErrorKind::Conflict), "{error}");
    let late = store.upload_part(&key, &id, 2, b"late".to_vec()).await.unwrap_err();
    assert_eq!(late.kind, PortErrorKind::NotFound);
    assert_eq!(store.read(&key, None).await.unwrap(), b"whole");
}

async fn completing_never_replaces_an_object(store: &dyn ExportStore, names: &mut Names) {
    let key = key(names);
    let id = store.start_upload(&key).await.unwrap();
    let part = store.upload_part(&key, &id, 1, b"late".to_vec()).await.unwrap();
    store.put(&key, b"first".to_vec()).await.unwrap();
    let error = store.complete_upload(&key, &id, &[part]).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Conflict);
    assert_eq!(store.read(&key, None).await.unwrap(), b"first");
    store.abort_upload(&key, &id).await.unwrap();
}

async fn aborted_upload_is_over(store: &dyn ExportStore, names: &mut Names) {
    let key = key(names);
    let id = store.start_upload(&key).await.unwrap();
    let part = store.upload_part(&key, &id, 1, b"part".to_vec()).await.unwrap();
    store.abort_upload(&key, &id).await.unwrap();
    store.abort_upload(&key, &id).await.unwrap();
    let error = store.complete_upload(&key, &id, &[part]).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::NotFound);
    assert_eq!(store.head(&key).await.unwrap(), None);
}

async fn small_parts_are_refused_but_for_the_last(store: &dyn ExportStore, names: &mut Names) {
    let key = key(names);
    let id = store.start_upload(&key).await.unwrap();
    let mut parts: Vec<UploadedPart> = Vec::new();
    let mut refused = false;
    for (number, bytes) in [(1, vec![1; FULL - 1]), (2, b"end".to_vec())] {
        match store.upload_part(&key, &id, number, bytes).await {
            Ok(part) => parts.push(part),
            Err(error) => {
                assert_eq!(error.kind, PortErrorKind::Corrupt);
                refused = true;
            }
        }
    }
    if !refused {
        let error = store.complete_upload(&key, &id, &parts).await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Corrupt);
    }
    assert_eq!(store.head(&key).await.unwrap(), None);
    store.abort_upload(&key, &id).await.unwrap();
}

async fn two_uploads_of_one_key_do_not_mix(store: &dyn ExportStore, names: &mut Names) {
    let key = key(names);
    let (one, other) = (store.start_upload(&key).await.unwrap(), store.start_upload(&key).await.unwrap());
    assert_ne!(one, other);
    let mine = store.upload_part(&key, &one, 1, b"one".to_vec()).await.unwrap();
    store.upload_part(&key, &other, 1, b"other".to_vec()).await.unwrap();
    store.complete_upload(&key, &one, &[mine]).await.unwrap();
    assert_eq!(store.read(&key, None).await.unwrap(), b"one");
    store.abort_upload(&key, &other).await.unwrap();
}
