//! Reads and replaces an organisation's retention policy; every version is kept. Carrying it out is not here.

use std::sync::Arc;

use domain::event::Actor;
use domain::ids::OpNonce;
use domain::key::Partition;
use domain::record::Record;
use domain::retention::{ClassRule, Kept, RetentionClass, RetentionPolicy};
use domain::role::{Permission, Role};
use domain::transition::{Expect, TransitionBuilder};
use jiff::Timestamp;

use crate::caller::Caller;
use crate::keyring::Keyring;
use crate::ports::{Clock, CommitError, DataMaps, Entropy, JobStore};
use crate::refusal::{FieldError, Refusal};

mod schedule;

pub use self::schedule::{LastRun, ScheduleView, ScheduledCollection};

/// How often a version is written anew because somebody else was first.
const MAX_DECISIONS: u32 = 5;

/// A policy as asked for.
#[derive(Debug, Clone, Default)]
pub struct AskedPolicy {
    /// Lengths in the units of the classes; the default where none is given.
    pub lengths: Vec<(RetentionClass, i64)>,
    /// Classes to be kept for ever.
    pub permanent: Vec<RetentionClass>,
    /// Why something is kept longer than usual.
    pub justification: Option<String>,
}

/// The policy that counts, and the versions before it.
#[derive(Debug, Clone)]
pub struct PolicyView {
    /// The organisation; `None` for what counts where nothing was set.
    pub organization_id: Option<String>,
    /// Every class.
    pub rules: Vec<ClassRule>,
    /// Versions, newest first; empty where nothing was set.
    pub versions: Vec<RetentionPolicy>,
    /// When it was read.
    pub at: Timestamp,
}

/// Reads and replaces retention policies.
pub struct Retention {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Data maps: what expires where.
    pub maps: Arc<dyn DataMaps>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Retention {
    /// The policy that counts for an organisation.
    ///
    /// # Errors
    /// `Forbidden` without the permission, `Reserved` for an owner who asks for another organisation.
    pub async fn show(&self, caller: &Caller, organization_id: Option<&str>) -> Result<PolicyView, Refusal> {
        if !caller.principal.may(Permission::RetentionRead) {
            return Err(Refusal::Forbidden { needs: vec![Permission::RetentionRead] });
        }
        let organization_id = match (organization_id, is_staff(caller)) {
            (asked, true) => asked.map(str::to_owned),
            (asked, false) => Some(own_organization(caller, asked)?),
        };
        self.view(caller, organization_id).await
    }

    /// Replaces the policy of the caller's organisation; what is not named goes back to its default.
    ///
    /// # Errors
    /// `Forbidden` for all but owners, `Reserved` for another organisation, `Invalid` naming each wrong field.
    pub async fn replace(
        &self,
        caller: &Caller,
        organization_id: Option<&str>,
        asked: &AskedPolicy,
    ) -> Result<PolicyView, Refusal> {
        if !caller.principal.may(Permission::RetentionUpdate) {
            return Err(Refusal::Forbidden { needs: vec![Permission::RetentionUpdate] });
        }
        let organization_id = own_organization(caller, organization_id)?;
        let rules = checked(asked)?;
        let now = self.clock.now();
        for _ in 0..MAX_DECISIONS {
            let before = self.versions(caller, &organization_id).await?;
            let version = before.first().map_or(0, |newest| newest.version) + 1;
            match self.write(caller, &organization_id, version, asked, rules.clone(), now).await {
                Ok(()) => return self.view(caller, Some(organization_id)).await,
                Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {}
                Err(CommitError::Port(error)) => return Err(error.into()),
            }
        }
        Err(Refusal::Busy)
    }

    /// A new version and its audit event in one transaction.
    #[expect(clippy::too_many_arguments, reason = "one private place that spells a version out")]
    async fn write(
        &self,
        caller: &Caller,
        organization_id: &str,
        version: u64,
        asked: &AskedPolicy,
        rules: Vec<ClassRule>,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        let tenant = &caller.principal.tenant;
        let secrets = self.keyring.tenant(tenant, now).await?;
        let cause = caller.cause(&secrets, self.entropy.as_ref(), now).because("the retention policy is replaced");
        let by: Actor = cause.actor.clone();
        let nonce = OpNonce::new(self.entropy.bytes());
        let mut builder = TransitionBuilder::new(tenant, nonce.clone(), cause, self.entropy.bytes());
        let policy = RetentionPolicy {
            v: 1,
            tenant: tenant.clone(),
            organization_id: organization_id.to_owned(),
            version,
            op_nonce: nonce,
            at: now,
            by,
            justification: asked.justification.clone(),
            rules,
        };
        builder.configuration_event("retention_policy", &policy.key(), version);
        builder.put(Record::Retention(Box::new(policy)), Expect::Absent);
        self.store.commit(&builder.build()).await
    }

    async fn view(&self, caller: &Caller, organization_id: Option<String>) -> Result<PolicyView, Refusal> {
        let versions = match &organization_id {
            Some(id) => self.versions(caller, id).await?,
            None => Vec::new(),
        };
        let rules = versions.first().map_or_else(RetentionPolicy::default_rules, |newest| newest.rules.clone());
        Ok(PolicyView { organization_id, rules, versions, at: self.clock.now() })
    }

    async fn versions(&self, caller: &Caller, organization_id: &str) -> Result<Vec<RetentionPolicy>, Refusal> {
        let prefix = RetentionPolicy::prefix_of(organization_id);
        let found = self.store.query(&caller.principal.tenant, &Partition::Tenant, &prefix).await?;
        Ok(found.into_iter().rev().filter_map(Record::into_retention).map(|boxed| *boxed).collect())
    }
}

/// Whether the caller reads retention for the tenant, not only for an organisation.
fn is_staff(caller: &Caller) -> bool {
    let staff = caller.principal.roles.iter().filter(|role| **role != Role::Owner);
    staff.into_iter().any(|role| role.permissions().contains(&Permission::RetentionRead))
}

fn own_organization(caller: &Caller, asked: Option<&str>) -> Result<String, Refusal> {
    let own = caller.principal.organization_id.as_ref();
    let own = own.ok_or(Refusal::Reserved { to: "owners whose token names an organisation" })?;
    match asked {
        Some(asked) if asked != own => {
            Err(Refusal::Reserved { to: "owners of the organisation that organization_id names" })
        }
        Some(_) | None => Ok(own.clone()),
    }
}

/// Every class with its length, or everything that is wrong at once.
fn checked(asked: &AskedPolicy) -> Result<Vec<ClassRule>, Refusal> {
    let mut rules = RetentionPolicy::default_rules();
    let mut wrong = Vec::new();
    for rule in &mut rules {
        let (class, longest) = (rule.class, rule.class.longest());
        let length = asked.lengths.iter().find(|(named, _)| *named == class).map(|(_, length)| *length);
        let mut refuse = |detail: String| wrong.push(FieldError { pointer: format!("/{class}"), detail });
        match (length, asked.permanent.contains(&class)) {
            (Some(_), true) => refuse("has a length and is in permanent; one of them must go".to_owned()),
            (None, true) => rule.kept = Kept::Permanently,
            (None, false) => {}
            (Some(length), false) => match u32::try_from(length).ok().filter(|length| (1..=100_000).contains(length)) {
                Some(length) => rule.kept = Kept::For(length),
                None => refuse(format!("must be a whole number from 1 to {longest}")),
            },
        }
        if rule.needs_justification() && asked.justification.is_none() {
            refuse(format!("is longer than {longest}, which needs a justification"));
            wrong.push(FieldError {
                pointer: "/justification".to_owned(),
                detail: format!("is missing, and {class} is kept longer than {longest}"),
            });
        }
    }
    if wrong.is_empty() { Ok(rules) } else { Err(Refusal::Invalid(wrong)) }
}
