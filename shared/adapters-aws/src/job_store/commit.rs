//! The only writer: one transaction per transition, with the nonce as its token, and what its refusal means.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use aws_smithy_runtime_api::http::Response;
use domain::ids::OpNonce;
use domain::transition::{Change, Transition};
use workflow::ports::{CommitError, PortError, PortErrorKind};

use super::{DynamoJobStore, condition};
use crate::failure::failure;
use crate::item::string;
use crate::pause::{TRIES, pause};

/// Most actions in one transaction.
const MAX_CHANGES: usize = 100;

/// What a refused transaction means.
enum Verdict {
    /// It had been committed before: its own mark is there.
    Committed,
    /// Someone was in the way for a moment.
    Again(PortError),
    /// No.
    Refused(CommitError),
}

/// Commits all changes or none.
pub(super) async fn commit(store: &DynamoJobStore, transition: &Transition) -> Result<(), CommitError> {
    refuse_unfit(transition)?;
    let nonce = &transition.op_nonce;
    let actions = transition
        .changes
        .iter()
        .map(|change| condition::action(store, change, nonce))
        .collect::<Result<Vec<_>, _>>()?;
    let mut last = PortError::new(PortErrorKind::Transient, "commit");
    for attempt in 0..TRIES {
        if attempt > 0 {
            pause(nonce.as_str(), attempt).await;
        }
        let Err(error) = send(store, &actions, nonce).await else { return Ok(()) };
        match judge(&error, transition) {
            Verdict::Committed => return Ok(()),
            Verdict::Refused(refusal) => return Err(refusal),
            Verdict::Again(error) => last = error,
        }
    }
    Err(CommitError::Port(last))
}

/// A foreign key would cross tenants (INV-T1); too many changes can't be one transaction.
fn refuse_unfit(transition: &Transition) -> Result<(), PortError> {
    if transition.changes.iter().any(|change| change.key().tenant() != &transition.tenant) {
        return Err(PortError::new(PortErrorKind::Denied, "commit"));
    }
    if transition.changes.is_empty() || transition.changes.len() > MAX_CHANGES {
        return Err(PortError::new(PortErrorKind::Corrupt, "commit"));
    }
    Ok(())
}

async fn send(
    store: &DynamoJobStore,
    actions: &[TransactWriteItem],
    nonce: &OpNonce,
) -> Result<(), SdkError<TransactWriteItemsError, Response>> {
    store
        .client
        .transact_write_items()
        .set_transact_items(Some(actions.to_vec()))
        .client_request_token(nonce.as_str())
        .send()
        .await
        .map(|_| ())
}

fn judge(error: &SdkError<TransactWriteItemsError, Response>, transition: &Transition) -> Verdict {
    let service = error.as_service_error();
    if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = service {
        return judge_reasons(cancelled.cancellation_reasons(), transition, failure("commit", error));
    }
    let code = service.and_then(ProvideErrorMetadata::code);
    if code == Some("TransactionInProgressException") {
        return Verdict::Again(failure("commit", error));
    }
    // The SDK has repeated what is worth repeating.
    Verdict::Refused(CommitError::Port(failure("commit", error)))
}

fn judge_reasons(reasons: &[CancellationReason], transition: &Transition, error: PortError) -> Verdict {
    let refused: Vec<usize> = positions(reasons, |code| code == "ConditionalCheckFailed");
    if refused.iter().any(|at| is_ours(&reasons[*at], &transition.op_nonce)) {
        return Verdict::Committed;
    }
    if !refused.is_empty() {
        return Verdict::Refused(refusal(refused, transition));
    }
    let passing = |code: &str| {
        matches!(
            code,
            "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded" | "RequestLimitExceeded"
        )
    };
    if positions(reasons, passing).is_empty() {
        return Verdict::Refused(CommitError::Port(error));
    }
    Verdict::Again(PortError { kind: PortErrorKind::Transient, ..error })
}

fn positions(reasons: &[CancellationReason], wanted: impl Fn(&str) -> bool) -> Vec<usize> {
    let matching = |(at, reason): (usize, &CancellationReason)| reason.code().is_some_and(&wanted).then_some(at);
    reasons.iter().enumerate().filter_map(matching).collect()
}

/// All changes of a transaction are written together, so one mark of ours proves the whole.
fn is_ours(reason: &CancellationReason, nonce: &OpNonce) -> bool {
    reason.item().and_then(|item| string(item, "op_nonce")) == Some(nonce.as_str())
}

/// An expectation counts before a limit: a repeated request is answered as before even where the quota is used up.
#[expect(clippy::needless_pass_by_value, reason = "the positions go into the error")]
fn refusal(refused: Vec<usize>, transition: &Transition) -> CommitError {
    let limit_of = |at: &usize| match transition.changes.get(*at) {
        Some(Change::Add { key, limit: Some(limit), .. }) => Some((key.clone(), *limit)),
        Some(
            Change::Add { .. }
            | Change::Put { .. }
            | Change::Delete { .. }
            | Change::Guard { .. }
            | Change::Check { .. },
        )
        | None => None,
    };
    let expectations: Vec<usize> = refused.iter().copied().filter(|at| limit_of(at).is_none()).collect();
    match refused.iter().find_map(limit_of) {
        Some((key, limit)) if expectations.is_empty() => CommitError::LimitReached { key, limit },
        Some(_) | None => CommitError::Conflict { at: expectations },
    }
}

#[cfg(test)]
mod tests;
