//! Consent on the stack: the deployed masking stream asks the collection that the published map names, with its own role.

use aws_sdk_kinesis::types::Record;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::aws;
use crate::harness::{Stack, epoch_seconds, scratch};
use crate::streams::{FUNCTION, drained, feed, point};

const MAP: &str = r"
dataset:
  - fides_key: shop
    name: Shop
    collections:
      - name: customers
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true, data_type: string}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
      - name: consents
        fields:
          - {name: consent_id, data_categories: [system.operations], fides_meta: {primary_key: true, data_type: string}}
          - name: user_id
            data_categories: [user.unique_id]
            fides_meta: {data_type: string, references: [{dataset: shop, field: customers.id, direction: from}]}
          - {name: purpose, data_categories: [user.consent]}
          - {name: status, data_categories: [user.consent]}
connection:
  - fides_key: shop-tables
    datasets: [shop]
    connector: dynamodb
    region: us-east-1
    purpose: To sell.
    lawful_basis: Art. 6(1)(b) GDPR, contract
    collections:
      customers: {table: agreeing.customers, indexes: {email: by-email}}
      consents:
        table: agreeing.consents
        indexes: {user_id: by-user}
        consent: {person: user_id, purpose: purpose, status: status}
";
/// Who said what about analytics; the last one said nothing.
const PEOPLE: [(&str, Option<&str>); 4] =
    [("agrees", Some("granted")), ("denies", Some("denied")), ("withdrew", Some("withdrawn")), ("silent", None)];

fn lines(rows: impl Iterator<Item = Value>) -> String {
    rows.map(|row| format!("{row}\n")).collect()
}

fn record(at: usize, person: &str) -> Record {
    let row = json!({ "id": person, "email": format!("canary.{person}@example.com") });
    let event = json!({ "before": null, "after": row, "source": { "table": "customers" }, "op": "u" }).to_string();
    let record = Record::builder().partition_key(format!("canary-{person}")).data(event.into_bytes().into());
    record.sequence_number(format!("{:056}", at + 1)).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_lets_only_those_pass_who_agreed() {
    let Some(stack) = Stack::plain().await else { return };
    let (dir, tenant) = (scratch("consents"), format!("agreeing-{}", epoch_seconds()));
    let customers = PEOPLE.iter().map(|(id, _)| json!({ "id": id, "email": format!("canary.{id}@example.com") }));
    let consents = PEOPLE.iter().filter_map(|(id, said)| {
        said.map(|status| json!({ "consent_id": id, "user_id": id, "purpose": "analytics", "status": status }))
    });
    std::fs::write(dir.join("datamap.yml"), MAP).unwrap();
    std::fs::write(dir.join("customers.ndjson"), lines(customers)).unwrap();
    std::fs::write(dir.join("consents.ndjson"), lines(consents)).unwrap();
    stack.load_and_publish(&dir, &tenant);

    let config = aws::config(&stack).await;
    let (lambda, sqs) = (aws_sdk_lambda::Client::new(&config), aws_sdk_sqs::Client::new(&config));
    let queue = sqs.create_queue().queue_name(format!("masked-agreed-{}.fifo", epoch_seconds()));
    let url = queue.attributes(QueueAttributeName::FifoQueue, "true").send().await.unwrap().queue_url.unwrap();
    let function = stack.resource(FUNCTION);
    let before = lambda.get_function_configuration().function_name(function).send().await.unwrap();
    let before = before.environment.and_then(|environment| environment.variables).unwrap_or_default();
    let mut variables = before.clone();
    variables.insert("HABEAS_STREAM_TENANT".to_owned(), tenant);
    variables.insert("HABEAS_STREAM_TARGET".to_owned(), format!("sqs:{url}"));
    variables.insert("HABEAS_STREAM_PURPOSE".to_owned(), "analytics".to_owned());
    point(&lambda, function, variables).await;
    let records: Vec<Record> = PEOPLE.iter().enumerate().map(|(at, (person, _))| record(at, person)).collect();
    let again = feed(&lambda, function, "agreeing", &("shardId-000000000000".to_owned(), records)).await;
    point(&lambda, function, before).await;

    let passed = drained(&sqs, &url).await;
    assert_eq!((again, passed.len()), (0, 1), "{passed:?}");
    assert!(passed[0]["id"].as_str().unwrap().ends_with(&format!("{:056}", 1)), "{passed:?}");
    assert!(!passed[0].to_string().contains("canary"), "{passed:?}");
}
