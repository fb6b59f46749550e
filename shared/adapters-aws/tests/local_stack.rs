//! The adapters against a local AWS stack; runs where `HABEAS_TEST_ENDPOINT` names one, else says that it is skipped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test against an emulator that the caller names"
)]

#[path = "local_stack/records.rs"]
mod records;
#[path = "local_stack/stack.rs"]
mod stack;

use std::sync::Arc;

use adapters_aws::DynamoJobStore;
use adapters_aws::QueueUrls;
use domain::ids::TenantId;
use domain::job::{Job, JobStatus};
use domain::key::Partition;
use domain::record::{Counter, KeyRecord, Record, wake_shard};
use domain::request::Alias;
use domain::step::{Nudge, StepKind};
use domain::transition::{Change, Expect};
use workflow::ports::{
    ByteRange, CommitError, DataMaps, ExportStore, JobFilter, JobQueue, JobStore, KeyContext, KeyService, Mail, Mailer,
    PortErrorKind,
};

use records::{at, job, nonce, put_job, put_step, step, tenant, transition};
use stack::Stack;

fn store(stack: &Stack) -> Arc<DynamoJobStore> {
    // Transaction tokens belong to the account: each test has nonces of its own.
    records::seed(&stack.name);
    stack.aws.job_store(&stack.named("jobs"), &stack.named("keyring"))
}

async fn commit(store: &DynamoJobStore, n: u8, changes: Vec<Change>) -> Result<(), CommitError> {
    store.commit(&transition(n, changes)).await
}

#[tokio::test]
async fn a_transition_is_written_whole_or_not_at_all() {
    let Some(stack) = Stack::start("whole").await else { return };
    let store = store(&stack);
    let first = job(1);
    let due = step(&first, 0, at(10));
    let key = KeyRecord {
        v: 1,
        tenant: tenant(),
        owner: KeyRecord::job_owner(&first.id),
        wrapped: "AA==".to_owned(),
        op_nonce: nonce(1),
    };
    let changes = vec![
        put_job(&first, Expect::Absent),
        put_step(&due, Expect::Absent),
        Change::Put { record: Record::Key(key.clone()), expect: Expect::Absent },
        Change::Add { key: Counter::open_jobs(&tenant()), by: 1, limit: Some(2) },
    ];
    commit(&store, 1, changes.clone()).await.unwrap();
    commit(&store, 1, changes.clone()).await.expect("the same transition again is a success");

    let other = commit(&store, 2, changes).await;
    assert!(matches!(other, Err(CommitError::Conflict { at }) if at == [0, 1, 2]));
    let keys = [first.key(), due.key(), KeyRecord::key_of(&tenant(), &key.owner), Counter::open_jobs(&tenant())];
    let loaded = store.load(&keys).await.unwrap();
    let counter = Counter { key: Counter::open_jobs(&tenant()), value: 1 };
    let expected = [
        Some(Record::Job(Box::new(first.clone()))),
        Some(Record::Step(Box::new(due))),
        Some(Record::Key(key)),
        Some(Record::Counter(counter)),
    ];
    assert_eq!(loaded, expected);
    assert_eq!(store.load(&[job(9).key()]).await.unwrap(), [None]);
}

#[tokio::test]
async fn expectations_are_kept() {
    let Some(stack) = Stack::start("expect").await else { return };
    let store = store(&stack);
    let first = job(1);
    let claimed = domain::step::Step { fence: 5, ..step(&first, 0, at(10)) };
    commit(&store, 1, vec![put_job(&first, Expect::Absent), put_step(&claimed, Expect::Absent)]).await.unwrap();
    let next = domain::step::Step { version: 2, ..claimed.clone() };
    let after = domain::step::Step { version: 3, ..claimed.clone() };
    let check = |expect| Change::Check { key: job(1).key(), expect };
    for (n, change, holds) in [
        (2, put_step(&next, Expect::Fence(5)), true),
        (3, put_step(&after, Expect::Fence(4)), false),
        (9, put_step(&next, Expect::Fence(5)), false),
        (4, check(Expect::OpenJob), true),
        (5, check(Expect::Version(1)), true),
        (6, check(Expect::Version(2)), false),
        (7, check(Expect::Absent), false),
        (8, check(Expect::Any), true),
    ] {
        assert_eq!(commit(&store, n, vec![change]).await.is_ok(), holds, "{n}");
    }
    let ended = Job { status: JobStatus::Cancelled, version: 2, ..first };
    commit(&store, 9, vec![put_job(&ended, Expect::Version(1))]).await.unwrap();
    assert!(
        matches!(commit(&store, 10, vec![check(Expect::OpenJob)]).await, Err(CommitError::Conflict { at }) if at == [0])
    );
}

#[tokio::test]
async fn counters_stop_at_their_limit() {
    let Some(stack) = Stack::start("limit").await else { return };
    let store = store(&stack);
    let add = || vec![Change::Add { key: Counter::open_jobs(&tenant()), by: 1, limit: Some(2) }];
    commit(&store, 1, add()).await.unwrap();
    commit(&store, 2, add()).await.unwrap();
    assert!(matches!(commit(&store, 3, add()).await, Err(CommitError::LimitReached { limit: 2, .. })));
}

#[tokio::test]
async fn an_own_write_is_recognised_after_its_token_is_forgotten() {
    let Some(stack) = Stack::start("own").await else { return };
    let store = store(&stack);
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let key = job(1).key();
    let client = aws_sdk_dynamodb::Client::new(&stack.config);
    // Written behind the store's back, so that no token is known for it.
    let item = [("pk", key.stored_partition()), ("sk", "job".to_owned()), ("op_nonce", nonce(1).as_str().to_owned())];
    let item = item.into_iter().map(|(name, value)| (name.to_owned(), text(&value))).collect();
    client.put_item().table_name(stack.named("jobs")).set_item(Some(item)).send().await.unwrap();

    commit(&store, 1, vec![put_job(&job(1), Expect::Absent)]).await.expect("the mark is ours");
    let foreign = commit(&store, 2, vec![put_job(&job(1), Expect::Absent)]).await;
    assert!(matches!(foreign, Err(CommitError::Conflict { at }) if at == [0]));
}

#[tokio::test]
async fn jobs_are_listed_newest_first_page_by_page() {
    let Some(stack) = Stack::start("list").await else { return };
    let store = store(&stack);
    for n in 1..=5 {
        commit(&store, n, vec![put_job(&job(n), Expect::Absent)]).await.unwrap();
    }
    let list = async |filter: &JobFilter, after: Option<String>| {
        let page = store.list_jobs(&tenant(), filter, after.as_deref(), 2).await.unwrap();
        (page.jobs.iter().map(|job| job.id.clone()).collect::<Vec<_>>(), page.next)
    };
    let all = JobFilter::default();
    let (first, next) = list(&all, None).await;
    assert_eq!(first, [job(5).id, job(4).id]);
    let (second, next) = list(&all, next).await;
    assert_eq!(second, [job(3).id, job(2).id]);
    assert_eq!(list(&all, next).await, (vec![job(1).id], None));

    let odd = JobFilter { subject: Some(Alias::from_keyed_hash("alias1".to_owned())), ..JobFilter::default() };
    let (odds, next) = list(&odd, None).await;
    assert_eq!(odds, [job(5).id, job(3).id]);
    assert_eq!(list(&odd, next).await, (vec![job(1).id], None));

    let early = JobFilter { due_before: Some(job(3).due_at), status: Some(JobStatus::Pending), ..JobFilter::default() };
    assert_eq!(list(&early, None).await, (vec![job(2).id, job(1).id], None));
    let none = JobFilter { status: Some(JobStatus::Failed), ..JobFilter::default() };
    assert_eq!(list(&none, None).await, (vec![], None));
    let other: TenantId = "acme-2".parse().unwrap();
    assert!(store.list_jobs(&other, &all, None, 2).await.unwrap().jobs.is_empty());
    assert!(store.list_jobs(&tenant(), &all, Some("nonsense"), 2).await.is_err());
}

#[tokio::test]
async fn due_steps_are_found_and_postponed_once() {
    let Some(stack) = Stack::start("wake").await else { return };
    let store = store(&stack);
    let owner = job(1);
    let steps = [step(&owner, 0, at(30)), step(&owner, 1, at(10)), step(&owner, 2, at(99))];
    let puts = steps.iter().map(|step| put_step(step, Expect::Absent)).collect();
    commit(&store, 1, puts).await.unwrap();

    let shard = wake_shard(&owner.id);
    let due = store.due(shard, at(50), 10).await.unwrap();
    assert_eq!(due.iter().map(|entry| entry.key.clone()).collect::<Vec<_>>(), [steps[1].key(), steps[0].key()]);
    assert_eq!(store.due(shard, at(50), 1).await.unwrap(), due[..1]);
    assert!(store.postpone(&due[0], at(70)).await.unwrap());
    assert!(!store.postpone(&due[0], at(80)).await.unwrap(), "it has moved meanwhile");

    let prefix = "step#collect#";
    let records = store.query(&tenant(), &Partition::Job(owner.id.clone()), prefix).await.unwrap();
    let checks: Vec<_> = records.iter().filter_map(Record::wake).map(|wake| wake.at).collect();
    assert_eq!(checks, [at(30), at(70), at(99)]);
    assert!(records.iter().all(|record| record.version() == Some(1)), "no version was written");
    assert!(store.due((shard + 1) % 16, at(500), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn nudges_reach_the_queue_of_their_step() {
    let Some(stack) = Stack::start("queue").await else { return };
    let queue = stack.aws.job_queue(QueueUrls::new(&stack.queues[0], &stack.queues[1], &stack.queues[2]));
    let nudge = |kind, shard| Nudge { step: kind, shard, ..Nudge::for_step(&step(&job(1), shard, at(1))) };
    let mut nudges: Vec<Nudge> = (0..12).map(|shard| nudge(StepKind::Collect, shard)).collect();
    nudges.push(nudge(StepKind::Erase, 0));
    nudges.push(nudge(StepKind::NotifyReady, 0));
    queue.send(&nudges, 0).await.unwrap();

    let client = aws_sdk_sqs::Client::new(&stack.config);
    let mut received = [Vec::new(), Vec::new(), Vec::new()];
    for (at, url) in stack.queues.iter().enumerate() {
        for _ in 0..4 {
            let answer = client.receive_message().queue_url(url).max_number_of_messages(10).send().await.unwrap();
            let read = |message: &aws_sdk_sqs::types::Message| serde_json::from_str(message.body().unwrap()).unwrap();
            received[at].extend(answer.messages().iter().map(read));
        }
        received[at].sort();
    }
    let [exports, erasures, notices]: [Vec<Nudge>; 3] = received;
    assert_eq!((exports, erasures.as_slice()), (nudges[..12].to_vec(), &nudges[12..13]));
    assert_eq!(notices, nudges[13..]);
}

#[tokio::test]
async fn a_data_key_opens_under_its_context_only() {
    let Some(stack) = Stack::start("keys").await else { return };
    let keys = stack.aws.key_service(&stack.key_id);
    let context = KeyContext { tenant: tenant(), owner: "tenant".to_owned() };
    let made = keys.generate(&context).await.unwrap();
    assert_eq!(*keys.unwrap(&context, &made.wrapped).await.unwrap(), *made.plain);
    let other = KeyContext { owner: "job#1".to_owned(), ..context };
    let refused = keys.unwrap(&other, &made.wrapped).await.unwrap_err();
    assert!(matches!(refused.kind, PortErrorKind::Denied | PortErrorKind::Corrupt), "{refused:?}");
}

#[tokio::test]
async fn objects_are_written_read_and_deleted() {
    let Some(stack) = Stack::start("objects").await else { return };
    let exports = stack.aws.export_store(&stack.named("exports"), &stack.key_id);
    assert!(exports.put_if_absent("parts/a/1", b"0123456789".to_vec()).await.unwrap());
    assert!(!exports.put_if_absent("parts/a/1", b"other".to_vec()).await.unwrap());
    assert_eq!(exports.read("parts/a/1", None).await.unwrap(), b"0123456789");
    assert_eq!(exports.read("parts/a/1", Some(ByteRange { start: 2, end: 5 })).await.unwrap(), b"234");
    assert_eq!(exports.read("parts/a/1", Some(ByteRange { start: 2, end: 2 })).await.unwrap(), b"");
    assert_eq!(exports.head("parts/a/1").await.unwrap().unwrap().bytes, 10);
    assert_eq!(exports.head("parts/a/2").await.unwrap(), None);
    assert_eq!(exports.read("parts/a/2", None).await.unwrap_err().kind, PortErrorKind::NotFound);
    exports.put("parts/b/1", b"kept".to_vec()).await.unwrap();
    exports.delete_all("parts/a/").await.unwrap();
    assert_eq!(exports.head("parts/a/1").await.unwrap(), None);
    assert_eq!(exports.read("parts/b/1", None).await.unwrap(), b"kept");
    exports.delete("parts/b/1").await.unwrap();
    exports.delete("parts/b/1").await.expect("deleting what isn't there is a success");
}

#[tokio::test]
async fn an_upload_completes_once_and_its_link_opens_it() {
    let Some(stack) = Stack::start("upload").await else { return };
    let exports = stack.aws.export_store(&stack.named("exports"), &stack.key_id);
    let key = "exports/a.zip";
    let big = vec![7_u8; 5 << 20];
    let upload = exports.start_upload(key).await.unwrap();
    let parts = [
        exports.upload_part(key, &upload, 1, big.clone()).await.unwrap(),
        exports.upload_part(key, &upload, 2, b"end".to_vec()).await.unwrap(),
    ];
    let late = exports.start_upload(key).await.unwrap();
    let late_part = exports.upload_part(key, &late, 1, b"late".to_vec()).await.unwrap();
    exports.complete_upload(key, &upload, &parts).await.unwrap();
    assert_eq!(exports.head(key).await.unwrap().unwrap().bytes, big.len() as u64 + 3);
    // S3 may still know the upload and answer as before.
    if let Err(over) = exports.complete_upload(key, &upload, &parts).await {
        assert!(matches!(over.kind, PortErrorKind::NotFound | PortErrorKind::Conflict), "{over:?}");
    }
    let second = exports.complete_upload(key, &late, &[late_part]).await.unwrap_err();
    assert_eq!(second.kind, PortErrorKind::Conflict);
    exports.abort_upload(key, &late).await.unwrap();
    exports.abort_upload(key, &late).await.expect("dropping what is over is a success");

    let link = exports.sign_link(key, "a.zip", at(0), at(60)).await.unwrap();
    assert_eq!(link.expires_at, at(60));
    let (head, body) = fetch(link.url.expose()).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.to_lowercase().contains("content-disposition: attachment; filename=\"a.zip\""), "{head}");
    assert_eq!(body.len(), big.len() + 3);
}

/// A plain GET, as a browser would send it.
async fn fetch(url: &str) -> (String, Vec<u8>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&answer[..end]).into_owned(), answer[end + 4..].to_vec())
}

#[tokio::test]
async fn mail_is_accepted() {
    let Some(stack) = Stack::start("mail").await else { return };
    let client = aws_sdk_sesv2::Client::new(&stack.config);
    client.create_email_identity().email_identity("privacy@example.com").send().await.unwrap();
    let sensitive = |text: &str| domain::sensitive::Sensitive::new(text.to_owned());
    let mail = Mail {
        to: sensitive("ada@example.com"),
        subject: "Your data".to_owned(),
        text: sensitive("code 123456"),
        html: sensitive("<p>code 123456</p>"),
        notice_id: "job_1#ready".to_owned(),
        tenant: tenant(),
        receiver: "staff:dpo".to_owned(),
    };
    stack.aws.mailer("privacy@example.com", None).send(&mail).await.unwrap();
}

#[tokio::test]
async fn a_data_map_is_published_once_and_loaded_by_hash() {
    let Some(stack) = Stack::start("maps").await else { return };
    let store = store(&stack);
    let bucket = stack.named("config");
    let map: datamap::DataMap =
        serde_json::from_str(r#"{"v":1,"controller":null,"connections":[],"collections":[],"flows":[],"erasure":[]}"#)
            .unwrap();
    let maps = stack.aws.data_maps(&bucket);
    let hash = maps.publish(store.as_ref(), &tenant(), &map, nonce(1), at(1)).await.unwrap();
    assert_eq!(hash, map.hash().unwrap());
    maps.publish(store.as_ref(), &tenant(), &map, nonce(2), at(2)).await.expect("the current one again");
    assert_eq!(*maps.load(&tenant(), &hash).await.unwrap(), map);
    let pointer = store.load(&[domain::record::DataMapPointer::key_of(&tenant())]).await.unwrap();
    assert_eq!(pointer[0].as_ref().unwrap().version(), Some(1));

    let config = aws_sdk_s3::config::Builder::from(&stack.config).force_path_style(true).build();
    let object = format!("datamap/{}/{hash}.json", tenant());
    let client = aws_sdk_s3::Client::from_conf(config);
    client.put_object().bucket(&bucket).key(object).body(b"{}".to_vec().into()).send().await.unwrap();
    let fresh = stack.aws.data_maps(&bucket);
    assert_eq!(fresh.load(&tenant(), &hash).await.unwrap_err().kind, PortErrorKind::Corrupt);
    assert_eq!(fresh.load(&tenant(), "00").await.unwrap_err().kind, PortErrorKind::NotFound);
}
