//! Evidence as it is written: what it says sealed under the tenant's key, its hash beside it.

use domain::evidence::Evidence;
use domain::ids::{EvidenceId, TenantId};
use domain::role::Pseudonym;
use domain::sensitive::Sensitive;
use jiff::{SignedDuration, Timestamp};

use super::{EvidenceWords, NewEvidence, Stored, corrupt};
use crate::keyring::TenantSecrets;
use crate::ports::{Entropy, PortError};
use crate::sealing::{Place, sha256};

/// Seals what evidence says, under its name.
pub(super) fn sealed(
    (secrets, entropy): (&TenantSecrets, &dyn Entropy),
    (tenant, id): (&TenantId, EvidenceId),
    (now, keep_days): (Timestamp, i64),
    collector: Pseudonym,
    new: &NewEvidence,
) -> Result<Evidence, PortError> {
    let told = |value: &Sensitive<String>| value.expose().clone();
    let EvidenceWords { title, description, content } = &new.words;
    let stored = Stored { title: told(title), description: told(description), content: told(content) };
    let plain = serde_json::to_vec(&stored).map_err(|cause| corrupt("write evidence", cause))?;
    Ok(Evidence {
        v: 1,
        evidence_type: new.evidence_type,
        source_system: new.source_system.clone(),
        collector,
        control_objectives: new.control_objectives.clone(),
        sha256: sha256(content.expose().as_bytes()),
        organization_id: new.organization_id.clone(),
        collected_at: now,
        retain_until: now + SignedDuration::from_hours(24 * keep_days),
        sealed: secrets.seal(&Place::evidence(tenant, &id), &plain, entropy),
        id,
        tenant: tenant.clone(),
    })
}
