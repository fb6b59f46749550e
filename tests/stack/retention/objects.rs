//! The deployed sweep in buckets: pictures by the day in their key, rows in an object by their time, both archived first.

use habeas_tests::retention_maps;
use serde_json::json;
use workflow::ports::CONTENT_BYTES;

use super::sweep_of;
use crate::aws;
use crate::harness::{Stack, epoch_seconds, scratch};

#[tokio::test(flavor = "multi_thread")]
async fn expired_objects_and_rows_in_objects_leave_archived() {
    let Some(stack) = Stack::plain().await else { return };
    let now = epoch_seconds();
    let (tenant, bucket) = (format!("sweep-objects-{now}"), format!("sweep-objects-{now}"));
    let dir = scratch("retention-objects");
    let map = retention_maps::objects(&format!("sweep-objects-people-{now}"), &bucket);
    std::fs::write(dir.join("datamap.yml"), map).unwrap();
    std::fs::write(dir.join("people.ndjson"), "{\"id\":\"p-1\",\"email\":\"canary@example.com\"}\n").unwrap();
    let visit = |year: u32| format!("{{\"person\":\"p-1\",\"at\":\"{year}-01-01T00:00:00Z\"}}\n");
    std::fs::write(dir.join("visits.ndjson"), format!("{}{}", visit(2020), visit(2999))).unwrap();
    for year in [2020, 2999] {
        let below = dir.join(format!("pictures/p-1/{year}-01-01"));
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(below.join("a.png"), "canary").unwrap();
    }
    // Longer than a line of an archive takes: it lies beside it in two pieces.
    std::fs::write(dir.join("pictures/p-1/2020-01-01/film.mp4"), vec![7; CONTENT_BYTES + 1]).unwrap();
    stack.load_and_publish(&dir, &tenant);

    let config = aws::config(&stack).await;
    let (lambda, s3) = (aws_sdk_lambda::Client::new(&config), aws::s3(&config));
    for (collection, old) in [("chat.pictures", 2), ("chat.visits", 1)] {
        let first = sweep_of(&stack, &lambda, &tenant, collection).await;
        assert_eq!((&first["phase"], &first["expired"]), (&json!("reported"), &json!(old)), "{first}");
        let second = sweep_of(&stack, &lambda, &tenant, collection).await;
        let counts = ["scanned", "archived", "deleted", "failed"].map(|name| second[name].clone());
        assert_eq!(counts, [old + 1, old, old, 0].map(|count| json!(count)), "{second}");
    }
    let keys = aws::keys(&s3, &bucket).await;
    assert_eq!(keys, ["pictures/p-1/2999-01-01/a.png", "visits/visits.ndjson"]);
    assert_eq!(aws::object(&s3, &bucket, "visits/visits.ndjson").await, visit(2999).into_bytes());
    let archives = aws::keys(&s3, stack.resource("EvidenceBucket")).await;
    let archives: Vec<&String> = archives.iter().filter(|key| key.contains(&format!("retention/{tenant}/"))).collect();
    assert_eq!(archives.len(), 6, "two archives, their manifests, and two pieces: {archives:?}");
}
