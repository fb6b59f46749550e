//! The deployed sweep in buckets: pictures by the day in their key, rows in an object by their time, both archived first.

use serde_json::json;

use super::sweep_of;
use crate::aws;
use crate::harness::{Stack, epoch_seconds, scratch};

const MAP: &str = r"
dataset:
  - fides_key: chat
    name: Chat
    description: Pictures and visits that are kept for 90 days
    collections:
      - name: people
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true, data_type: string } }
          - { name: email, data_categories: [user.contact.email], fides_meta: { identity: email, data_type: string } }
      - name: pictures
        fields:
          - name: person
            data_categories: [user.unique_id]
            fides_meta: { references: [{ dataset: chat, field: people.id, direction: from }], data_type: string }
          - { name: day, data_categories: [system.operations], fides_meta: { data_type: string } }
      - name: visits
        fields:
          - name: person
            data_categories: [user.unique_id]
            fides_meta:
              references: [{ dataset: chat, field: people.id, direction: from }]
              data_type: string
              primary_key: true
          - { name: at, data_categories: [system.operations], fides_meta: { data_type: string } }
connection:
  - fides_key: chat_tables
    datasets: [chat]
    connector: dynamodb
    purpose: Talking
    lawful_basis: Contract (Art. 6(1)(b) GDPR)
    collections:
      people: { table: PEOPLE, indexes: { email: by-email } }
  - fides_key: chat_objects
    datasets: [chat]
    connector: s3
    purpose: Talking
    lawful_basis: Contract (Art. 6(1)(b) GDPR)
    collections:
      pictures:
        bucket: BUCKET
        format: media
        key_template: pictures/{person}/{day}/
        retention: { class: messages_days, time_field: day, archive: true }
      visits:
        bucket: BUCKET
        prefix: visits/
        format: ndjson
        retention: { class: messages_days, time_field: at, archive: true }
";

#[tokio::test(flavor = "multi_thread")]
async fn expired_objects_and_rows_in_objects_leave_archived() {
    let Some(stack) = Stack::plain().await else { return };
    let now = epoch_seconds();
    let (tenant, bucket) = (format!("sweep-objects-{now}"), format!("sweep-objects-{now}"));
    let dir = scratch("retention-objects");
    let map = MAP.replace("PEOPLE", &format!("sweep-objects-people-{now}")).replace("BUCKET", &bucket);
    std::fs::write(dir.join("datamap.yml"), map).unwrap();
    std::fs::write(dir.join("people.ndjson"), "{\"id\":\"p-1\",\"email\":\"canary@example.com\"}\n").unwrap();
    let visit = |year: u32| format!("{{\"person\":\"p-1\",\"at\":\"{year}-01-01T00:00:00Z\"}}\n");
    std::fs::write(dir.join("visits.ndjson"), format!("{}{}", visit(2020), visit(2999))).unwrap();
    for year in [2020, 2999] {
        let below = dir.join(format!("pictures/p-1/{year}-01-01"));
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(below.join("a.png"), "canary").unwrap();
    }
    stack.load_and_publish(&dir, &tenant);

    let config = aws::config(&stack).await;
    let (lambda, s3) = (aws_sdk_lambda::Client::new(&config), aws::s3(&config));
    for collection in ["chat.pictures", "chat.visits"] {
        let first = sweep_of(&stack, &lambda, &tenant, collection).await;
        assert_eq!((&first["phase"], &first["expired"]), (&json!("reported"), &json!(1)), "{first}");
        let second = sweep_of(&stack, &lambda, &tenant, collection).await;
        let counts = ["scanned", "archived", "deleted", "failed"].map(|name| second[name].clone());
        assert_eq!(counts, [2, 1, 1, 0].map(|count| json!(count)), "{second}");
    }
    let keys = aws::keys(&s3, &bucket).await;
    assert_eq!(keys, ["pictures/p-1/2999-01-01/a.png", "visits/visits.ndjson"]);
    let visits = s3.get_object().bucket(&bucket).key("visits/visits.ndjson").send().await.unwrap();
    assert_eq!(visits.body.collect().await.unwrap().to_vec(), visit(2999).into_bytes());
    let archives = aws::keys(&s3, stack.resource("EvidenceBucket")).await;
    let archives = archives.iter().filter(|key| key.contains(&format!("retention/{tenant}/"))).count();
    assert_eq!(archives, 4, "two archives and their manifests");
}
