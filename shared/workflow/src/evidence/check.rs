//! Checks a piece of evidence: what it says against its hash, its chain of custody link by link. What was found is kept as evidence too.

use domain::event::{Action, EventType};
use domain::evidence::{Evidence, EvidenceCheck};
use domain::ids::{EvidenceId, TenantId};
use domain::role::Permission;

use super::{DAMAGED, KeepEvidence, RESOURCE_TYPE, corrupt, custody};
use crate::caller::Caller;
use crate::keyring::TenantSecrets;
use crate::refusal::Refusal;
use crate::sealing::sha256;
use crate::verify_audits::RESULT_LIFE;

impl KeepEvidence {
    /// Whether a piece of evidence and its chain of custody hold; what was found counts for a day.
    ///
    /// # Errors
    /// `Forbidden` without `evidence:read`; `NotFound` for unknown and foreign ones alike.
    pub async fn verify(&self, caller: &Caller, id: &EvidenceId) -> Result<EvidenceCheck, Refusal> {
        let (secrets, now) = self.read.admit_with(caller, Permission::EvidenceRead).await?;
        let tenant = &caller.principal.tenant;
        let of = (EventType::UserAccess, Action::Execute, RESOURCE_TYPE, Some(id.to_string()));
        let (evidence, bytes) = self.stored(tenant, id).await?;
        self.read.tell_as(caller, &secrets, now, of).await?;
        let name = check_name(tenant, id);
        let before = self.store.read(&name).await?;
        if let Some(before) = &before {
            let known: EvidenceCheck =
                serde_json::from_slice(&before.bytes).map_err(|cause| corrupt("read a check", cause))?;
            if now.duration_since(known.at) < RESULT_LIFE {
                return Ok(known);
            }
        }
        let chain = self.chain(&evidence).await?;
        let check = EvidenceCheck { at: now, broken_at: self.first_break((&evidence, &bytes), &chain, &secrets) };
        if check.broken_at.is_none() {
            let next = custody::next(&evidence, &chain, now, secrets.pseudonym(&caller.principal.subject));
            self.put_custody(&evidence, &next).await?;
        }
        if let Some(place) = &check.broken_at {
            self.alerts.evidence_broken(tenant, id, place);
        }
        let bytes = serde_json::to_vec(&check).map_err(|cause| corrupt("write a check", cause))?;
        // Whoever checked at the same time may have kept theirs.
        match before {
            None => self.store.put_new(&name, bytes, evidence.retain_until).await?,
            Some(before) => self.store.replace(&name, bytes, &before.mark, evidence.retain_until).await?,
        };
        Ok(check)
    }

    fn first_break(
        &self,
        (evidence, bytes): (&Evidence, &[u8]),
        chain: &[Vec<u8>],
        secrets: &TenantSecrets,
    ) -> Option<String> {
        match self.opened(secrets, bytes) {
            Err(_) => Some(DAMAGED.to_owned()),
            Ok(opened) if sha256(opened.words.content.expose().as_bytes()) != evidence.sha256 => {
                Some("the content is not the one whose hash was kept".to_owned())
            }
            Ok(_) => custody::first_break(evidence, chain),
        }
    }
}

pub(super) fn check_name(tenant: &TenantId, id: &EvidenceId) -> String {
    format!("evidence/{tenant}/checks/{id}")
}
