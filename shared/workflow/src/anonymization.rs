//! Finds personal data in what a caller hands over and makes it unreadable; nothing of it is kept.
//!
//! Each call leaves an audit event with counts. Data sets as a whole are in `dataset`, mapped collections in `source`,
//! questions paid from the privacy budget in `analytics`.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::event::{Action, EventType};
use domain::ids::OpNonce;
use domain::role::Permission;
use domain::transition::TransitionBuilder;
use jiff::Timestamp;
use pii::classify::record_risk;
use pii::detect::{Match, Scanner};
use pii::differential_privacy::{Cost, RandomBytes};
use pii::mask::{Anonymized, Anonymizer, HashKey, Method, Replacements};
use serde_json::Value;

use crate::caller::Caller;
use crate::keyring::{Keyring, TenantSecrets};
use crate::ports::{Clock, CollectionReader, CommitError, DataMaps, Entropy, JobStore};
use crate::refusal::Refusal;

mod analytics;
mod dataset;
mod order;
mod restricted;
mod source;

pub(crate) use analytics::Asked as AskedOfRows;
pub use analytics::{Answer, BUDGET, Query, Question, Values};
pub use dataset::{Asked, Dataset, Demand, Published};
pub(crate) use dataset::{flat, publish};
pub use order::{Charge, CollectionOrder, Made, NewOrder, Work};
pub(crate) use restricted::{keep_others, restricted};
pub use source::{CollectionName, ColumnScan, SourceName, SourceScan};

/// Scans and anonymises.
pub struct Anonymization {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Published data maps.
    pub maps: Arc<dyn DataMaps>,
    /// The mapped systems.
    pub reader: Arc<dyn CollectionReader>,
    /// What a tenant may spend on answers, ever.
    pub privacy_budget: Cost,
}

/// What is to be scanned.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A document: field names count.
    Document(Value),
    /// A text.
    Text(String),
}

/// What was found: positions, never values.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanned {
    /// The finds, in order.
    pub matches: Vec<Match>,
    /// What a leak would cost, 0 to 100.
    pub risk: f64,
}

/// Random bytes of the port.
pub(crate) struct Bytes(pub(crate) Arc<dyn Entropy>);

impl RandomBytes for Bytes {
    fn fill(&mut self, buffer: &mut [u8]) {
        self.0.fill(buffer);
    }
}

/// What an audit event says of a call.
struct Trace {
    resource: &'static str,
    action: Action,
    counts: Vec<(String, u64)>,
}

impl Anonymization {
    /// What a document or text holds.
    ///
    /// # Errors
    /// `Forbidden` without the permission.
    pub async fn scan(&self, caller: &Caller, content: &Content) -> Result<Scanned, Refusal> {
        check(caller)?;
        let scanner = Scanner::new();
        let matches = match content {
            Content::Document(document) => scanner.scan_value(document),
            Content::Text(text) => scanner.scan_text(text),
        };
        let now = self.clock.now();
        let secrets = self.secrets(caller, now).await?;
        let trace = Trace { resource: "scan", action: Action::Read, counts: counts_of(&matches) };
        self.record(caller, &secrets, trace, now).await?;
        Ok(Scanned { risk: record_risk(&matches), matches })
    }

    /// The document with what is found in it replaced; `fields` are replaced whatever they hold.
    ///
    /// # Errors
    /// `Forbidden` without the permission.
    pub async fn anonymize(
        &self,
        caller: &Caller,
        document: Value,
        method: Method,
        fields: Option<&[String]>,
    ) -> Result<Anonymized, Refusal> {
        check(caller)?;
        let now = self.clock.now();
        let secrets = self.secrets(caller, now).await?;
        let (key, mut replacements) = replacing(&secrets, &self.entropy);
        let scanner = Scanner::new();
        let anonymizer = Anonymizer::new(&scanner, method, &key, &mut replacements);
        let anonymizer = match fields {
            Some(fields) => anonymizer.only(fields),
            None => anonymizer,
        };
        let done = anonymizer.anonymize(document);
        let counts = vec![("matches".to_owned(), whole(done.found)), ("unchanged".to_owned(), whole(done.unchanged))];
        let trace = Trace { resource: "anonymization", action: Action::Execute, counts };
        self.record(caller, &secrets, trace, now).await?;
        Ok(done)
    }

    async fn secrets(&self, caller: &Caller, now: Timestamp) -> Result<TenantSecrets, Refusal> {
        Ok(self.keyring.tenant(&caller.principal.tenant, now).await?)
    }

    /// Leaves the audit event of a call that changed nothing of ours (R-AUD-1).
    async fn record(
        &self,
        caller: &Caller,
        secrets: &TenantSecrets,
        trace: Trace,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let nonce = OpNonce::new(self.entropy.bytes());
        let cause = caller.cause(secrets, self.entropy.as_ref(), now);
        let mut builder = TransitionBuilder::new(&caller.principal.tenant, nonce, cause, self.entropy.bytes());
        let mut event = builder.tenant_event(trace.resource, trace.action);
        event.event_type = EventType::DataAccess;
        event.counts = trace.counts;
        builder.event(event);
        match self.store.commit(&builder.build()).await {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => Err(Refusal::Busy),
            Err(CommitError::Port(error)) => Err(error.into()),
        }
    }
}

fn check(caller: &Caller) -> Result<(), Refusal> {
    let needed = Permission::ResourceWrite;
    if caller.principal.may(needed) { Ok(()) } else { Err(Refusal::Forbidden { needs: vec![needed] }) }
}

/// What replaces values of a tenant: the same in a call and in a job.
pub(crate) fn replacing(secrets: &TenantSecrets, entropy: &Arc<dyn Entropy>) -> (HashKey, Replacements<Bytes>) {
    let key = HashKey::new(&derived(secrets, "anonymisation hash v1"));
    let pseudonyms = derived(secrets, "anonymisation pseudonym v1");
    (key, Replacements::new(&pseudonyms, Bytes(Arc::clone(entropy))))
}

/// A key of the tenant for one purpose.
fn derived(secrets: &TenantSecrets, label: &str) -> [u8; 32] {
    let digest = secrets.digest(label, &[]);
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digest.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(0).unwrap_or(0) << 4 | digit(1).unwrap_or(0);
    }
    key
}

/// How many of each type.
fn counts_of(matches: &[Match]) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for found in matches {
        *counts.entry(found.kind.as_str()).or_default() += 1;
    }
    counts.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect()
}

fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
