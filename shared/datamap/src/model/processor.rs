//! Who else holds the data on the controller's behalf, and how they are told of an erasure (GDPR Art. 19).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Collection, DataMap};

/// The words a processor is told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessorProtocol {
    /// A signed webhook (Standard Webhooks).
    Webhook,
    /// `POST /requests` of `OpenDSR`.
    #[serde(rename = "opendsr")]
    OpenDsr,
}

/// A processor or recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processor {
    /// Its name in receipts, events and calls.
    pub fides_key: String,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is told: the webhook's address, or the one below which `OpenDSR` has `/requests`.
    pub url: String,
    /// How.
    pub protocol: ProcessorProtocol,
    /// Name of the secret, under `habeas/<tenant>/`: signs webhooks, is the bearer token of `OpenDSR`.
    pub secret: String,
    /// Datasets, or collections as `dataset.collection`, that it receives; none is all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<String>,
    /// Categories that it receives, each with everything under it; none is all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_categories: Vec<String>,
    /// The kinds of identity it knows people by, and the names it has for them; nothing else is told.
    pub identities: BTreeMap<String, String>,
    /// Days it has for its answer.
    pub answer_within_days: u32,
    /// The key its answers are signed with (PEM); without one the address they come to is what proves them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}

impl Processor {
    /// Whether it receives anything of a collection.
    #[must_use]
    pub fn receives(&self, collection: &Collection) -> bool {
        let named = |name: &String| *name == collection.dataset || collection.is(name);
        let of_dataset = self.datasets.is_empty() || self.datasets.iter().any(named);
        let held = collection.categories();
        let touches = |mine: &String| held.iter().any(|theirs| is_under(theirs, mine) || is_under(mine, theirs));
        of_dataset && (self.data_categories.is_empty() || self.data_categories.iter().any(touches))
    }
}

impl DataMap {
    /// The processors that received anything of these sources (`dataset.collection`), by their place in the map.
    pub fn processors_of<'a>(&'a self, sources: &'a [String]) -> impl Iterator<Item = (usize, &'a Processor)> + 'a {
        let concerned = move |processor: &&Processor| {
            let mut touched = sources.iter().filter_map(|id| self.collections.get(self.collection(id)?));
            touched.any(|collection| processor.receives(collection))
        };
        self.processors.iter().enumerate().filter(move |(_, processor)| concerned(processor))
    }
}

fn is_under(category: &str, other: &str) -> bool {
    category.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
