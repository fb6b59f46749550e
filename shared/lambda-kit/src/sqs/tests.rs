//! Claims about batches.

use std::sync::Mutex;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use domain::ids::JobId;
use domain::step::{Nudge, StepKind};
use jiff::Timestamp;
use workflow::ports::Clock;

use super::{Batch, handle_batch};

struct Fixed(Timestamp);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

#[derive(Debug, thiserror::Error)]
#[error("try again")]
struct Again;

fn message(id: &str, body: String) -> SqsMessage {
    let mut message = SqsMessage::default();
    message.message_id = Some(id.to_owned());
    message.body = Some(body);
    message
}

fn nudge(shard: u32) -> String {
    let nudge = Nudge {
        v: 1,
        tenant: "acme".parse().unwrap(),
        job: JobId::new(Timestamp::UNIX_EPOCH, [1; 10]),
        step: StepKind::Collect,
        shard,
        version: 1,
    };
    serde_json::to_string(&nudge).unwrap()
}

fn event(bodies: &[String]) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = bodies.iter().enumerate().map(|(at, body)| message(&format!("m{at}"), body.clone())).collect();
    event
}

#[tokio::test]
async fn each_record_fails_by_itself() {
    let seen = Mutex::new(Vec::new());
    let bodies = [nudge(0), "{}".to_owned(), nudge(1), nudge(2), nudge(3)];
    let handler = |nudge: Nudge, _| {
        seen.lock().unwrap().push(nudge.shard);
        async move {
            match nudge.shard {
                1 => Err(Again),
                2 => panic!("a broken step"),
                _ => Ok(()),
            }
        }
    };
    let clock = Fixed(Timestamp::UNIX_EPOCH);
    let batch = handle_batch(&clock, Timestamp::MAX, event(&bodies), handler).await;
    assert_eq!(batch, Batch { failed: vec!["m2".to_owned(), "m3".to_owned()], unreadable: 1 });
    assert_eq!(*seen.lock().unwrap(), [0, 1, 2, 3]);
}

#[tokio::test]
async fn records_without_time_are_left_for_later() {
    let clock = Fixed(Timestamp::UNIX_EPOCH);
    let handler = |_: Nudge, _| async { Ok::<_, Again>(()) };
    let batch = handle_batch(&clock, Timestamp::UNIX_EPOCH, event(&[nudge(0), nudge(1)]), handler).await;
    assert_eq!(batch.failed, ["m1"]);
}
