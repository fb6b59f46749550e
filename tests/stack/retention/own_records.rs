//! The deployed sweep over our own records: a request that ended long ago loses its run, then itself, each archived first.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{archives, sweep_of};
use crate::api::Api;
use crate::aws;
use crate::harness::{Stack, epoch_seconds, pause, scratch};
use crate::tokens::Bearer;

const MAP: &str = r"
dataset:
  - fides_key: own
    name: People
    description: One person who asks
    collections:
      - name: people
        fields:
          - { name: id, data_categories: [user.unique_id], fides_meta: { primary_key: true, data_type: string } }
          - { name: email, data_categories: [user.contact.email], fides_meta: { identity: email, data_type: string } }
connection:
  - fides_key: own_tables
    datasets: [own]
    connector: dynamodb
    purpose: Being asked
    lawful_basis: Contract (Art. 6(1)(b) GDPR)
    collections:
      people: { table: PEOPLE, indexes: { email: by-email } }
";
const EMAIL: &str = "canary@example.com";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A job and what is looked at beside it.
struct Ended<'a> {
    stack: &'a Stack,
    config: aws_config::SdkConfig,
    tenant: String,
    partition: String,
}

impl<'a> Ended<'a> {
    /// A person of a tenant of their own asks, is answered, and a day later the archive is gone.
    async fn play(stack: &'a Stack, tenant: &str) -> (Self, String) {
        let dir = scratch("retention-own");
        std::fs::write(dir.join("datamap.yml"), MAP.replace("PEOPLE", &format!("{tenant}-people"))).unwrap();
        std::fs::write(dir.join("people.ndjson"), format!("{{\"id\":\"p-1\",\"email\":\"{EMAIL}\"}}\n")).unwrap();
        stack.load_and_publish(&dir, tenant);
        let api = Api::of(stack, &Bearer::subject(tenant, EMAIL));
        let job = api.export_own(&json!({})).await;
        api.until_completed(&job, 60).await;
        let config = aws::config(stack).await;
        let ended = Self { stack, config, tenant: tenant.to_owned(), partition: format!("t#{tenant}#job#{job}") };
        ended.until_quiet().await;
        ended.let_days_pass(1).await;
        let (keys, key) = (stack.resource("KeyringTable"), format!("t#{tenant}#keys#job#{job}"));
        for _ in 0..60 {
            if aws::scan(&ended.config, keys, &key).await.is_empty() {
                return (ended, job);
            }
            assert_eq!(aws::invoke(stack, "JobSweep", &json!({})).await, None);
            pause(500).await;
        }
        panic!("the archive did not end");
    }

    /// Waits until nothing but the end of the archive is open: a mail under way would keep that waiting for minutes.
    async fn until_quiet(&self) {
        for _ in 0..100 {
            let items = aws::scan(&self.config, self.stack.resource("JobsTable"), &self.partition).await;
            let mut steps = items.iter().filter(|item| aws::text(item, "kind") == Some("step")).map(aws::record);
            if steps.all(|step| step["state"] == "done" || step["kind"] == "expire") {
                return;
            }
            pause(100).await;
        }
        panic!("steps of the job are still open");
    }

    async fn let_days_pass(&self, days: i32) {
        aws::let_time_pass(&self.config, self.stack.resource("JobsTable"), &self.partition, DAY * days).await;
    }

    /// The kinds of what is left of the job, but for its events.
    async fn left(&self) -> Vec<String> {
        let items = aws::scan(&self.config, self.stack.resource("JobsTable"), &self.partition).await;
        let kinds = items.iter().filter_map(|item| aws::text(item, "kind")).filter(|kind| *kind != "event");
        let mut kinds: Vec<String> = kinds.map(str::to_owned).collect();
        kinds.sort();
        kinds
    }

    async fn sweep(&self, class: &str) -> [Value; 4] {
        let lambda = aws_sdk_lambda::Client::new(&self.config);
        let told = sweep_of(self.stack, &lambda, &self.tenant, &format!("habeas.{class}")).await;
        ["expired", "archived", "deleted", "failed"].map(|name| told[name].clone())
    }

    /// The lines of what was archived of a class, whose checksum holds and which nobody reads.
    async fn archived_lines(&self, class: &str) -> usize {
        let archives = archives(self.stack, &format!("retention/{}/habeas.{class}/", self.tenant)).await;
        archives.iter().map(|archive| archive.lines().count()).sum()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_request_leaves_in_two_steps_each_archived_first() {
    let Some(stack) = Stack::plain().await else { return };
    let tenant = format!("own-end-{}", epoch_seconds());
    let (ended, job) = Ended::play(&stack, &tenant).await;
    let before = ended.left().await;
    assert!(before.len() > 1 && before.contains(&"job".to_owned()), "{before:?}");
    ended.let_days_pass(88).await;
    assert_eq!(ended.sweep("job_executions").await, [0, 0, 0, 0].map(|count| json!(count)));
    assert_eq!(ended.left().await, before, "nothing leaves before its time");

    ended.let_days_pass(2).await;
    assert_eq!(ended.sweep("job_executions").await, [1, 1, 1, 0].map(|count| json!(count)));
    assert_eq!(ended.left().await, ["job"]);
    assert_eq!(ended.archived_lines("job_executions").await, before.len() - 1, "what went is archived");
    let staff = Api::of(&stack, &Bearer::staff(&tenant, "dpo"));
    staff.get(&format!("/privacy/jobs/{job}")).await.expect(200);

    ended.let_days_pass(1_005).await;
    assert_eq!(ended.sweep("requests").await, [1, 1, 1, 0].map(|count| json!(count)));
    assert_eq!(ended.left().await, [""; 0]);
    assert_eq!(ended.archived_lines("requests").await, 1);
    staff.get(&format!("/privacy/jobs/{job}")).await.expect(404);
    let schedule = staff.get("/privacy/retention/schedule").await.expect(200).json();
    let told = schedule["collections"].as_array().unwrap().iter().find(|it| it["collection"] == "habeas.requests");
    assert_eq!(told.unwrap()["last_run"]["counts"]["deleted"], json!(1), "{schedule}");
}
