//! Restriction of processing (GDPR Art. 18): while it stands, a person's data is kept and nothing else is done with it.
//!
//! It stands behind guards of its own: one for each alias, for whoever asks about a person, and one of sixteen that list
//! all of a tenant, for whoever reads many rows. Two restrictions of one person are lifted one at a time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hold::{Guard, GuardScope};
use crate::ids::{HoldId, JobId, TenantId};
use crate::key::TenantKey;
use crate::record::{WAKE_SHARDS, wake_shard};
use crate::request::{Alias, Purpose};
use crate::role::Pseudonym;

/// The state of a request that restricts: a restriction, or an objection until it is decided and while it is upheld.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// Everything the person is known by.
    pub aliases: Vec<Alias>,
    /// The one use that is restricted; all of them where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// Since when it stands.
    pub set_at: Option<Timestamp>,
    /// Who upheld the objection.
    pub upheld: Option<Decided>,
    /// Who is lifting it.
    pub lift: Option<Lift>,
    /// When it ended.
    pub lifted_at: Option<Timestamp>,
}

/// An officer's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Who, by keyed hash.
    pub by: Pseudonym,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// The end of a restriction, announced or done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lift {
    /// Who, by keyed hash.
    pub by: Pseudonym,
    /// When it was decided.
    pub at: Timestamp,
    /// Why, for the person.
    pub reason: String,
    /// How the person was told, where no mail could reach them.
    pub told_by: Option<String>,
}

impl Restriction {
    /// Whether the data is to be kept and nothing else.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.set_at.is_some() && self.lifted_at.is_none()
    }

    /// The guards it stands behind: those of the person, and the list of the tenant it is in.
    #[must_use]
    pub fn guards(&self, tenant: &TenantId, job: &JobId) -> Vec<TenantKey> {
        let of_purpose =
            |purpose| self.aliases.iter().map(move |alias| objection_guard_of(tenant, purpose, alias)).collect();
        let of_all = || self.aliases.iter().map(|alias| guard_of(tenant, alias));
        // Who reads many rows may read them for all else.
        let listed = || of_all().chain([list_key(tenant, wake_shard(job))]).collect();
        self.purpose.map_or_else(listed, of_purpose)
    }
}

/// The guard of a person's restrictions, by one of the aliases.
#[must_use]
pub fn guard_of(tenant: &TenantId, alias: &Alias) -> TenantKey {
    Guard::key_of(tenant, &GuardScope::restricted(Some(alias)), 0)
}

/// The guard of a person's objections to one use of the data, by one of the aliases.
#[must_use]
pub fn objection_guard_of(tenant: &TenantId, purpose: Purpose, alias: &Alias) -> TenantKey {
    Guard::key_of(tenant, &GuardScope::objected(purpose, alias), 0)
}

/// The guards that list every restriction of a tenant.
#[must_use]
pub fn list_guards(tenant: &TenantId) -> Vec<TenantKey> {
    (0..WAKE_SHARDS).map(|shard| list_key(tenant, shard)).collect()
}

fn list_key(tenant: &TenantId, shard: u8) -> TenantKey {
    Guard::key_of(tenant, &GuardScope::restricted(None), shard)
}

/// What a job's restriction is called behind a guard: the job's own digits.
///
/// # Panics
/// Never: the digits of one id are those of another.
#[must_use]
pub fn mark_of(job: &JobId) -> HoldId {
    let digits = job.as_str().trim_start_matches("job_");
    format!("hold_{digits}").parse().expect("the digits of a job are those of an id")
}

/// The jobs whose restrictions stand behind a guard.
///
/// # Panics
/// Never: the digits of one id are those of another.
pub fn jobs_behind(guard: &Guard) -> impl Iterator<Item = JobId> + '_ {
    let job = |mark: &HoldId| {
        let digits = mark.as_str().trim_start_matches("hold_");
        format!("job_{digits}").parse().expect("the digits of an id are those of a job")
    };
    guard.holds.iter().map(job)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_guard_names_the_jobs_behind_it() {
        let job = JobId::new(Timestamp::UNIX_EPOCH, [7; 10]);
        let tenant: TenantId = "acme".parse().unwrap();
        let key = guard_of(&tenant, &Alias::from_keyed_hash("ab".to_owned()));
        let guard = Guard { key, holds: BTreeSet::from([mark_of(&job)]) };
        assert_eq!(jobs_behind(&guard).collect::<Vec<_>>(), [job]);
    }

    #[test]
    fn a_restriction_is_in_a_list_of_its_tenant_and_holds_nothing_back() {
        let (job, tenant) = (JobId::new(Timestamp::UNIX_EPOCH, [7; 10]), "acme".parse().unwrap());
        let alias = Alias::from_keyed_hash("ab".to_owned());
        let restriction = Restriction { aliases: vec![alias.clone()], ..Restriction::default() };
        let guards = restriction.guards(&tenant, &job);
        assert!(guards.len() == 2 && list_guards(&tenant).contains(&guards[1]));
        let holds = Guard::key_of(&tenant, &GuardScope::alias(&alias), 0);
        assert!(!guards.contains(&holds));
    }
}
