//! The personal part of a request, as it is sealed on the job.

use domain::correction::Correction;
use domain::datum::Datum;
use domain::request::{Alias, Identity, IdentityKind};
use domain::sensitive::Sensitive;
use serde::{Deserialize, Serialize};

use crate::anonymization::CollectionOrder;
use crate::keyring::TenantSecrets;

/// What only the job key opens.
#[derive(Clone, Serialize, Deserialize)]
pub struct RequestBody {
    /// Kind, normalised value and value as given of each identity.
    identities: Vec<(IdentityKind, String, String)>,
    /// The requester's words.
    description: Option<String>,
    /// What rows told of the person, where nobody asked: kinds and values, as a walk knows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    told: Vec<(String, Datum)>,
    /// What is to be done with a collection, where the job is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<CollectionOrder>,
    /// What is to be corrected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    corrections: Vec<Correction>,
}

impl RequestBody {
    /// Gathers the personal part of a request.
    #[must_use]
    pub fn of(identities: &[Identity], description: Option<&Sensitive<String>>) -> Self {
        Self {
            identities: identities
                .iter()
                .map(|i| (i.kind, i.value.expose().clone(), i.given.expose().clone()))
                .collect(),
            description: description.map(|text| text.expose().clone()),
            told: Vec::new(),
            order: None,
            corrections: Vec::new(),
        }
    }

    /// The same with what is to be done with a collection.
    #[must_use]
    pub fn ordering(self, order: Option<CollectionOrder>) -> Self {
        Self { order, ..self }
    }

    /// What is to be done with a collection.
    #[must_use]
    pub const fn order(&self) -> Option<&CollectionOrder> {
        self.order.as_ref()
    }

    /// The same with what is to be corrected.
    #[must_use]
    pub fn correcting(self, corrections: &[Correction]) -> Self {
        Self { corrections: corrections.to_vec(), ..self }
    }

    /// What rows told of a person.
    #[must_use]
    pub const fn of_told(told: Vec<(String, Datum)>) -> Self {
        Self { identities: Vec::new(), description: None, told, order: None, corrections: Vec::new() }
    }

    /// The bytes to seal.
    ///
    /// # Panics
    /// Never: texts and enums serialise.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and enums serialise")
    }

    /// Reads sealed bytes back; `None` if they are not of this form.
    #[must_use]
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The identities as seeds of the walk, each normalised and as given.
    #[must_use]
    pub fn seeds(&self) -> Vec<(String, Datum)> {
        let seed = |kind: &IdentityKind, value: &String| (kind.to_string(), Datum::Text(value.clone()));
        let mut seeds: Vec<(String, Datum)> = Vec::new();
        for (kind, value, given) in &self.identities {
            seeds.push(seed(kind, value));
            if given != value {
                seeds.push(seed(kind, given));
            }
        }
        seeds.extend(self.told.iter().cloned());
        seeds
    }

    /// The aliases of the identities.
    #[must_use]
    pub fn aliases(&self, secrets: &TenantSecrets) -> Vec<Alias> {
        let mut aliases: Vec<Alias> = Vec::new();
        for (kind, value, _) in &self.identities {
            let alias = secrets.alias_of(kind.as_str(), value);
            if !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        aliases
    }

    /// What is to be corrected.
    #[must_use]
    pub fn corrections(&self) -> &[Correction] {
        &self.corrections
    }

    /// The requester's words.
    #[must_use]
    pub fn description(&self) -> Option<Sensitive<String>> {
        self.description.clone().map(Sensitive::new)
    }
}
