//! What officers, and people themselves, do to restrictions and objections. Pure: nothing is read or written here.

use domain::job::{Decision, Job, JobStatus, Outcome, decide, ready};
use domain::request::RequestType;
use domain::restriction::{Lift, Restriction};
use domain::step::StepKind;
use jiff::Timestamp;

use super::Doer;
use crate::refusal::Refusal;

/// Upholds an objection that waits to be decided.
pub(super) fn uphold(job: &Job, reason: &str, doer: Doer, now: Timestamp) -> Result<Decision, Refusal> {
    if job.request_type != RequestType::Objection || job.status != JobStatus::AwaitingApproval {
        return Err(Refusal::WrongState { status: job.status });
    }
    Ok(decide(job, &Outcome::Upheld { by: doer.who, reason: reason.to_owned() }, now))
}

/// Ends a restriction: at once where the person wishes it or knows of it, else with the notice that tells it.
pub(super) fn lift(
    job: &Job,
    (reason, told_by): (&str, Option<&str>),
    doer: Doer,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let wrong = || Refusal::WrongState { status: job.status };
    // An objection that waits is decided, not lifted.
    let restriction = job.restriction.as_deref().filter(|it| it.stands() && !job.is_open()).ok_or_else(wrong)?;
    if restriction.purpose.is_some() && !doer.is_own {
        let because = "only the person takes back an objection to direct marketing".to_owned();
        return Err(Refusal::RuleForbids { rule: "gdpr-21-3".to_owned(), because });
    }
    let lift = Lift { by: doer.who, at: now, reason: reason.to_owned(), told_by: told_by.map(str::to_owned) };
    let lifting = Restriction { lift: Some(lift), ..restriction.clone() };
    let after = Job { restriction: Some(Box::new(lifting)), ..job.clone() };
    if doer.is_own || told_by.is_some() {
        return Ok(decide(&after, &Outcome::Lifted, now));
    }
    // Of a refused request no address is kept.
    if job.contact.is_none() || job.status != JobStatus::Completed {
        return Err(tell_first("no mail can reach them, so name in told_by how they were told"));
    }
    if restriction.lift.is_some() {
        return Err(wrong());
    }
    let next = vec![ready(StepKind::NotifyLifting, now)];
    Ok(Decision { job: Some(Box::new(after)), next, settles: Vec::new() })
}

/// GDPR Art. 18(3).
pub(super) fn tell_first(how: &str) -> Refusal {
    let because = format!("the person must be told before a restriction ends: {how}");
    Refusal::RuleForbids { rule: "gdpr-18-3".to_owned(), because }
}
