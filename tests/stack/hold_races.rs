//! Holds placed while erasures of the same people run on the deployed stack: nothing goes once a hold is effective (INV-E1).
//!
//! 6 races, or as many as `HABEAS_HOLD_RACES` says: 500 take some minutes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use adapters_memory::SplitMix;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::api::{Api, job_id};
use crate::aws;
use crate::harness::{Stack, epoch_seconds, pause, scratch};
use crate::people_map::people_and_notes;
use crate::tokens::Bearer;

/// Races at the same time.
const WIDTH: usize = 6;
/// Notes of each person.
const NOTES: usize = 4;
/// From so many races on, some must have been won by the hold and some by the erasure.
const MANY: usize = 100;

/// How a race ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Won {
    /// Everything was still there when the hold was effective.
    Hold,
    /// Something had gone before.
    Both,
    /// Nothing was left by then.
    Erasure,
}

/// Where the races are run.
struct Course<'a> {
    stack: &'a Stack,
    tenant: String,
    notes: String,
    client: aws_sdk_dynamodb::Client,
}

impl<'a> Course<'a> {
    /// Tables of its own with so many people.
    async fn prepare(stack: &'a Stack, people: usize) -> Self {
        let now = epoch_seconds();
        let (tenant, notes) = (format!("races-{now}"), format!("races-notes-{now}"));
        let dir = scratch("hold-races");
        let map = people_and_notes("held", [&format!("races-people-{now}"), &notes], "");
        std::fs::write(dir.join("datamap.yml"), map).unwrap();
        let person = |at: usize| json!({ "id": format!("p-{at}"), "email": email(at) });
        let note =
            |at: usize| json!({ "id": format!("n-{at}"), "person": format!("p-{}", at / NOTES), "text": "canary" });
        let lines = |rows: Vec<Value>| rows.iter().map(|row| format!("{row}\n")).collect::<String>();
        std::fs::write(dir.join("people.ndjson"), lines((0..people).map(person).collect())).unwrap();
        std::fs::write(dir.join("notes.ndjson"), lines((0..people * NOTES).map(note).collect())).unwrap();
        stack.load_and_publish(&dir, &tenant);
        Self { stack, tenant, notes, client: aws_sdk_dynamodb::Client::new(&aws::config(stack).await) }
    }

    /// An officer by name.
    fn officer(&self, name: &str) -> Api {
        Api::of(
            self.stack,
            &Bearer { email: Some(format!("{name}@example.com")), ..Bearer::staff(&self.tenant, "dpo") },
        )
    }

    /// Notes that a person still has.
    async fn left(&self, person: usize) -> usize {
        let request = self.client.query().table_name(&self.notes).index_name("by-person").select(Select::Count);
        let request =
            request.key_condition_expression("#person = :person").expression_attribute_names("#person", "person");
        let id = AttributeValue::S(format!("p-{person}"));
        let answer = request.expression_attribute_values(":person", id).send().await.unwrap();
        usize::try_from(answer.count()).unwrap()
    }

    /// An erasure that is approved; the id of its job.
    async fn approved(&self, person: usize) -> String {
        let own = Api::of(self.stack, &Bearer::subject(&self.tenant, &email(person)));
        let officer = self.officer("dpo");
        let job = job_id(&own.post("/privacy/me/delete", &json!({ "grace_period_days": 0 })).await.expect(202));
        officer.until(&job, "awaiting_approval", 60).await;
        officer.approve(&job).await.expect(200);
        job
    }

    async fn status(&self, job: &str) -> String {
        self.officer("dpo").status(job).await
    }

    /// A hold so long after the approval; what was left when it was effective is left for good.
    async fn race(&self, person: usize, delay: Duration) -> (Won, String) {
        let job = self.approved(person).await;
        tokio::time::sleep(delay).await;
        let hold = self.officer("counsel").effective_hold(&email(person)).await;
        let then = self.left(person).await;
        for _ in 0..100 {
            if matches!(self.status(&job).await.as_str(), "on_hold" | "completed") {
                break;
            }
            pause(100).await;
        }
        pause(500).await;
        assert_eq!(self.left(person).await, then, "INV-E1 something was erased under an effective hold");
        let won = match then {
            NOTES => Won::Hold,
            0 => Won::Erasure,
            _ => Won::Both,
        };
        // What was held goes on by itself; only so many may be open.
        self.officer("third").post(&format!("/privacy/holds/{hold}/release"), &json!({})).await.expect(200);
        (won, job)
    }
}

fn email(person: usize) -> String {
    format!("held{person}@example.com")
}

fn races() -> usize {
    std::env::var("HABEAS_HOLD_RACES").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_erased_on_the_stack_under_an_effective_hold() {
    let Some(stack) = Stack::plain().await else { return };
    let races = races();
    let course = Course::prepare(&stack, races + 1).await;
    let started = Instant::now();
    // One without a hold tells how long an erasure takes.
    let job = course.approved(races).await;
    let approved = Instant::now();
    course.officer("dpo").until(&job, "completed", 60).await;
    let usual = approved.elapsed();

    let mut random = SplitMix::new(7);
    let delays: Vec<Duration> = (0..races).map(|_| usual * u32::try_from(random.below(130)).unwrap() / 100).collect();
    let all = delays.into_iter().enumerate().map(|(person, delay)| course.race(person, delay));
    let ended: Vec<(Won, String)> = futures::stream::iter(all).buffer_unordered(WIDTH).collect().await;

    let mut counts: BTreeMap<Won, usize> = BTreeMap::new();
    for (won, job) in &ended {
        *counts.entry(*won).or_default() += 1;
        course.officer("dpo").until(job, "completed", 60).await;
    }
    let seconds = started.elapsed().as_secs();
    println!(
        "{races} races in {seconds} s, an erasure takes {usual:.1?}: {counts:?}, none erased under an effective hold"
    );
    assert!(races < MANY || counts.len() > 1, "races that never meet prove nothing: {counts:?}");
}
