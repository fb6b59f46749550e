//! Who acted, from where and with what: sealed beside the event of the act, opened only by `open_event` (R-AUD-1).
//!
//! Staff under the tenant's key; everybody else under a key of their own for this one act, so that sealing reads nothing
//! and conflicts with nothing. All keys of a person stand in one partition, and erasure empties it (R-ERA-6).

use domain::event::SealedDetail;
use domain::ids::TenantId;
use domain::record::KeyRecord;
use domain::sensitive::Sensitive;
use serde::{Deserialize, Serialize};

use crate::keyring::TenantSecrets;
use crate::ports::Entropy;
use crate::sealing::Place;

/// The owner name of the tenant's key.
pub(crate) const TENANT: &str = "tenant";

/// An address has at most 45 characters (V7).
const IP_CHARACTERS: usize = 45;
/// Of the other texts this much is kept.
const TEXT_CHARACTERS: usize = 512;

/// What is personal about whoever acted.
#[derive(Debug, Clone, Default)]
pub struct ActorDetail {
    /// The token's `sub`.
    pub subject: Option<Sensitive<String>>,
    /// The token's e-mail address.
    pub email: Option<Sensitive<String>>,
    /// The address of the call.
    pub ip: Option<Sensitive<String>>,
    /// What the client said it is.
    pub user_agent: Option<Sensitive<String>>,
}

/// The sealed form.
#[derive(Serialize, Deserialize)]
struct Stored {
    v: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

/// Where a detail belongs: one call of one tenant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfCall<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) request_id: &'a str,
}

impl OfCall<'_> {
    pub(crate) fn place(self) -> Place {
        Place::act(self.tenant, self.request_id)
    }
}

impl ActorDetail {
    fn is_empty(&self) -> bool {
        [&self.subject, &self.email, &self.ip, &self.user_agent].into_iter().all(Option::is_none)
    }

    /// Seals under the tenant's key: for staff.
    pub(crate) fn seal_for_tenant(
        &self,
        call: OfCall<'_>,
        secrets: &TenantSecrets,
        entropy: &dyn Entropy,
    ) -> SealedDetail {
        SealedDetail { owner: TENANT.to_owned(), sealed: secrets.seal(&call.place(), &self.to_bytes(), entropy) }
    }

    /// Seals under a new key of a person, which is to be committed along; nothing where nothing is known.
    pub(crate) fn seal_for_person(
        &self,
        call: OfCall<'_>,
        secrets: &TenantSecrets,
        person: &str,
        entropy: &dyn Entropy,
    ) -> Option<(SealedDetail, KeyRecord)> {
        if self.is_empty() {
            return None;
        }
        let (key, record) = secrets.make_act_key(call.tenant, person, entropy);
        let sealed = key.seal(&call.place(), &self.to_bytes(), entropy);
        Some((SealedDetail { owner: record.owner.clone(), sealed }, record))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let kept = |text: &Option<Sensitive<String>>, most: usize| {
            text.as_ref().map(|text| text.expose().chars().take(most).collect::<String>())
        };
        let stored = Stored {
            v: 1,
            subject: kept(&self.subject, TEXT_CHARACTERS),
            email: kept(&self.email, TEXT_CHARACTERS),
            ip: kept(&self.ip, IP_CHARACTERS),
            user_agent: kept(&self.user_agent, TEXT_CHARACTERS),
        };
        serde_json::to_vec(&stored).expect("texts serialise")
    }

    /// Reads the sealed form; `None` where it is none of ours.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let Stored { v: _, subject, email, ip, user_agent } = serde_json::from_slice(bytes).ok()?;
        let hidden = |text: Option<String>| text.map(Sensitive::new);
        Some(Self { subject: hidden(subject), email: hidden(email), ip: hidden(ip), user_agent: hidden(user_agent) })
    }
}
