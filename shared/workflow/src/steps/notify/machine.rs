//! What machines are told of a milestone: ids, dates and names of ours. No address, no code, no link, no words of anybody.

use domain::job::{DeadlineAlert, Job};
use domain::notice::NoticeName;
use domain::step::Step;
use serde::Serialize;

use crate::notice::Notice;

/// The body of a webhook and of a topic's message; the form is that of Standard Webhooks.
#[derive(Serialize)]
struct Body<'a> {
    r#type: NoticeName,
    timestamp: String,
    data: Milestone<'a>,
}

#[derive(Serialize)]
struct Milestone<'a> {
    tenant_id: &'a str,
    job_id: &'a str,
    request_type: &'static str,
    scope: &'static str,
    regime: &'static str,
    due_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    alerts: &'a [DeadlineAlert],
    #[serde(skip_serializing_if = "Option::is_none")]
    undelivered: Option<NoticeName>,
}

/// The body, the same at every attempt as long as the due date stands.
pub(super) fn body(job: &Job, step: &Step, notice: &Notice) -> String {
    let alerts = if let Notice::Deadline(deadline) = notice { deadline.alerts.as_slice() } else { &[] };
    let undelivered = if let Notice::Undelivered(lost) = notice { Some(lost.notice) } else { None };
    let data = Milestone {
        tenant_id: job.tenant.as_str(),
        job_id: job.id.as_str(),
        request_type: job.request_type.as_str(),
        scope: job.scope.as_str(),
        regime: job.regime.as_str(),
        due_at: job.due_at.to_string(),
        organization_id: job.organization_id.as_deref(),
        alerts,
        undelivered,
    };
    let body = Body { r#type: notice.name(), timestamp: step.created_at.to_string(), data };
    serde_json::to_string(&body).expect("texts and enums serialise")
}
