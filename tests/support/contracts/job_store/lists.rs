//! Lists of jobs: newest first, page by page, narrowed by filters.

use std::collections::BTreeSet;

use domain::ids::TenantId;
use domain::job::{Job, JobStatus};
use domain::record::Record;
use domain::request::{Alias, RequestType};
use domain::role::Pseudonym;
use jiff::SignedDuration;
use workflow::ports::{JobFilter, JobStore};

use super::plant;
use crate::contracts::cases;
use crate::fixtures::job;
use crate::names::Names;

cases!(dyn JobStore:
    pages_join_to_the_whole_list_newest_first,
    each_filter_narrows,
    foreign_jobs_are_not_listed,
);

async fn plant_jobs(store: &dyn JobStore, names: &mut Names, tenant: &TenantId, count: usize) -> Vec<Job> {
    let mut jobs = Vec::new();
    for at in 0..count {
        let (id, now) = (names.job(), names.tick());
        let mut it = job(names, tenant, &id, now);
        if at % 2 == 0 {
            it.request_type = RequestType::Portability;
        }
        if at % 3 == 0 {
            it.status = JobStatus::Completed;
            it.subject_ref = Some(Alias::from_keyed_hash("33".repeat(16)));
        }
        if at % 4 == 0 {
            it.organization_id = Some("org-4".to_owned());
            it.assignee = Some(Pseudonym::from_keyed_hash("44".repeat(16)));
        }
        it.due_at = now + SignedDuration::from_hours(24 * 30);
        plant(store, names, tenant, Record::Job(Box::new(it.clone()))).await;
        jobs.push(it);
    }
    jobs.reverse();
    jobs
}

/// All pages of a list, joined.
async fn all(store: &dyn JobStore, tenant: &TenantId, filter: &JobFilter, limit: usize) -> Vec<Job> {
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..100 {
        let page = store.list_jobs(tenant, filter, after.as_deref(), limit).await.unwrap();
        assert!(page.jobs.len() <= limit);
        found.extend(page.jobs);
        match page.next {
            Some(next) => {
                assert_ne!(after.as_ref(), Some(&next), "a page must move on");
                after = Some(next);
            }
            None => return found,
        }
    }
    panic!("the list has no end")
}

async fn pages_join_to_the_whole_list_newest_first(store: &dyn JobStore, names: &mut Names) {
    let tenant = names.tenant();
    let jobs = plant_jobs(store, names, &tenant, 13).await;
    for limit in [1, 4, 13, 50] {
        assert_eq!(all(store, &tenant, &JobFilter::default(), limit).await, jobs, "{limit} a page");
    }
}

async fn each_filter_narrows(store: &dyn JobStore, names: &mut Names) {
    let tenant = names.tenant();
    let jobs = plant_jobs(store, names, &tenant, 13).await;
    let due_before = jobs[5].due_at;
    let any = JobFilter::default;
    let filters = [
        JobFilter { request_type: Some(RequestType::Portability), ..any() },
        JobFilter { status: Some(JobStatus::Completed), ..any() },
        JobFilter { subject: Some(Alias::from_keyed_hash("33".repeat(16))), ..any() },
        JobFilter { organization_id: Some("org-4".to_owned()), ..any() },
        JobFilter { assignee: Some(Pseudonym::from_keyed_hash("44".repeat(16))), ..any() },
        JobFilter { due_before: Some(due_before), ..any() },
        JobFilter { request_type: Some(RequestType::Portability), status: Some(JobStatus::InProgress), ..any() },
        JobFilter {
            subject: Some(Alias::from_keyed_hash("33".repeat(16))),
            organization_id: Some("org-4".to_owned()),
            ..any()
        },
    ];
    for filter in filters {
        let expected: Vec<Job> = jobs.iter().filter(|job| fits(job, &filter)).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < jobs.len(), "{filter:?} tells nothing");
        for limit in [2, 50] {
            assert_eq!(all(store, &tenant, &filter, limit).await, expected, "{filter:?}");
        }
    }
}

/// Written from the port's text, not from an adapter.
fn fits(job: &Job, filter: &JobFilter) -> bool {
    let same = |wanted: bool, is: bool| !wanted || is;
    same(filter.request_type.is_some(), Some(job.request_type) == filter.request_type)
        && same(filter.status.is_some(), Some(job.status) == filter.status)
        && same(filter.subject.is_some(), job.subject_ref == filter.subject)
        && same(filter.organization_id.is_some(), job.organization_id == filter.organization_id)
        && same(filter.assignee.is_some(), job.assignee == filter.assignee)
        && filter.due_before.is_none_or(|before| job.due_at < before)
}

async fn foreign_jobs_are_not_listed(store: &dyn JobStore, names: &mut Names) {
    let (one, other) = (names.tenant(), names.tenant());
    plant_jobs(store, names, &one, 3).await;
    let theirs = plant_jobs(store, names, &other, 2).await;
    let found: BTreeSet<_> =
        all(store, &other, &JobFilter::default(), 50).await.into_iter().map(|job| job.id).collect();
    assert_eq!(found, theirs.into_iter().map(|job| job.id).collect());
    let subject = JobFilter { subject: Some(Alias::from_keyed_hash("ab".repeat(16))), ..JobFilter::default() };
    assert!(all(store, &other, &subject, 50).await.iter().all(|job| job.tenant == other));
}
