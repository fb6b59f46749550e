//! The record that lets a repeated call have the same answer; scope and body only as keyed digests.

use domain::ids::{JobId, OpNonce};
use domain::record::IdempotencyRecord;
use jiff::SignedDuration;

use super::{Idempotency, Intake};

/// How long an idempotency record is kept.
const IDEMPOTENCY_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(super) fn idempotency_scope(intake: &Intake<'_>, idempotency: &Idempotency) -> String {
    let principal = intake.caller.principal.subject.expose();
    let parts: [&[u8]; 3] = [principal.as_bytes(), idempotency.route.as_bytes(), idempotency.key.as_bytes()];
    intake.secrets.digest("idempotency scope v1", &parts)
}

pub(super) fn idempotency_record(
    intake: &Intake<'_>,
    idempotency: &Idempotency,
    job: &JobId,
    nonce: &OpNonce,
) -> IdempotencyRecord {
    IdempotencyRecord {
        v: 1,
        tenant: intake.caller.principal.tenant.clone(),
        scope: idempotency_scope(intake, idempotency),
        body: intake.secrets.digest("idempotency body v1", &[&idempotency.body]),
        job: job.clone(),
        op_nonce: nonce.clone(),
        expires_at: intake.now + IDEMPOTENCY_LIFE,
    }
}
