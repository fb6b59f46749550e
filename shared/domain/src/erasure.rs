//! What a job remembers of an erasure: the plan that was frozen, who approved it, when it becomes irreversible, its receipt.
//!
//! A rectification is remembered alike: it has no grace period, and what it plans is corrected.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hold::GuardScope;
use crate::ids::JobId;
use crate::request::Alias;
use crate::role::Pseudonym;
use crate::step::ObjectRef;

/// Steps of one plan are numbered from here; the next plan of the same job starts one such range later.
pub const SHARDS_PER_GENERATION: u32 = 100_000;
/// Plans one job may have; data that drifts more often needs a person.
pub const MAX_GENERATIONS: u32 = 9;
/// Days between approval and the first irreversible act, unless the request says otherwise (R-ERA-1).
pub const DEFAULT_GRACE_DAYS: u16 = 7;
/// The longest grace period.
pub const MAX_GRACE_DAYS: u16 = 90;
/// Aliases of one subject, with what it is also held under, that a claim can check; more need a person.
pub const MAX_ALIASES: usize = 40;

/// The state of an erasure, kept with its job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Days of grace.
    pub grace_days: u16,
    /// Which plan of the job this is, from 0.
    pub generation: u32,
    /// Everything the subject is known by, as keyed hashes; holds and suppressions meet here.
    pub aliases: Vec<Alias>,
    /// Under what else holds stop the erasure, as keyed hashes: organisations that the subject's own rows name, and what the
    /// subject was known by before an identity was corrected.
    // Written as it always was: functions of another release may read it, and without it they would overlook a hold.
    #[serde(default, rename = "organizations", alias = "also_held_under")]
    pub also_held_under: Vec<Alias>,
    /// The current plan.
    pub plan: Option<ErasurePlan>,
    /// The approval, of this plan or an earlier one.
    pub approval: Option<Approval>,
    /// When the grace period ends.
    pub grace_ends_at: Option<Timestamp>,
    /// When the first irreversible act was decided on: from here nobody can cancel.
    pub begun_at: Option<Timestamp>,
    /// The signed receipt.
    pub receipt: Option<ReceiptRef>,
    /// The members of an organisation, as a sealed list of keyed hashes; erasures of organisations only.
    #[serde(default)]
    pub members: Option<ObjectRef>,
    /// Which erasure it repeats, where what was erased has come back.
    #[serde(default)]
    pub repeats: Option<Repeats>,
    /// Whether rows were taken out of use, and are to be given back.
    #[serde(default)]
    pub quarantined: bool,
}

/// An erasure that is carried out again: what was approved once is approved of whatever of the person comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeats {
    /// The erasure.
    pub job: JobId,
    /// Who approved it.
    pub approved_by: Pseudonym,
}

impl Erasure {
    /// The state a request starts with.
    #[must_use]
    pub const fn new(grace_days: u16) -> Self {
        Self {
            grace_days,
            generation: 0,
            aliases: Vec::new(),
            also_held_under: Vec::new(),
            plan: None,
            approval: None,
            grace_ends_at: None,
            begun_at: None,
            receipt: None,
            members: None,
            repeats: None,
            quarantined: false,
        }
    }

    /// Every guard that a claim of this erasure checks: its subject's, those it is also held under, the tenant's.
    #[must_use]
    pub fn guards(&self) -> BTreeSet<GuardScope> {
        let aliases = self.aliases.iter().chain(&self.also_held_under);
        // More members than a claim can name: a hold on anybody stops it, members or not.
        let anybody = self.members.is_some().then(GuardScope::anybody);
        aliases.map(GuardScope::alias).chain([GuardScope::tenant()]).chain(anybody).collect()
    }

    /// Whether rows are taken out of use once the plan is approved.
    #[must_use]
    pub fn quarantines(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.sources.iter().any(|source| source.quarantines))
    }

    /// Whether tokens are revoked once the plan is approved.
    #[must_use]
    pub fn revokes(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.sources.iter().any(|source| source.revokes))
    }

    /// Whether the current plan is the one that was approved.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        let (Some(plan), Some(approval)) = (&self.plan, &self.approval) else { return false };
        plan.hash == approval.plan_hash
    }
}

/// A frozen plan, in counts; the records it names are in sealed objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasurePlan {
    /// SHA-256 over every record and what is to be done to it, hexadecimal.
    pub hash: String,
    /// When it was frozen.
    pub planned_at: Timestamp,
    /// Counts, source by source, in the order of their names.
    pub sources: Vec<PlannedSource>,
}

/// What the plan does in one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSource {
    /// `dataset.collection`.
    pub source: String,
    /// Rows or media that go.
    pub would_delete: u64,
    /// Rows that stay with some fields rewritten.
    pub would_anonymise: u64,
    /// Rows in which fields are corrected; rectifications only.
    #[serde(default, skip_serializing_if = "is_none")]
    pub would_correct: u64,
    /// Rows that stay as they are.
    pub would_keep: u64,
    /// Why rows, or fields of them, stay.
    pub reason: Option<String>,
    /// Things that are changed: rows, media, or objects that hold rows.
    pub targets: u64,
    /// Rows of others in those objects.
    pub other_rows: u64,
    /// Whether its rows hold tokens that are revoked at their issuer first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revokes: bool,
    /// Whether its rows are taken out of use while the grace period runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quarantines: bool,
}

impl PlannedSource {
    /// Rows or media that are changed.
    #[must_use]
    pub const fn changed(&self) -> u64 {
        self.would_delete + self.would_anonymise + self.would_correct
    }
}

pub(crate) const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Who approved which plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The plan.
    pub plan_hash: String,
    /// Who, by keyed hash.
    pub by: Pseudonym,
    /// When.
    pub at: Timestamp,
}

/// Where the receipt is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptRef {
    /// The object's key.
    pub key: String,
    /// SHA-256 of the object, hexadecimal.
    pub sha256: String,
    /// When it was signed.
    pub signed_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever does not know the field overlooks a hold, so both names are read and the older one is written.
    #[test]
    fn what_it_is_also_held_under_is_read_by_either_name_and_written_by_the_one_that_others_read() {
        let alias = Alias::from_keyed_hash("ab".repeat(16));
        let erasure = Erasure { also_held_under: vec![alias.clone()], ..Erasure::new(7) };
        let written = serde_json::to_string(&erasure).unwrap();
        assert!(written.contains(&format!(r#""organizations":["{}"]"#, "ab".repeat(16))), "{written}");
        let renamed = written.replace("organizations", "also_held_under");
        for text in [written, renamed] {
            let read: Erasure = serde_json::from_str(&text).unwrap();
            assert_eq!(read, erasure, "{text}");
            assert!(read.guards().contains(&GuardScope::alias(&alias)));
        }
        let before = r#"{"grace_days":7,"generation":0,"aliases":[],"plan":null,"approval":null,"grace_ends_at":null,
            "begun_at":null,"receipt":null}"#;
        assert_eq!(serde_json::from_str::<Erasure>(before).unwrap(), Erasure::new(7));
    }
}
