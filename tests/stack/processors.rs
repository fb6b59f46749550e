//! A processor on this machine is told of an erasure by the deployed workers, and answers later (GDPR Art. 19).

use serde_json::{Value, json};

use crate::api::{Api, job_id};
use crate::aws;
use crate::harness::{Stack, epoch_seconds, pause, scratch};
use crate::http::send;
use crate::notices::{Received, receiver};
use crate::tokens::Bearer;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PERSON: &str = "told@example.com";

const MAP: &str = r"
dataset:
  - fides_key: told
    name: Told
    collections:
      - name: people
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true, data_type: string } }
          - { name: email, data_categories: [user.contact.email], fides_meta: { identity: email, data_type: string } }
connection:
  - fides_key: told_tables
    datasets: [told]
    connector: dynamodb
    collections:
      people: { table: PEOPLE, indexes: { email: by-email } }
processors:
  - fides_key: mailer
    url: RECEIVER
    protocol: webhook
    secret: processors/mailer
    datasets: [told]
    identities: [email]
    answer_within_days: 14
";

async fn prepare(stack: &Stack, tenant: &str, url: &str) {
    let dir = scratch("processors");
    let map = MAP.replace("PEOPLE", tenant).replace("RECEIVER", url);
    std::fs::write(dir.join("datamap.yml"), map).unwrap();
    let person = json!({ "id": "p-1", "email": PERSON });
    std::fs::write(dir.join("people.ndjson"), format!("{person}\n")).unwrap();
    stack.load_and_publish(&dir, tenant);
    let secrets = aws_sdk_secretsmanager::Client::new(&aws::config(stack).await);
    let secret = secrets.create_secret().name(format!("habeas/{tenant}/processors/mailer")).secret_string(SECRET);
    secret.send().await.unwrap();
}

async fn until(officer: &Api, job: &str, what: impl Fn(&Value) -> bool) -> Value {
    let mut view = Value::Null;
    for _ in 0..300 {
        view = officer.get(&format!("/privacy/jobs/{job}")).await.expect(200).json();
        if what(&view) {
            return view;
        }
        pause(100).await;
    }
    panic!("the job never came there: {view:#}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_is_told_of_an_erasure_and_its_answer_is_kept() {
    let Some(stack) = Stack::plain().await else { return };
    let (url, received): (String, Received) = receiver().await;
    let tenant = format!("told-{}", epoch_seconds());
    prepare(&stack, &tenant, &url).await;
    let officer = Api::of(&stack, &Bearer::staff(&tenant, "dpo"));
    let own = Api::of(&stack, &Bearer::subject(&tenant, PERSON));
    let job = job_id(&own.post("/privacy/me/delete", &json!({ "grace_period_days": 0 })).await.expect(202));
    until(&officer, &job, |view| view["status"] == "awaiting_approval").await;
    let plan = officer.get(&format!("/privacy/jobs/{job}/plan")).await.expect(200).json();
    assert!(received.lock().unwrap().is_empty(), "nobody is told of a plan");
    officer.post(&format!("/privacy/jobs/{job}/approve"), &json!({ "plan_hash": plan["plan_hash"] })).await.expect(200);
    let view = until(&officer, &job, |view| view["status"] == "completed").await;
    assert_eq!(
        (&view["processors"][0]["processor"], &view["processors"][0]["status"]),
        (&json!("mailer"), &json!("accepted"))
    );

    let all = received.lock().unwrap().clone();
    let [(headers, body)] = all.as_slice() else { panic!("told {} times", all.len()) };
    let library = standardwebhooks::Webhook::new(SECRET).unwrap();
    let seconds = headers["webhook-timestamp"].parse().unwrap();
    assert_eq!(headers["webhook-signature"], library.sign(&headers["webhook-id"], seconds, body.as_bytes()).unwrap());
    let told: Value = serde_json::from_str(body).unwrap();
    let data = &told["data"];
    assert_eq!(
        (&told["type"], &data["job_id"], &data["sources"]),
        (&json!("erasure_requested"), &json!(job), &json!(["told.people"]))
    );
    assert_eq!(data["identities"], json!([{ "type": "email", "value": PERSON }]));

    let answer_url = data["answer_url"].as_str().unwrap();
    let path = &answer_url[answer_url.find("/api/v1/").unwrap()..];
    let answer = |path: String| {
        let body = json!({ "status": "completed" }).to_string().into_bytes();
        let url = format!("{}{path}", stack.api_url);
        async move { send(http::Method::POST, &url, &[("content-type", "application/json")], body).await }
    };
    assert_ne!(answer(path.replace("proof=", "proof=x")).await.status, 202, "the proof is of this job");
    answer(path.to_owned()).await.expect(202);
    let view = until(&officer, &job, |view| view["processors"][0]["status"] == "completed").await;
    assert_eq!(view["status"], "completed");
}
