//! What one processor is told: frozen under the job key, so that whoever tells needs neither data map nor plan.

use std::collections::BTreeSet;

use datamap::{DataMap, Processor, ProcessorProtocol};
use domain::datum::Datum;
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

/// Identities that one call tells at most.
const MOST_IDENTITIES: usize = 500;
/// Numbers of processors in a map stay below this; further calls to one of them are numbered from here on.
const FURTHER: u32 = 100;

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

    /// The same in calls of a length that receivers take; one even where nothing is known.
    pub(in crate::steps) fn in_calls(self, number: usize) -> Vec<(u32, Self)> {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let chunks = self.identities.chunks(MOST_IDENTITIES).map(<[_]>::to_vec).collect::<Vec<_>>();
        let chunks = if chunks.is_empty() { vec![Vec::new()] } else { chunks };
        let one = |(identities, further)| (number + further * FURTHER, Self { identities, ..self.clone() });
        chunks.into_iter().zip(0..).map(one).collect()
    }

    /// Why the processor can't be told by its protocol; none where it can.
    pub(in crate::steps) fn obstacle(&self, objects: bool) -> Option<&'static str> {
        // OpenDSR has no request that stops a use of the data.
        (objects && self.processor.protocol == ProcessorProtocol::OpenDsr).then_some("no_such_request")
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

/// The sources among these that the processor received something of.
pub(in crate::steps) fn received(map: &DataMap, processor: &Processor, sources: &[String]) -> Vec<String> {
    let collection = |id: &&String| map.collection(id).and_then(|at| map.collections.get(at));
    sources.iter().filter(|id| collection(id).is_some_and(|it| processor.receives(it))).cloned().collect()
}

/// A value that processors can be told somebody by.
pub(in crate::steps) fn text_of(value: &Datum) -> Option<String> {
    match value {
        Datum::Text(text) | Datum::Number(text) => Some(text.clone()),
        Datum::Null | Datum::Bool(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn order(people: usize) -> ProcessorOrder {
        let known = (0..people).map(|number| ("email".to_owned(), format!("{number:04}@example.com"))).collect();
        let processor = Processor {
            fides_key: "p".to_owned(),
            name: None,
            url: "https://p.example.com".to_owned(),
            protocol: ProcessorProtocol::Webhook,
            secret: "p".to_owned(),
            datasets: Vec::new(),
            data_categories: Vec::new(),
            identities: BTreeMap::from([("email".to_owned(), "mail".to_owned())]),
            answer_within_days: 30,
            public_key: None,
        };
        ProcessorOrder::of(&processor, &known, Vec::new(), Vec::new())
    }

    #[test]
    fn many_people_are_told_in_several_calls_and_each_once() {
        for (people, calls) in [(0, vec![(7, 0)]), (500, vec![(7, 500)]), (1_001, vec![(7, 500), (107, 500), (207, 1)])]
        {
            let orders = order(people).in_calls(7);
            let lengths: Vec<_> = orders.iter().map(|(number, it)| (*number, it.identities.len())).collect();
            assert_eq!(lengths, calls);
            let told: BTreeSet<_> = orders.into_iter().flat_map(|(_, it)| it.identities).collect();
            assert_eq!(told.len(), people);
        }
    }
}
