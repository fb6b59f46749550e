//! A hundred strings planted in a person's data and request must not turn up in logs, queues, keys, events or errors (INV-A4).

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::api::{Api, job_id};
use crate::aws;
use crate::harness::{Stack, epoch_seconds, pause, root, scratch};
use crate::http::get;
use crate::logs;
use crate::mails;
use crate::tokens::Bearer;

const TENANT: &str = "canaries";
const INVOICES: u64 = 40;

/// Plants strings and remembers them.
#[derive(Default)]
struct Planted {
    strings: Vec<String>,
}

impl Planted {
    /// A word that nothing else holds; letters only, so that no pattern of personal data masks it by its shape.
    fn word(&mut self) -> String {
        let letters = "abcdefghij".as_bytes();
        let number = format!("{:04}{}", self.strings.len(), epoch_seconds());
        let text: String = number.bytes().map(|digit| char::from(letters[usize::from(digit - b'0')])).collect();
        self.strings.push(format!("kanari{text}"));
        self.strings.last().unwrap().clone()
    }

    fn assert_none_in(&self, text: &str, place: &str) {
        let text = text.to_lowercase();
        let found: Vec<&String> = self.strings.iter().filter(|word| text.contains(*word)).collect();
        let shown: Vec<&str> =
            text.lines().filter(|line| found.iter().any(|word| line.contains(*word))).take(3).collect();
        assert!(found.is_empty(), "{} of {} canaries in {place}: {shown:#?}", found.len(), self.strings.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_canary_leaves_data_and_request() {
    let Some(stack) = Stack::plain().await else { return };
    let mut planted = Planted::default();
    let dir = scratch("canaries");
    let email = plant(&mut planted, &dir);
    stack.load_and_publish(&dir, TENANT);
    let since = epoch_seconds() * 1000 - 1000;
    let mut queues = BTreeSet::new();

    let errors = wrong_calls(&stack, &mut planted).await;
    let job = whole_job(&stack, &mut planted, &email, &mut queues).await;
    assert!(planted.strings.len() >= 100, "{} canaries", planted.strings.len());
    // Functions tell what they did after they have answered.
    pause(2000).await;

    planted.assert_none_in(&errors, "answers to wrong calls");
    let mut lines = 0;
    for function in logs::FUNCTIONS {
        let logged = logs::lines(&stack, function, since).await;
        lines += logged.len();
        planted.assert_none_in(&logged.join("\n"), &format!("the log of {function}"));
    }
    assert!(lines > 20, "the functions logged {lines} lines: nothing was looked at");
    assert!(!queues.is_empty(), "no message was seen in a queue");
    planted.assert_none_in(&queues.iter().cloned().collect::<Vec<_>>().join("\n"), "queue messages");
    let config = aws::config(&stack).await;
    for bucket in ["ExportsBucket", "ConfigBucket"] {
        let keys = aws::keys(&aws::s3(&config), stack.resource(bucket)).await;
        planted.assert_none_in(&keys.join("\n"), "object keys");
    }
    // Events, steps and the job itself: what is personal in them is sealed.
    for table in ["JobsTable", "KeyringTable"] {
        let items = aws::scan(&config, stack.resource(table), &format!("t#{TENANT}#")).await;
        assert!(!items.is_empty());
        planted.assert_none_in(&format!("{items:?}"), table);
    }
    let timeline =
        Api::of(&stack, &Bearer::staff(TENANT, "auditor")).get(&format!("/privacy/jobs/{job}/timeline")).await;
    planted.assert_none_in(&timeline.expect(200).text(), "the audit trail");
    println!("{} canaries, {lines} log lines, {} kinds of message: none found", planted.strings.len(), queues.len());
}

/// One customer with invoices; every text of theirs is a canary. Gives back the address.
fn plant(planted: &mut Planted, dir: &Path) -> String {
    std::fs::copy(root().join("tests/fixtures/chinook/datamap.yml"), dir.join("datamap.yml")).unwrap();
    let id = 1_000_000_000 + epoch_seconds();
    let email = format!("{}@{}.example", planted.word(), planted.word());
    let mut customer = json!({ "customer_id": id, "email": email, "support_rep_id": 3 });
    for name in
        ["firstname", "lastname", "phone", "fax", "company", "address", "city", "state", "postalcode", "country"]
    {
        customer[name] = json!(planted.word());
    }
    let mut invoices = String::new();
    for at in 0..INVOICES {
        let (street, city) = (planted.word(), planted.word());
        let row = json!({
            "invoice_id": id * 100 + at, "customer_id": id, "invoicedate": "2024-01-01", "total": 1.5,
            "billingaddress": street, "billingcity": city,
        });
        invoices.push_str(&format!("{row}\n"));
    }
    std::fs::write(dir.join("customers.ndjson"), format!("{customer}\n")).unwrap();
    std::fs::write(dir.join("invoices.ndjson"), invoices).unwrap();
    email
}

/// Calls that are refused, with canaries wherever a caller may write; all that was answered.
async fn wrong_calls(stack: &Stack, planted: &mut Planted) -> String {
    let operator = Api::of(stack, &Bearer::staff(TENANT, "operator"));
    let subject = |value: &str| json!({ "identities": [{ "type": "email", "value": value }] });
    let bodies = [
        json!({ "type": "access", "subject": subject(&planted.word()) }),
        json!({ "type": planted.word(), "subject": subject("a@example.com") }),
        json!({ "type": "access", "subject": subject("a@example.com"), "received_at": planted.word() }),
        json!({ "type": "opt_out", "subject": subject(&format!("{}@example.com", planted.word())), "description": planted.word() }),
        json!([planted.word()]),
        json!({ "type": "access", "subject": planted.word() }),
    ];
    let mut answers = String::new();
    for body in &bodies {
        let answer = operator.post("/privacy/requests", body).await;
        assert_eq!(answer.status.as_u16(), 422, "{}", answer.text());
        answers.push_str(&answer.text());
    }
    let path = format!("/privacy/jobs?subject={}@example.com", planted.word());
    let more = [("user-agent", planted.word()), ("idempotency-key", planted.word()), ("x-request-id", planted.word())];
    let more: Vec<(&str, &str)> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
    operator.call(http::Method::GET, &path, None, &more).await;
    answers
}

/// A job from request to archive, by mail; remembers the messages that lie in queues on the way.
async fn whole_job(stack: &Stack, planted: &mut Planted, email: &str, queues: &mut BTreeSet<String>) -> String {
    let operator = Api::of(stack, &Bearer::staff(TENANT, "operator"));
    let body = json!({
        "type": "access", "format": "both", "description": format!("please, {}", planted.word()),
        "subject": { "identities": [{ "type": "email", "value": email }] },
    });
    let key = planted.word();
    let more = [("idempotency-key", key.as_str())];
    let job = job_id(&operator.call(http::Method::POST, "/privacy/requests", Some(&body), &more).await.expect(202));
    see_queues(stack, queues).await;
    let code = mails::code(stack, email, &job).await;
    let wrong = json!({ "code": planted.word() });
    assert_eq!(operator.post(&format!("/privacy/jobs/{job}/verify"), &wrong).await.status.as_u16(), 422);
    operator.post(&format!("/privacy/jobs/{job}/verify"), &json!({ "code": code })).await.expect(204);
    for _ in 0..40 {
        see_queues(stack, queues).await;
        let view = operator.get(&format!("/privacy/jobs/{job}")).await.expect(200).json();
        if view["status"] == "completed" {
            break;
        }
        pause(50).await;
    }
    operator.until_completed(&job, 60).await;
    let location = get(&mails::link(stack, email, &job).await).await.expect(303);
    let archive = get(location.headers["location"].to_str().unwrap()).await.expect(200).body;
    assert!(!archive.is_empty());
    job
}

async fn see_queues(stack: &Stack, queues: &mut BTreeSet<String>) {
    let seen = get(&format!("{}/_ministack/sqs/messages", stack.endpoint_url)).await.expect(200).json();
    texts(&seen, queues);
}

fn texts(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            if text.contains("job_") {
                into.insert(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(fields) => fields.values().for_each(|item| texts(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
