//! How much a request risks, as it is remembered. How it is weighed is not here.

use serde::{Deserialize, Serialize};

use crate::request::wire_enum;
use crate::step::ObjectRef;

wire_enum! {
    /// How sensitive data is, by its categories and the names of its fields; a later one is more so.
    Sensitivity {
        /// Nothing says more.
        Ordinary = "ordinary",
        /// It tells of a person.
        Confidential = "confidential",
        /// It harms a person at once.
        HighlyConfidential = "highly_confidential",
        /// Special categories and criminal convictions (GDPR Art. 9, Art. 10).
        Special = "special",
    }
}

wire_enum! {
    /// What a score stands for; a later one is worse.
    RiskLevel {
        /// Ordinary.
        Low = "low",
        /// Worth a look.
        Medium = "medium",
        /// What bears on the request is kept with it (R-PII-8).
        High = "high",
    }
}

wire_enum! {
    /// What adds to the risk of a request.
    RiskReason {
        /// Data leaves the house.
        ReleasesData = "releases_data",
        /// Data is written over with what is said to be right.
        CorrectsData = "corrects_data",
        /// Data goes for good.
        ErasesForGood = "erases_for_good",
        /// Everybody of an organisation is concerned.
        WholeOrganization = "whole_organization",
        /// Confidential data is touched.
        ConfidentialData = "confidential_data",
        /// Data that harms at once is touched.
        HighlyConfidentialData = "highly_confidential_data",
        /// Special categories are touched (GDPR Art. 9, Art. 10).
        SpecialCategories = "special_categories",
        /// A hundred records or more are touched.
        ManyRecords = "many_records",
        /// Records of other people lie with those that are touched.
        RecordsOfOthers = "records_of_others",
        /// The identity hangs on one mailbox.
        ProvenByMailedCode = "proven_by_mailed_code",
        /// The identity hangs on an officer's word.
        ProvenByHand = "proven_by_hand",
    }
}

wire_enum! {
    /// What could not be kept with a request of high risk.
    RiskGap {
        /// The source did not answer.
        SourceSilent = "source_silent",
        /// There was more than is kept.
        TooMany = "too_many",
        /// There was no time to read on.
        OutOfTime = "out_of_time",
        /// The request was located before it was remembered where to look.
        NotLocated = "not_located",
    }
}

/// How much a request risks, and why (R-PII-8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRisk {
    /// 0 to 100; a higher one is worse.
    pub score: u8,
    /// What the score stands for.
    pub level: RiskLevel,
    /// What added to it, in the order of the list.
    pub because: Vec<RiskReason>,
}

/// A risk, with what is kept beside the request where it is high.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessedRisk {
    /// The risk.
    pub risk: RequestRisk,
    /// Consent records and retention justifications that bear on it, sealed under the job key.
    pub kept: Option<ObjectRef>,
}
