//! Legal holds: what stands still until a court, an authority or a dispute is done with it (GDPR Art. 17(3)(e)).
//!
//! A hold is stopped at by guards, not by looking at holds: a claim checks the guards of its subject in its own transaction.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{HoldId, JobId, OpNonce, TenantId};
use crate::key::{Partition, TenantKey};
use crate::request::{Alias, Purpose, wire_enum};
use crate::role::Pseudonym;
use crate::sealed::Sealed;
use crate::step::{Step, StepKind};

/// Copies of each guard; a claim checks the one of its job, so that claims of different jobs seldom meet.
pub const GUARD_COPIES: u8 = 8;

wire_enum! {
    /// Where a hold stands.
    HoldStatus {
        /// Guards are being written, or claims from before them still run.
        Pending = "pending",
        /// Nothing it covers is erased (INV-E1).
        Effective = "effective",
        /// It stops nothing any more.
        Released = "released",
    }
}

/// Whose data a hold covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldScope {
    /// One person, by keyed hashes of the identities that were named.
    #[serde(rename = "subject")]
    Subject {
        /// The hashes; each is enough to meet the hold.
        aliases: Vec<Alias>,
    },
    /// One organisation and its members.
    #[serde(rename = "organization")]
    Organization {
        /// The organisation.
        organization_id: String,
        /// Its keyed hash.
        alias: Alias,
    },
    /// Everybody.
    #[serde(rename = "tenant")]
    Tenant,
}

impl HoldScope {
    /// The guards that stand for it.
    #[must_use]
    pub fn guards(&self) -> Vec<GuardScope> {
        match self {
            // The second is for erasures of more people than one claim can name.
            Self::Subject { aliases } => aliases.iter().map(GuardScope::alias).chain([GuardScope::anybody()]).collect(),
            Self::Organization { alias, .. } => vec![GuardScope::alias(alias)],
            Self::Tenant => vec![GuardScope::tenant()],
        }
    }
}

/// A legal hold. Matter and reason are sealed: they are the words of a dispute, and may name people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// The id.
    pub id: HoldId,
    /// Rises by one with each write.
    pub version: u64,
    /// Nonce of the last write.
    pub op_nonce: OpNonce,
    /// Whose data it covers.
    pub scope: HoldScope,
    /// Matter and reason, under the tenant's key.
    pub words: Sealed,
    /// Who placed it, by keyed hash.
    pub placed_by: Pseudonym,
    /// When.
    pub placed_at: Timestamp,
    /// Where it stands.
    pub status: HoldStatus,
    /// When the last claim from before it had ended.
    pub effective_at: Option<Timestamp>,
    /// Who released it, by keyed hash.
    pub released_by: Option<Pseudonym>,
    /// When.
    pub released_at: Option<Timestamp>,
    /// Whether its guards are gone; until then something may still wait for it.
    pub cleared: bool,
    /// Keyed digest of the body that an idempotency key covers.
    pub body: Option<String>,
}

impl Hold {
    /// What the sort keys of holds begin with.
    pub const PREFIX: &str = "hold#";

    /// The sort key of a hold.
    #[must_use]
    pub fn sort_of(id: &HoldId) -> String {
        format!("{}{id}", Self::PREFIX)
    }

    /// The key of a hold: all holds of a tenant are read together.
    #[must_use]
    pub fn key_of(tenant: &TenantId, id: &HoldId) -> TenantKey {
        TenantKey::new(tenant, Partition::Tenant, Self::sort_of(id))
    }

    /// The key of this hold.
    #[must_use]
    pub fn key(&self) -> TenantKey {
        Self::key_of(&self.tenant, &self.id)
    }

    /// The keys of the guards of one copy.
    #[must_use]
    pub fn guard_keys(&self, copy: u8) -> Vec<TenantKey> {
        self.scope.guards().iter().map(|scope| Guard::key_of(&self.tenant, scope, copy)).collect()
    }
}

/// What one guard stands for: an alias of a person or an organisation, or the whole tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GuardScope(String);

impl GuardScope {
    /// The guard of a person or an organisation.
    #[must_use]
    pub fn alias(alias: &Alias) -> Self {
        Self(format!("alias#{}", alias.as_str()))
    }

    /// The guard of a person's restrictions (GDPR Art. 18), or the list of all: it stops no claim.
    #[must_use]
    pub fn restricted(alias: Option<&Alias>) -> Self {
        Self(alias.map_or_else(|| "restricted".to_owned(), |alias| format!("restricted#{}", alias.as_str())))
    }

    /// The guard of a person's objections to one use of the data (GDPR Art. 21(3)): it stops no claim.
    #[must_use]
    pub fn objected(purpose: Purpose, alias: &Alias) -> Self {
        Self(format!("objected#{purpose}#{}", alias.as_str()))
    }

    /// The guard of an identity that was corrected, by either of its values: it stops no claim (GDPR Art. 16).
    #[must_use]
    pub fn corrected(alias: &Alias) -> Self {
        Self(format!("corrected#{}", alias.as_str()))
    }

    /// The guard that stands while anybody is held.
    #[must_use]
    pub fn anybody() -> Self {
        Self("anybody".to_owned())
    }

    /// The guard of everybody.
    #[must_use]
    pub fn tenant() -> Self {
        Self("tenant".to_owned())
    }

    /// The scope as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The group its guards and claims are in.
    #[must_use]
    pub fn partition(&self) -> Partition {
        Partition::Guard(self.0.clone())
    }
}

/// One copy of a guard: the holds that stand behind it. An absent guard holds nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// Where it lives.
    pub key: TenantKey,
    /// The holds.
    pub holds: BTreeSet<HoldId>,
}

impl Guard {
    /// The key of a copy.
    #[must_use]
    pub fn key_of(tenant: &TenantId, scope: &GuardScope, copy: u8) -> TenantKey {
        TenantKey::new(tenant, scope.partition(), format!("copy#{copy}"))
    }

    /// The copy that claims of a job check: `hash(job) mod 8`, from its last digit, which is random.
    #[must_use]
    pub fn copy_of(job: &JobId) -> u8 {
        crate::record::wake_shard(job) % GUARD_COPIES
    }
}

/// Says that a step which erases was claimed past a guard; written in the claim's own transaction (INV-E2).
///
/// The step itself says whether the claim still runs: this is only where to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// The guard that was passed.
    pub scope: GuardScope,
    /// The job.
    pub job: JobId,
    /// The step.
    pub kind: StepKind,
    /// Which share of the work.
    pub shard: u32,
    /// The fence the claim raised.
    pub fence: u64,
    /// End of the lease when it was claimed.
    pub lease_until: Timestamp,
}

impl Claim {
    /// What the sort keys of claims begin with.
    pub const PREFIX: &str = "claim#";

    /// The claim of a step past one guard.
    #[must_use]
    pub fn of(step: &Step, scope: GuardScope, lease_until: Timestamp) -> Self {
        let Step { tenant, job, kind, shard, fence, .. } = step;
        let (tenant, job) = (tenant.clone(), job.clone());
        Self { v: 1, tenant, scope, job, kind: *kind, shard: *shard, fence: *fence, lease_until }
    }

    /// The key of the claim of a step past a guard.
    #[must_use]
    pub fn key_of(step: &Step, scope: &GuardScope) -> TenantKey {
        let sort = format!("{}{}#{}#{:06}", Self::PREFIX, step.job, step.kind, step.shard);
        TenantKey::new(&step.tenant, scope.partition(), sort)
    }

    /// The key of this claim.
    #[must_use]
    pub fn key(&self) -> TenantKey {
        let sort = format!("{}{}#{}#{:06}", Self::PREFIX, self.job, self.kind, self.shard);
        TenantKey::new(&self.tenant, self.scope.partition(), sort)
    }

    /// The key of the step that was claimed.
    #[must_use]
    pub fn step_key(&self) -> TenantKey {
        Step::key_of(&self.tenant, &self.job, self.kind, self.shard)
    }

    /// Whether the claim still runs, by its step: nobody has committed its end or raised its fence.
    #[must_use]
    pub fn runs(&self, step: &Step) -> bool {
        step.state == crate::step::StepState::Claimed && step.fence == self.fence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_copy_is_used() {
        let job = |byte| JobId::new(Timestamp::UNIX_EPOCH, [byte; 10]);
        let copies: BTreeSet<u8> = (0..=255).map(|byte| Guard::copy_of(&job(byte))).collect();
        assert_eq!(copies.into_iter().collect::<Vec<_>>(), (0..GUARD_COPIES).collect::<Vec<_>>());
    }

    #[test]
    fn an_organisation_and_a_person_have_guards_of_their_own() {
        let alias = |text: &str| Alias::from_keyed_hash(text.to_owned());
        let person = HoldScope::Subject { aliases: vec![alias("aa"), alias("bb")] };
        let organization = HoldScope::Organization { organization_id: "org-1".to_owned(), alias: alias("cc") };
        let all: BTreeSet<GuardScope> =
            [person, organization, HoldScope::Tenant].iter().flat_map(HoldScope::guards).collect();
        assert_eq!(all.len(), 5);
    }
}
