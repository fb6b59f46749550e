//! What one processor is told: frozen under the job key, so that whoever tells needs neither data map nor plan.

use std::collections::BTreeSet;

use datamap::Processor;
use domain::processor::{ProcessorCheckpoint, ProcessorStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What one field of a source holds from now on; rectifications only (GDPR Art. 19).
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::steps) struct ToldCorrection {
    /// `dataset.collection.field`.
    pub(in crate::steps) field: String,
    /// The categories of the field.
    pub(in crate::steps) data_categories: Vec<String>,
    /// The value that is right, as JSON.
    pub(in crate::steps) value: serde_json::Value,
}

/// The order to tell one processor.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::steps) struct ProcessorOrder {
    /// Version of this form.
    v: u8,
    /// Who is told, and how.
    pub(in crate::steps) processor: Processor,
    /// What it knows the person by: its own name of the kind, and the value.
    pub(in crate::steps) identities: Vec<(String, String)>,
    /// The sources it received something of, as `dataset.collection`.
    pub(in crate::steps) sources: Vec<String>,
    /// What is corrected in them.
    #[serde(default)]
    pub(in crate::steps) corrections: Vec<ToldCorrection>,
}

impl ProcessorOrder {
    /// The order for one processor: of what is known of the person only the kinds that it knows people by.
    pub(in crate::steps) fn of(
        processor: &Processor,
        known: &BTreeSet<(String, String)>,
        sources: Vec<String>,
        corrections: Vec<ToldCorrection>,
    ) -> Self {
        let its_name =
            |(kind, value): &(String, String)| Some((processor.identities.get(kind)?.clone(), value.clone()));
        let identities: BTreeSet<(String, String)> = known.iter().filter_map(its_name).collect();
        let identities = identities.into_iter().collect();
        Self { v: 1, processor: processor.clone(), identities, sources, corrections }
    }

    /// The state before the first try.
    pub(in crate::steps) fn untold(&self, answer_by: Timestamp) -> ProcessorCheckpoint {
        ProcessorCheckpoint {
            processor: self.processor.fides_key.clone(),
            status: ProcessorStatus::Waiting,
            rounds: 0,
            told_at: None,
            answer_by,
            expected_at: None,
            answered_at: None,
            reason: None,
            public_key: self.processor.public_key.clone(),
        }
    }
}
