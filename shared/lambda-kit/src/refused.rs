//! How each refusal of a use case is answered: one exhaustive match. Internal detail is logged here and never leaves.

use jiff::Timestamp;
use workflow::ports::{PortError, PortErrorKind};
use workflow::refusal::Refusal;

use crate::problem::{Problem, ProblemKind};

/// The problem document of a refusal.
#[must_use]
pub fn problem_of(refusal: &Refusal, now: Timestamp) -> Problem {
    match refusal {
        Refusal::NotFound => Problem::not_found(),
        Refusal::Forbidden { needs } => {
            let names: Vec<&str> = needs.iter().map(|permission| permission.as_str()).collect();
            Problem::new(ProblemKind::Forbidden, format!("this needs {}", names.join(" or ")))
                .with("permissions", names)
        }
        Refusal::Reserved { to } => Problem::new(ProblemKind::Forbidden, format!("this is reserved to {to}")),
        Refusal::Invalid(errors) => {
            let start = Problem::new(ProblemKind::Invalid, "one or more values are wrong");
            errors.iter().fold(start, |problem, error| problem.at(error.pointer.clone(), error.detail.clone()))
        }
        Refusal::WrongState { status } => {
            Problem::new(ProblemKind::WrongState, format!("the job is {status}")).with("state", status.as_str())
        }
        Refusal::PlanChanged => Problem::new(
            ProblemKind::WrongState,
            "this is not the plan that waits for approval; look at the plan again",
        )
        .with("state", "plan_changed"),
        Refusal::Held => Problem::new(
            ProblemKind::WrongState,
            "a legal hold covers whom the erasure is about; approve it once the hold is released",
        )
        .with("state", "on_hold"),
        Refusal::HoldReleased => {
            Problem::new(ProblemKind::WrongState, "the legal hold is released already").with("state", "released")
        }
        Refusal::RuleForbids { rule, because } => {
            Problem::new(ProblemKind::WrongState, because.clone()).with("rule", rule.as_str())
        }
        Refusal::WrongCode { tries_left } => {
            Problem::invalid("/code", "is wrong, used or too old").with("tries_left", *tries_left)
        }
        Refusal::IdempotencyMismatch => {
            Problem::new(ProblemKind::KeyReused, "send the same body again, or another Idempotency-Key")
        }
        Refusal::QuotaReached { quota, limit, resets_at } => quota_problem(quota, *limit, *resets_at, now),
        Refusal::NotSealed => {
            Problem::new(ProblemKind::WrongState, "this is not in the signed log yet; the sealer runs each minute")
                .with("state", "not_sealed")
                .retry_after(60)
        }
        Refusal::TooLarge { because } => Problem::new(ProblemKind::AnswerTooLarge, because.clone()),
        Refusal::Gone => Problem::new(ProblemKind::Gone, "the archive could be fetched until its end and is deleted"),
        Refusal::NoDataMap => Problem::new(ProblemKind::WrongState, "no data map is published for this tenant")
            .with("state", "no_data_map"),
        Refusal::Busy => {
            Problem::new(ProblemKind::TooMany, "too many requests at once; nothing was written").retry_after(1)
        }
        Refusal::Port(error) => failed(error),
    }
}

/// A refusal says which quota, limit and use, and when it starts anew or that a larger plan lifts it (V2).
fn quota_problem(quota: &str, limit: i64, resets_at: Option<Timestamp>, now: Timestamp) -> Problem {
    const LATER_SECONDS: i64 = 3_600;
    let wait = resets_at.map_or(LATER_SECONDS, |at| at.duration_since(now).as_secs().max(1));
    let lifted = resets_at.map_or("a larger plan lifts it".to_owned(), |at| format!("it starts anew at {at}"));
    let problem =
        Problem::new(ProblemKind::QuotaExceeded, format!("{quota} has reached its limit of {limit}; {lifted}"))
            .with("quota", quota)
            .with("limit", limit)
            .with("used", limit)
            .retry_after(wait.unsigned_abs());
    match resets_at {
        Some(at) => problem.with("resets_at", at.to_string()),
        None => problem,
    }
}

fn failed(error: &PortError) -> Problem {
    let cause = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
    tracing::error!(error = %error, cause, "a port failed");
    match error.kind {
        PortErrorKind::Transient => {
            Problem::new(ProblemKind::Unavailable, "nothing may have been written").retry_after(2)
        }
        PortErrorKind::Conflict | PortErrorKind::NotFound | PortErrorKind::Denied | PortErrorKind::Corrupt => {
            Problem::new(ProblemKind::Internal, "the call was not finished")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_monthly_quota_says_when_it_starts_anew() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let refusal = Refusal::QuotaReached { quota: "jobs_per_month", limit: 5, resets_at: Some(at(100)) };
        let expected = Problem::new(
            ProblemKind::QuotaExceeded,
            "jobs_per_month has reached its limit of 5; it starts anew at 1970-01-01T00:01:40Z",
        )
        .with("quota", "jobs_per_month")
        .with("limit", 5)
        .with("used", 5)
        .with("resets_at", "1970-01-01T00:01:40Z")
        .retry_after(60);
        assert_eq!(problem_of(&refusal, at(40)), expected);
    }

    #[test]
    fn what_broke_inside_is_not_told() {
        let error = PortError::caused(PortErrorKind::Corrupt, "read job", "table habeas-dev-jobs");
        let told = format!("{:?}", problem_of(&Refusal::Port(error), Timestamp::UNIX_EPOCH));
        assert!(!told.contains("habeas-dev-jobs") && !told.contains("read job"));
    }
}
