//! Work on a whole collection, ordered by a call and done by a job; how a job does it is in `steps::anonymize`.

use pii::mask::Method;
use serde::{Deserialize, Serialize};

use super::source::SourceName;
use super::{Anonymization, Asked, Question, check};
use crate::caller::Caller;
use crate::refusal::Refusal;

/// What a call made: the answer, or the order of it where that is more than a call can do.
#[derive(Debug)]
pub enum Made<T> {
    /// The answer.
    Here(T),
    /// What a job has to do for it.
    Ordered(Box<NewOrder>),
}

/// What is to be made of every row of a collection, as it is sealed on its job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CollectionOrder {
    /// The dataset.
    pub dataset: String,
    /// The collection in it.
    pub collection: String,
    /// What is to be done.
    pub work: Work,
}

/// What is to be done with the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Work {
    /// Find personal data: positions, never values.
    Scan,
    /// Replace what is found in each row.
    Anonymize {
        /// How.
        method: Method,
        /// These fields alone, whatever they hold.
        fields: Option<Vec<String>>,
    },
    /// Widen the rows until nobody stands alone; needs all of them at once.
    Publish(Asked),
    /// Answer with differential privacy.
    Ask {
        /// What is asked.
        question: Question,
        /// Rows one person has, at the most.
        rows_per_person: u32,
        /// What was paid for it.
        cost_micros: u64,
    },
}

/// An order with what its acceptance costs.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOrder {
    /// What is to be done.
    pub order: CollectionOrder,
    /// What is paid from the privacy budget in the transaction that makes the job.
    pub charge: Option<Charge>,
}

/// A privacy loss and the budget it is paid from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// In millionths of epsilon.
    pub cost_micros: i64,
    /// What may be spent at all.
    pub limit_micros: i64,
}

impl Anonymization {
    /// The order of a scan or an anonymisation of every row of a collection; nothing is read or written yet.
    ///
    /// # Errors
    /// `Forbidden` without the permission, `NoDataMap`, `Invalid` where the collection is unknown or may not be read whole.
    pub async fn order(&self, caller: &Caller, name: &SourceName, work: Work) -> Result<NewOrder, Refusal> {
        check(caller)?;
        let found = self.find(caller, name, "/source").await?;
        found.check_whole("/source")?;
        Ok(found.order(work))
    }
}
