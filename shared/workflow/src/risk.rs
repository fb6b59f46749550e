//! How much a request risks (R-PII-8): a pure function from what a plan or a located export says to a score from 0 to 100.
//!
//! The weights are in tables here and in docs/risk.md; more of anything never lowers a score.

use std::collections::BTreeSet;

use datamap::{Collection, DataMap};
use domain::job::{Job, Scope, VerificationMethod};
use domain::request::RequestType;
use domain::risk::{AssessedRisk, RequestRisk, RiskLevel, RiskReason, Sensitivity};
use domain::step::{Checkpoint, Step, StepKind, StepState};
use pii::classify::Class;

mod kept;

pub(crate) use self::kept::{Keeper, Touched};
pub use self::kept::{KeptBeside, KeptConsent, KeptRetention};

/// What a request does with the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RiskyAct {
    /// Writes what is right over what is wrong (GDPR Art. 16).
    Correct,
    /// Hands it out (GDPR Art. 15, Art. 20).
    Release,
    /// Lets it go for good (GDPR Art. 17).
    Erase,
}

/// What a score is made of; none of it says who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RiskFacts {
    /// What is done.
    pub act: RiskyAct,
    /// Whether it is done to everybody of an organisation.
    pub whole_organization: bool,
    /// The most sensitive data it is done to.
    pub sensitivity: Sensitivity,
    /// Records it is done to.
    pub records: u64,
    /// Records of other people in the same objects, or in collections that several share.
    pub records_of_others: u64,
    /// How the identity was proven; none where nobody had to.
    pub proof: Option<VerificationMethod>,
}

/// What each number of records adds, from that number on.
const RECORDS: [(u64, u32); 4] = [(100, 5), (1_000, 10), (10_000, 15), (100_000, 20)];
/// What each number of records of others adds, from that number on.
const RECORDS_OF_OTHERS: [(u64, u32); 3] = [(1, 5), (100, 8), (10_000, 10)];
/// From which scores on a risk is of a level.
const LEVELS: [(u32, RiskLevel); 2] = [(60, RiskLevel::High), (35, RiskLevel::Medium)];

const fn of_act(act: RiskyAct) -> (RiskReason, u32) {
    match act {
        RiskyAct::Correct => (RiskReason::CorrectsData, 5),
        RiskyAct::Release => (RiskReason::ReleasesData, 10),
        RiskyAct::Erase => (RiskReason::ErasesForGood, 20),
    }
}

const fn of_sensitivity(sensitivity: Sensitivity) -> Option<(RiskReason, u32)> {
    match sensitivity {
        Sensitivity::Ordinary => None,
        Sensitivity::Confidential => Some((RiskReason::ConfidentialData, 10)),
        Sensitivity::HighlyConfidential => Some((RiskReason::HighlyConfidentialData, 20)),
        Sensitivity::Special => Some((RiskReason::SpecialCategories, 35)),
    }
}

const fn of_proof(proof: Option<VerificationMethod>) -> Option<(RiskReason, u32)> {
    match proof {
        None | Some(VerificationMethod::Session) => None,
        Some(VerificationMethod::EmailCode) => Some((RiskReason::ProvenByMailedCode, 3)),
        Some(VerificationMethod::Manual) => Some((RiskReason::ProvenByHand, 10)),
    }
}

/// The risk of a request; that of one that touches nothing is none.
#[must_use]
pub fn risk_of(facts: &RiskFacts) -> RequestRisk {
    if facts.records == 0 {
        return RequestRisk { score: 0, level: RiskLevel::Low, because: Vec::new() };
    }
    let organization = facts.whole_organization.then_some((RiskReason::WholeOrganization, 15));
    let records = band(&RECORDS, facts.records).map(|weight| (RiskReason::ManyRecords, weight));
    let others = band(&RECORDS_OF_OTHERS, facts.records_of_others).map(|weight| (RiskReason::RecordsOfOthers, weight));
    let weighed = [
        Some(of_act(facts.act)),
        organization,
        of_sensitivity(facts.sensitivity),
        records,
        others,
        of_proof(facts.proof),
    ];
    let sum: u32 = weighed.iter().flatten().map(|(_, weight)| weight).sum();
    let score = sum.min(100);
    let level = LEVELS.iter().find(|(from, _)| score >= *from).map_or(RiskLevel::Low, |(_, level)| *level);
    let because = weighed.into_iter().flatten().map(|(reason, _)| reason).collect();
    RequestRisk { score: u8::try_from(score).unwrap_or(100), level, because }
}

fn band(bands: &[(u64, u32)], count: u64) -> Option<u32> {
    bands.iter().rev().find(|(from, _)| count >= *from).map(|(_, weight)| *weight)
}

/// Categories of the data map, and those below them, that say how sensitive data is (Fideslang).
const CATEGORIES: [(&str, Sensitivity); 25] = [
    ("user.health_and_medical", Sensitivity::Special),
    ("user.health", Sensitivity::Special),
    ("user.biometric", Sensitivity::Special),
    ("user.biometrics", Sensitivity::Special),
    ("user.criminal_history", Sensitivity::Special),
    ("user.demographic.race_ethnicity", Sensitivity::Special),
    ("user.demographic.religious_belief", Sensitivity::Special),
    ("user.demographic.political_opinion", Sensitivity::Special),
    ("user.demographic.sexual_orientation", Sensitivity::Special),
    ("user.childrens", Sensitivity::HighlyConfidential),
    ("user.children", Sensitivity::HighlyConfidential),
    ("user.government_id", Sensitivity::HighlyConfidential),
    ("user.payment", Sensitivity::HighlyConfidential),
    ("user.credentials", Sensitivity::HighlyConfidential),
    ("user.authorization", Sensitivity::HighlyConfidential),
    ("user.location.precise", Sensitivity::HighlyConfidential),
    ("user.content.private", Sensitivity::Confidential),
    ("user.contact", Sensitivity::Confidential),
    ("user.demographic", Sensitivity::Confidential),
    ("user.financial", Sensitivity::Confidential),
    ("user.location", Sensitivity::Confidential),
    ("user.name", Sensitivity::Confidential),
    ("user.account", Sensitivity::Confidential),
    ("user.social", Sensitivity::Confidential),
    ("user.sensor", Sensitivity::Confidential),
];

/// How sensitive a collection is: by its categories, and by the names of its fields as detection knows them.
pub(crate) fn sensitivity_of(collection: &Collection) -> Sensitivity {
    let by_category = collection.categories().into_iter().map(of_category);
    let by_name = collection.fields.iter().map(|field| of_class(Class::of_field(&field.path)));
    by_category.chain(by_name).max().unwrap_or(Sensitivity::Ordinary)
}

fn of_category(category: &str) -> Sensitivity {
    let is_below =
        |parent: &str| category.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let known = CATEGORIES.iter().filter(|(parent, _)| is_below(parent)).map(|(_, sensitivity)| *sensitivity);
    known.max().unwrap_or(Sensitivity::Ordinary)
}

const fn of_class(class: Class) -> Sensitivity {
    match class {
        Class::Public | Class::Internal => Sensitivity::Ordinary,
        Class::Confidential => Sensitivity::Confidential,
        Class::HighlyConfidential => Sensitivity::HighlyConfidential,
    }
}

/// The facts of a job about people, before what it touches is known; none of other jobs.
pub(crate) fn facts_of(job: &Job) -> Option<RiskFacts> {
    let act = match job.request_type {
        RequestType::Access | RequestType::Portability => RiskyAct::Release,
        RequestType::Erasure => RiskyAct::Erase,
        RequestType::Rectification => RiskyAct::Correct,
        RequestType::Restriction
        | RequestType::Objection
        | RequestType::AutomatedDecisionReview
        | RequestType::OptOut
        | RequestType::LimitUse
        | RequestType::Anonymization => return None,
    };
    let whole_organization = match job.scope {
        Scope::Subject => false,
        Scope::Organization => true,
        Scope::Collection | Scope::AuditLog => return None,
    };
    let proof = job.verification.as_ref().map(|verification| verification.method);
    let (sensitivity, records, records_of_others) = (Sensitivity::Ordinary, 0, 0);
    Some(RiskFacts { act, whole_organization, sensitivity, records, records_of_others, proof })
}

/// The facts of an export: what its shards have written, by the collections of the map.
pub(crate) fn facts_of_export(job: &Job, map: &DataMap, steps: &[Step]) -> Option<(RiskFacts, Touched)> {
    let mut facts = facts_of(job)?;
    let shared: BTreeSet<usize> = map.flows.iter().filter(|flow| flow.shared).map(|flow| flow.to).collect();
    let mut touched = Touched::default();
    for step in steps.iter().filter(|step| step.kind == StepKind::Collect) {
        touched.first_shard = touched.first_shard.or_else(|| step.input.clone());
        let Some(Checkpoint::Collect(state)) = &step.checkpoint else { continue };
        for written in &state.written {
            let records = written.rows + u64::from(written.media);
            // What lies behind the collections of the map are our own records of the person.
            let Some(collection) = map.collections.get(written.collection).filter(|_| records > 0) else { continue };
            facts.records += records;
            facts.records_of_others += if shared.contains(&written.collection) { records } else { 0 };
            facts.sensitivity = facts.sensitivity.max(sensitivity_of(collection));
            touched.collections.insert(collection.id());
        }
    }
    Some((facts, touched))
}

/// The risk of a job, as its newest plan or its archive left it.
#[must_use]
pub fn assessed_of(steps: &[Step]) -> Option<&AssessedRisk> {
    let done = steps.iter().filter(|step| step.state == StepState::Done);
    let assessed = done.filter_map(|step| match &step.checkpoint {
        Some(Checkpoint::SealPlan(state)) => Some((step.shard, &state.risk)),
        Some(Checkpoint::Package(state)) => state.risk.as_ref().map(|risk| (step.shard, risk)),
        _ => None,
    });
    assessed.max_by_key(|(round, _)| *round).map(|(_, assessed)| assessed)
}

#[cfg(test)]
mod tests;
