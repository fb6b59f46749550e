//! Reports about mail: each is kept once, those of a job are found together, and a complaint may be written again.

use domain::ids::{JobId, TenantId};
use domain::key::Partition;
use domain::notice::{MailComplaint, MailFate, MailMark};
use domain::record::Record;
use domain::request::Alias;
use domain::step::StepKind;
use domain::transition::Expect;
use workflow::ports::JobStore;

use super::{commit, conflict_at, load_one, plant, put};
use crate::contracts::cases;
use crate::names::Names;

cases!(dyn JobStore: a_report_is_kept_once, reports_of_a_job_are_found_together, a_complaint_is_written_again);

fn mark(names: &mut Names, tenant: &TenantId, job: &JobId, message_id: &str, fate: MailFate) -> Record {
    Record::MailMark(Box::new(MailMark {
        v: 1,
        tenant: tenant.clone(),
        job: job.clone(),
        message_id: message_id.to_owned(),
        fate,
        kind: StepKind::NotifyReady,
        shard: 0,
        to: "subject".to_owned(),
        op_nonce: names.nonce(),
        at: names.tick(),
    }))
}

async fn a_report_is_kept_once(store: &dyn JobStore, names: &mut Names) {
    let (tenant, job) = (names.tenant(), names.job());
    let first = mark(names, &tenant, &job, "0100-a", MailFate::Bounced);
    commit(store, names, &tenant, vec![put(first.clone(), Expect::Absent)]).await.unwrap();
    let again = mark(names, &tenant, &job, "0100-a", MailFate::Bounced);
    let refused = commit(store, names, &tenant, vec![put(again, Expect::Absent)]).await;
    assert_eq!(conflict_at(refused), [0]);
    assert_eq!(load_one(store, &first.key()).await, Some(first));
}

async fn reports_of_a_job_are_found_together(store: &dyn JobStore, names: &mut Names) {
    let (tenant, job, other) = (names.tenant(), names.job(), names.job());
    for (job, message_id, fate) in [
        (&job, "0100-b", MailFate::Bounced),
        (&job, "0100-a", MailFate::Delivered),
        (&job, "0100-a", MailFate::Complained),
        (&other, "0100-a", MailFate::Delivered),
    ] {
        let record = mark(names, &tenant, job, message_id, fate);
        plant(store, names, &tenant, record).await;
    }
    let found = store.query(&tenant, &Partition::Job(job), MailMark::PREFIX).await.unwrap();
    let fates: Vec<MailFate> = found.into_iter().filter_map(Record::into_mail_mark).map(|mark| mark.fate).collect();
    assert_eq!(fates, [MailFate::Complained, MailFate::Delivered, MailFate::Bounced], "by message, then by fate");
}

async fn a_complaint_is_written_again(store: &dyn JobStore, names: &mut Names) {
    let tenant = names.tenant();
    let alias = Alias::from_keyed_hash("ab".repeat(32));
    let mut newest = None;
    for _ in 0..2 {
        let (op_nonce, at) = (names.nonce(), names.tick());
        let complaint = MailComplaint { v: 1, tenant: tenant.clone(), alias: alias.clone(), op_nonce, at };
        plant(store, names, &tenant, Record::Complaint(complaint.clone())).await;
        newest = Some(Record::Complaint(complaint));
    }
    assert_eq!(load_one(store, &MailComplaint::key_of(&tenant, &alias)).await, newest);
}
