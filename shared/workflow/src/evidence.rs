//! Evidence: collected, shown with its chain of custody, checked (R-AUD-5). It lies under lock beside the logs; what has outlived
//! its lock ends (`ending.rs`).
//!
//! `evidence/<tenant>/items/<id>` is written once, `…/custody/<id>/<number>` once for each entry, `…/checks/<id>` with each check.

mod check;
mod custody;
mod ending;
mod policies;
mod scheduled;
mod sealing;
mod week;

use std::sync::Arc;

use domain::event::{Action, EventType};
use domain::evidence::{CustodyAct, CustodyEntry, Evidence, EvidenceType};
use domain::ids::{EvidenceId, TenantId};
use domain::role::Permission;
use domain::sensitive::Sensitive;
use futures::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};

pub use self::scheduled::{CollectEvidence, Collected};
use self::sealing::sealed;
use crate::caller::Caller;
use crate::keyring::TenantSecrets;
use crate::ports::{EvidenceStore, IntegrityAlerts, PortError, PortErrorKind};
use crate::read_audit::ReadAudit;
use crate::refusal::Refusal;
use crate::sealing::Place;

/// Objects read at once.
const AT_ONCE: usize = 8;
/// What is said of evidence that can't be read.
const DAMAGED: &str = "what the evidence says does not open: it was changed after it was sealed";
/// What kind of thing evidence is in events.
const RESOURCE_TYPE: &str = "evidence";

/// Collects and shows evidence.
pub struct KeepEvidence {
    // Dependencies.
    /// Who may, and that they did.
    pub read: Arc<ReadAudit>,
    /// Objects under lock.
    pub store: Arc<dyn EvidenceStore>,
    /// Whoever must hear of what is broken.
    pub alerts: Arc<dyn IntegrityAlerts>,
    // Configuration.
    /// How long evidence is locked.
    pub keep_days: i64,
}

/// Evidence as it is brought.
#[derive(Debug, Clone)]
pub struct NewEvidence {
    /// What kind it is.
    pub evidence_type: EvidenceType,
    /// What it says.
    pub words: EvidenceWords,
    /// The system it comes from.
    pub source_system: String,
    /// The controls it is for.
    pub control_objectives: Vec<String>,
    /// The organisation it is about.
    pub organization_id: Option<String>,
}

/// What evidence says: it may name people, and is sealed under the tenant's key.
#[derive(Debug, Clone)]
pub struct EvidenceWords {
    /// A title.
    pub title: Sensitive<String>,
    /// What it shows.
    pub description: Sensitive<String>,
    /// The evidence itself, compact JSON; for a change, before and after.
    pub content: Sensitive<String>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    title: String,
    description: String,
    content: String,
}

/// Evidence with what it says.
#[derive(Debug, Clone)]
pub struct OpenedEvidence {
    /// The evidence.
    pub evidence: Evidence,
    /// What it says.
    pub words: EvidenceWords,
}

/// A page of evidence.
#[derive(Debug, Clone)]
pub struct EvidencePage {
    /// The evidence, oldest first.
    pub items: Vec<OpenedEvidence>,
    /// What of the page can't be read any more.
    pub damaged: Vec<EvidenceId>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<EvidenceId>,
}

impl KeepEvidence {
    /// Keeps evidence under lock, with the first entry of its chain of custody.
    ///
    /// # Errors
    /// `Forbidden` without `resource:write`.
    pub async fn collect(&self, caller: &Caller, new: NewEvidence) -> Result<OpenedEvidence, Refusal> {
        let (secrets, now) = self.read.admit_with(caller, Permission::ResourceWrite).await?;
        let tenant = caller.principal.tenant.clone();
        let entropy = self.read.entropy.as_ref();
        let id = EvidenceId::new(now, entropy.bytes());
        let collector = secrets.pseudonym(&caller.principal.subject);
        let evidence = sealed((&secrets, entropy), (&tenant, id), (now, self.keep_days), collector, &new)?;
        let first = custody::first(&evidence);
        self.put_custody(&evidence, &first).await?;
        let of = (EventType::EvidenceCollected, Action::Create, RESOURCE_TYPE, Some(evidence.id.to_string()));
        self.read.tell_as(caller, &secrets, now, of).await?;
        let bytes = serde_json::to_vec(&evidence).map_err(|cause| corrupt("write evidence", cause))?;
        let name = item_name(&evidence.tenant, evidence.id.as_str());
        if !self.store.put_new(&name, bytes, evidence.retain_until).await? {
            return Err(Refusal::Busy);
        }
        Ok(OpenedEvidence { evidence, words: new.words })
    }

    /// A page of evidence, oldest first.
    ///
    /// # Errors
    /// `Forbidden` without `evidence:read`.
    pub async fn list(
        &self,
        caller: &Caller,
        after: Option<&EvidenceId>,
        limit: usize,
    ) -> Result<EvidencePage, Refusal> {
        let (secrets, now) = self.read.admit_with(caller, Permission::EvidenceRead).await?;
        let tenant = &caller.principal.tenant;
        let prefix = item_name(tenant, "");
        let after = after.map(|id| item_name(tenant, id.as_str()));
        let mut names = self.store.names(&prefix, after.as_deref(), limit + 1).await?;
        let is_more = names.len() > limit;
        names.truncate(limit);
        let next = names.last().filter(|_| is_more).and_then(|name| id_in(name, &prefix));
        let found: Vec<(String, Option<OpenedEvidence>)> = futures::stream::iter(names)
            .map(async |name| {
                let found = self.store.read(&name).await?;
                let opened = found.and_then(|found| self.opened(&secrets, &found.bytes).ok());
                Ok::<_, Refusal>((name, opened))
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let (mut items, mut damaged) = (Vec::new(), Vec::new());
        for (name, opened) in found {
            match (opened, id_in(&name, &prefix)) {
                // One that lies under another's name is none.
                (Some(opened), Some(id)) if opened.evidence.id == id => items.push(opened),
                (_, Some(id)) => {
                    self.alerts.evidence_broken(tenant, &id, DAMAGED);
                    damaged.push(id);
                }
                (_, None) => {}
            }
        }
        let of = (EventType::UserAccess, Action::Read, RESOURCE_TYPE, None);
        self.read.tell_as(caller, &secrets, now, of).await?;
        Ok(EvidencePage { items, damaged, next })
    }

    /// One piece of evidence.
    ///
    /// # Errors
    /// `Forbidden` without `evidence:read`; `NotFound` for unknown and foreign ones alike.
    pub async fn one(&self, caller: &Caller, id: &EvidenceId) -> Result<OpenedEvidence, Refusal> {
        let (secrets, now) = self.read.admit_with(caller, Permission::EvidenceRead).await?;
        let found = self.found(&secrets, &caller.principal.tenant, id).await?;
        let of = (EventType::UserAccess, Action::Read, RESOURCE_TYPE, Some(id.to_string()));
        self.read.tell_as(caller, &secrets, now, of).await?;
        Ok(found)
    }

    /// The chain of custody of a piece of evidence, from its beginning.
    ///
    /// # Errors
    /// `Forbidden` without `evidence:read`; `NotFound` for unknown and foreign ones alike.
    pub async fn custody(&self, caller: &Caller, id: &EvidenceId) -> Result<Vec<CustodyEntry>, Refusal> {
        let (secrets, now) = self.read.admit_with(caller, Permission::EvidenceRead).await?;
        let found = self.found(&secrets, &caller.principal.tenant, id).await?;
        let chain = self.chain(&found.evidence).await?;
        let of = (EventType::UserAccess, Action::Read, RESOURCE_TYPE, Some(id.to_string()));
        self.read.tell_as(caller, &secrets, now, of).await?;
        chain.iter().map(|bytes| custody::read(bytes).map_err(Refusal::from)).collect()
    }

    async fn stored(&self, tenant: &TenantId, id: &EvidenceId) -> Result<(Evidence, Vec<u8>), Refusal> {
        let found = self.store.read(&item_name(tenant, id.as_str())).await?.ok_or(Refusal::NotFound)?;
        let evidence = serde_json::from_slice(&found.bytes).map_err(|cause| corrupt("read evidence", cause))?;
        Ok((evidence, found.bytes))
    }

    async fn found(
        &self,
        secrets: &TenantSecrets,
        tenant: &TenantId,
        id: &EvidenceId,
    ) -> Result<OpenedEvidence, Refusal> {
        let (_, bytes) = self.stored(tenant, id).await?;
        self.opened(secrets, &bytes)
    }

    fn opened(&self, secrets: &TenantSecrets, bytes: &[u8]) -> Result<OpenedEvidence, Refusal> {
        let evidence: Evidence = serde_json::from_slice(bytes).map_err(|cause| corrupt("read evidence", cause))?;
        let place = Place::evidence(&evidence.tenant, &evidence.id);
        let plain = secrets.open(&place, &evidence.sealed).map_err(|cause| corrupt("open evidence", cause))?;
        let stored: Stored = serde_json::from_slice(&plain).map_err(|cause| corrupt("read evidence", cause))?;
        let Stored { title, description, content } = stored;
        let words = EvidenceWords {
            title: Sensitive::new(title),
            description: Sensitive::new(description),
            content: Sensitive::new(content),
        };
        Ok(OpenedEvidence { evidence, words })
    }

    /// All entries as they are stored.
    async fn chain(&self, evidence: &Evidence) -> Result<Vec<Vec<u8>>, Refusal> {
        let prefix = custody_name(&evidence.tenant, &evidence.id, "");
        let mut names: Vec<String> = Vec::new();
        loop {
            let page = self.store.names(&prefix, names.last().map(String::as_str), 1_000).await?;
            if page.is_empty() {
                break;
            }
            names.extend(page);
        }
        let read = async |name: String| match self.store.read(&name).await {
            Ok(Some(found)) => Ok(found.bytes),
            Ok(None) => Err(Refusal::NotFound),
            Err(error) => Err(error.into()),
        };
        futures::stream::iter(names).map(read).buffered(AT_ONCE).try_collect().await
    }

    async fn put_custody(&self, evidence: &Evidence, entry: &CustodyEntry) -> Result<(), Refusal> {
        let bytes = serde_json::to_vec(entry).map_err(|cause| corrupt("write custody", cause))?;
        let name = custody_name(&evidence.tenant, &evidence.id, &format!("{:06}", entry.number));
        // Another check of the same moment has taken the place: its entry says the same.
        let is_ours = self.store.put_new(&name, bytes, evidence.retain_until).await?;
        if is_ours || entry.act == CustodyAct::Verified { Ok(()) } else { Err(Refusal::Busy) }
    }
}

fn id_in(name: &str, prefix: &str) -> Option<EvidenceId> {
    name.strip_prefix(prefix)?.parse().ok()
}

fn item_name(tenant: &TenantId, id: &str) -> String {
    format!("evidence/{tenant}/items/{id}")
}

fn custody_name(tenant: &TenantId, id: &EvidenceId, number: &str) -> String {
    format!("evidence/{tenant}/custody/{id}/{number}")
}

fn corrupt(operation: &'static str, cause: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::caused(PortErrorKind::Corrupt, operation, cause)
}
