//! The deployed retention sweep on a table of its own: reported first, then archived under lock, then gone.

mod killed;
mod objects;
mod own_records;

use habeas_tests::retention_archives::{MANIFEST, RetentionArchive};
use habeas_tests::retention_maps;
use serde_json::{Value, json};

use crate::api::Api;
use crate::aws;
use crate::harness::{Stack, epoch_seconds, scratch};
use crate::tokens::Bearer;

const EXPIRED: usize = 60;
const FRESH: usize = 15;

async fn sweep(stack: &Stack, lambda: &aws_sdk_lambda::Client, tenant: &str) -> Value {
    sweep_of(stack, lambda, tenant, "chat.messages").await
}

async fn sweep_of(stack: &Stack, lambda: &aws_sdk_lambda::Client, tenant: &str, collection: &str) -> Value {
    let payload = json!({ "tenant": tenant, "collection": collection }).to_string().into_bytes();
    let answer = lambda.invoke().function_name(stack.resource("RetentionSweep")).payload(payload.into());
    let answer = answer.send().await.unwrap();
    let said = String::from_utf8_lossy(answer.payload().unwrap().as_ref()).into_owned();
    assert_eq!(answer.function_error(), None, "{said}");
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&told["failed"], &told["unfinished"]), (&json!(0), &json!(false)), "{told}");
    told["swept"][0].clone()
}

/// The archives below a prefix of the evidence; each is what its manifest says, and nobody reads in it.
async fn archives(stack: &Stack, prefix: &str) -> Vec<RetentionArchive> {
    let (s3, bucket) = (aws::s3(&aws::config(stack).await), stack.resource("EvidenceBucket"));
    let mut archives = Vec::new();
    for key in aws::keys(&s3, bucket).await.iter().filter(|key| key.starts_with(prefix) && key.ends_with(MANIFEST)) {
        let manifest = aws::object(&s3, bucket, key).await;
        let name = key.replace(MANIFEST, ".ndjson.gz");
        let bytes = aws::object(&s3, bucket, &name).await;
        let archive = RetentionArchive::of(&manifest, |named| (named == name).then_some(bytes));
        let archive = archive.unwrap_or_else(|| panic!("{key} does not tell what its archive is"));
        assert!(archive.lines().all(|(_, line)| !line.contains("canary")), "{key} can be read");
        archives.push(archive);
    }
    archives
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_rows_are_reported_then_archived_then_gone() {
    let Some(stack) = Stack::plain().await else { return };
    let now = epoch_seconds();
    let (tenant, table) = (format!("sweep-{now}"), format!("sweep-messages-{now}"));
    let dir = scratch("retention");
    let map = retention_maps::tables(&format!("sweep-people-{now}"), &table);
    std::fs::write(dir.join("datamap.yml"), map).unwrap();
    let person = |at: usize| json!({ "id": format!("p-{at}"), "email": format!("canary{at}@example.com") });
    let message = |at: usize| {
        let sent_at = if at < EXPIRED { "2020-01-01T00:00:00Z" } else { "2999-01-01T00:00:00Z" };
        json!({ "id": format!("m-{at}"), "person": format!("p-{}", at % 7), "sent_at": sent_at, "text": "canary" })
    };
    let lines = |rows: Vec<Value>| rows.iter().map(|row| format!("{row}\n")).collect::<String>();
    std::fs::write(dir.join("people.ndjson"), lines((0..7).map(person).collect())).unwrap();
    std::fs::write(dir.join("messages.ndjson"), lines((0..EXPIRED + FRESH).map(message).collect())).unwrap();
    stack.load_and_publish(&dir, &tenant);

    let config = aws::config(&stack).await;
    let (lambda, dynamodb) = (aws_sdk_lambda::Client::new(&config), aws_sdk_dynamodb::Client::new(&config));
    let left = async || dynamodb.scan().table_name(&table).send().await.unwrap().count();
    let first = sweep(&stack, &lambda, &tenant).await;
    assert_eq!((&first["phase"], &first["expired"]), (&json!("reported"), &json!(EXPIRED)), "{first}");
    assert_eq!(left().await, i32::try_from(EXPIRED + FRESH).unwrap());
    let second = sweep(&stack, &lambda, &tenant).await;
    let counts = ["expired", "archived", "deleted", "failed"].map(|name| second[name].clone());
    assert_eq!((&second["phase"], counts), (&json!("ended"), [60, 60, 60, 0].map(|count| json!(count))), "{second}");
    assert_eq!(left().await, i32::try_from(FRESH).unwrap());

    let archives = aws::keys(&aws::s3(&config), stack.resource("EvidenceBucket")).await;
    let archives: Vec<&String> = archives.iter().filter(|key| key.contains(&format!("retention/{tenant}/"))).collect();
    assert_eq!(archives.len(), 2, "an archive and its manifest: {archives:?}");
    let schedule =
        Api::of(&stack, &Bearer::staff(&tenant, "dpo")).get("/privacy/retention/schedule").await.expect(200).json();
    let told = &schedule["collections"][0];
    assert_eq!((&told["collection"], &told["labelled"]), (&json!("chat.messages"), &json!(false)), "{schedule}");
    assert_eq!(told["last_run"]["counts"]["deleted"], json!(EXPIRED), "{schedule}");
}
