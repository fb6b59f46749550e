//! What lowers a score, and what does not.

use super::*;

const ACTS: [RiskyAct; 3] = [RiskyAct::Correct, RiskyAct::Release, RiskyAct::Erase];
const COUNTS: [u64; 9] = [0, 1, 99, 100, 999, 1_000, 10_000, 100_000, u64::MAX];
const PROOFS: [Option<VerificationMethod>; 4] =
    [None, Some(VerificationMethod::Session), Some(VerificationMethod::EmailCode), Some(VerificationMethod::Manual)];

fn every() -> Vec<RiskFacts> {
    let mut every = Vec::new();
    for act in ACTS {
        for whole_organization in [false, true] {
            for sensitivity in Sensitivity::ALL.iter().copied() {
                for (records, records_of_others) in COUNTS.iter().flat_map(|a| COUNTS.iter().map(|b| (*a, *b))) {
                    let of =
                        |proof| RiskFacts { act, whole_organization, sensitivity, records, records_of_others, proof };
                    every.extend(PROOFS.map(of));
                }
            }
        }
    }
    every
}

fn next<T: PartialEq + Copy>(list: &[T], of: T) -> T {
    let at = list.iter().position(|one| *one == of).unwrap();
    *list.get(at + 1).unwrap_or(&of)
}

#[test]
fn more_of_anything_never_lowers_a_score() {
    for facts in every() {
        let more = [
            RiskFacts { act: next(&ACTS, facts.act), ..facts },
            RiskFacts { whole_organization: true, ..facts },
            RiskFacts { sensitivity: next(Sensitivity::ALL, facts.sensitivity), ..facts },
            RiskFacts { records: next(&COUNTS, facts.records), ..facts },
            RiskFacts { records_of_others: next(&COUNTS, facts.records_of_others), ..facts },
            RiskFacts { proof: next(&PROOFS, facts.proof), ..facts },
        ];
        let risk = risk_of(&facts);
        assert!(risk.score <= 100, "{facts:?}");
        for more in more {
            let other = risk_of(&more);
            assert!(risk.score <= other.score && risk.level <= other.level, "{facts:?} {more:?}");
        }
    }
}

#[test]
fn each_fact_counts_and_says_so() {
    let facts = RiskFacts {
        act: RiskyAct::Release,
        whole_organization: false,
        sensitivity: Sensitivity::Ordinary,
        records: 1,
        records_of_others: 0,
        proof: None,
    };
    let base = risk_of(&facts);
    assert_eq!((base.score, base.level, base.because), (10, RiskLevel::Low, vec![RiskReason::ReleasesData]));
    for (more, reason) in [
        (RiskFacts { whole_organization: true, ..facts }, RiskReason::WholeOrganization),
        (RiskFacts { sensitivity: Sensitivity::Confidential, ..facts }, RiskReason::ConfidentialData),
        (RiskFacts { sensitivity: Sensitivity::HighlyConfidential, ..facts }, RiskReason::HighlyConfidentialData),
        (RiskFacts { sensitivity: Sensitivity::Special, ..facts }, RiskReason::SpecialCategories),
        (RiskFacts { records: 100, ..facts }, RiskReason::ManyRecords),
        (RiskFacts { records_of_others: 1, ..facts }, RiskReason::RecordsOfOthers),
        (RiskFacts { proof: Some(VerificationMethod::EmailCode), ..facts }, RiskReason::ProvenByMailedCode),
        (RiskFacts { proof: Some(VerificationMethod::Manual), ..facts }, RiskReason::ProvenByHand),
    ] {
        let risk = risk_of(&more);
        assert!(risk.score > 10 && risk.because == [RiskReason::ReleasesData, reason], "{risk:?}");
    }
    assert_eq!(risk_of(&RiskFacts { records: 0, ..facts }).score, 0);
}

#[test]
fn special_categories_are_known_with_what_is_below_them_and_nothing_beside_them() {
    for category in ["user.health_and_medical", "user.health_and_medical.genetic", "user.biometric.facial_geometry"] {
        assert_eq!(of_category(category), Sensitivity::Special, "{category}");
    }
    assert_eq!(of_category("user.healthy"), Sensitivity::Ordinary);
    assert_eq!(of_category("user"), Sensitivity::Ordinary);
    assert_eq!(of_category("user.contact.email"), Sensitivity::Confidential);
    assert_eq!(of_category("user.demographic.political_opinion"), Sensitivity::Special);
}
