//! Masks change events on their way to a stream, a queue or a bucket: none lost, order kept, equal ids for equal records (R-PII-6).
//!
//! What a field is comes from the data map, what stands in free text from detection; rows of people who were erased don't pass
//! (R-ERA-8). How a batch reaches us and what is answered is the function's business.

mod consent;
mod holding_back;
mod objects;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use domain::ids::TenantId;
use domain::record::{DataMapPointer, Record};
use domain::request::Alias;
use masking::{EventMasker, Keys, Masked, Method};

use self::consent::Whose;
pub use consent::{ConsentCheck, KeptConsents};
pub use objects::ObjectSink;
pub use rules::rules_of;

use crate::keyring::{Keyring, TenantSecrets};
use crate::ports::{Clock, DataMaps, EventBatch, EventSink, JobStore, MaskedEvent, PortError};

/// How often a sink that refuses for a passing reason is asked again in one run.
const TRIES: usize = 3;

/// A record as its stream holds it: personal data, never logged.
#[derive(Clone)]
pub struct StreamRecord {
    /// Stream and shard: the scope of order.
    pub shard: String,
    /// Its place there, and what a failure is reported by.
    pub sequence: String,
    /// What it was partitioned by.
    pub key: Vec<u8>,
    /// The name of its collection, where the stream says it.
    pub collection: Option<String>,
    /// The event.
    pub body: Vec<u8>,
}

/// What a run did, in counts and sequences.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamReport {
    /// Events written.
    pub written: u64,
    /// Values replaced in them.
    pub replaced: u64,
    /// Events that didn't pass because they are about somebody who was erased.
    pub suppressed: u64,
    /// Events that didn't pass because they are about somebody whose data is only kept.
    pub restricted: u64,
    /// Events that didn't pass because somebody they are about did not agree to the purpose.
    pub unconsented: u64,
    /// Records that are no events.
    pub unreadable: u64,
    /// The first record of each shard that has to come again, with all behind it.
    pub failed: BTreeMap<String, String>,
}

/// Masks and forwards batches of one tenant.
pub struct MaskStream {
    // Dependencies.
    /// Suppressions and the pointer to the data map.
    pub store: Arc<dyn JobStore>,
    /// Published data maps.
    pub maps: Arc<dyn DataMaps>,
    /// The tenant's key.
    pub keyring: Arc<Keyring>,
    /// Where events go.
    pub sink: Arc<dyn EventSink>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    // Configuration.
    /// Whose streams they are.
    pub tenant: TenantId,
    /// How values are replaced.
    pub method: Method,
    /// Who agreed to what the events are for; none where that needs no consent.
    pub consent: Option<ConsentCheck>,
    // Kept.
    /// What was learned of the events so far.
    pub kept: KeptMasker,
}

/// The masker of one data map; a new map gets a new one.
#[derive(Default)]
pub struct KeptMasker(Mutex<Option<(String, EventMasker)>>);

/// An event that is masked and not yet written.
struct Pending {
    record: usize,
    event: MaskedEvent,
    aliases: Vec<Alias>,
    /// Whom the event names by what consents are kept by.
    people: BTreeSet<String>,
    masked: Masked,
}

impl MaskStream {
    /// Masks the records and writes what came of them, shard by shard; a shard stops at its first failure.
    ///
    /// # Errors
    /// When our own tables, keys or the data map can't be read: nothing was written, all come again.
    pub async fn run(&self, records: &[StreamRecord]) -> Result<StreamReport, PortError> {
        let secrets = self.keyring.tenant(&self.tenant, self.clock.now()).await?;
        let (hash, mut masker) = self.masker(&secrets).await?;
        let consenting = self.consenting(&hash).await?;
        let kind = consenting.as_ref().map(|(_, _, whose)| whose.kind.as_str());
        let keys = Keys::new(&secrets.derived_key("mask v1"));
        let mut report = StreamReport::default();
        let mut pending = Vec::new();
        for (at, record) in records.iter().enumerate() {
            if report.failed.contains_key(&record.shard) {
                continue;
            }
            if let Some(event) = mask(&mut masker, &keys, (&secrets, kind), at, record) {
                pending.push(event);
            } else {
                report.unreadable += 1;
                report.failed.insert(record.shard.clone(), record.sequence.clone());
            }
        }
        let pending = self.without_held_back(records, &mut masker, pending, &mut report).await?;
        let pending = match &consenting {
            Some(consenting) => {
                let (pending, unconsented) = self.with_consent(records, &mut masker, pending, consenting).await?;
                report.unconsented = unconsented;
                pending
            }
            None => pending,
        };
        *self.kept.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((hash, masker));
        self.write(records, pending, &mut report).await;
        Ok(report)
    }

    /// The masker of the map that is current; kept from run to run with what it learned.
    async fn masker(&self, secrets: &TenantSecrets) -> Result<(String, EventMasker), PortError> {
        let found = self.store.load(&[DataMapPointer::key_of(&self.tenant)]).await?;
        let hash = found.into_iter().flatten().find_map(Record::into_data_map_pointer).map(|found| found.hash);
        let kept = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(kept) = kept.filter(|(of, _)| *of == hash.clone().unwrap_or_default()) {
            return Ok(kept);
        }
        let keys = Keys::new(&secrets.derived_key("mask v1"));
        let rules = match &hash {
            Some(hash) => {
                let map = self.maps.load(&self.tenant, hash).await?;
                let mut rules = rules_of(&map);
                if self.consent.is_some() {
                    Whose::of(&map)?.mark(&mut rules);
                }
                rules
            }
            None => Vec::new(),
        };
        Ok((hash.unwrap_or_default(), EventMasker::new(&rules, self.method, keys)))
    }

    async fn write(&self, records: &[StreamRecord], pending: Vec<Pending>, report: &mut StreamReport) {
        let mut shards: BTreeMap<&str, Vec<Pending>> = BTreeMap::new();
        for event in pending {
            shards.entry(&records[event.record].shard).or_default().push(event);
        }
        for (shard, events) in shards {
            let first = records.iter().find(|record| record.shard == shard);
            let first = first.map(|record| record.sequence.clone()).unwrap_or_default();
            let written = self.write_shard(shard, first, &events).await;
            report.written += written as u64;
            report.replaced += events[..written].iter().map(|event| event.masked.replaced as u64).sum::<u64>();
            if let Some(failed) = events.get(written) {
                report.failed.insert(shard.to_owned(), records[failed.record].sequence.clone());
            }
        }
    }

    /// Writes the events of a shard and answers how many from the first on arrived.
    async fn write_shard(&self, shard: &str, first: String, events: &[Pending]) -> usize {
        let events = events.iter().map(|event| event.event.clone()).collect();
        let mut batch = EventBatch { shard: shard.to_owned(), first, events };
        let mut written = 0;
        for _ in 0..TRIES {
            match self.sink.write(&batch).await {
                Ok(count) => {
                    written += count;
                    batch.events.drain(..count);
                }
                Err(error) => tracing::warn!(shard, error = %error, "a sink refused masked events"),
            }
            let Some(next) = batch.events.first() else { break };
            if written > 0 {
                batch.first = next.id.rsplit('/').next().unwrap_or_default().to_owned();
            }
        }
        written
    }
}

fn collection_of(masker: &EventMasker, record: &StreamRecord) -> Option<usize> {
    record.collection.as_deref().and_then(|name| masker.collection(name))
}

fn head(id: &str, key: &str) -> Vec<u8> {
    // Ids are names, numbers and slashes, keys hexadecimal digits: nothing in them wants escaping.
    format!("{{\"id\":\"{id}\",\"key\":\"{key}\",\"event\":").into_bytes()
}

/// One record masked; nothing if it is no event.
fn mask(
    masker: &mut EventMasker,
    keys: &Keys,
    (secrets, kind): (&TenantSecrets, Option<&str>),
    at: usize,
    record: &StreamRecord,
) -> Option<Pending> {
    let id = format!("{}/{}", record.shard, record.sequence);
    let key = keys.keyed(&String::from_utf8_lossy(&record.key));
    let mut body = head(&id, &key);
    let masked = match masker.mask(collection_of(masker, record), &record.body, &mut body) {
        Ok(masked) => masked,
        Err(error) => {
            tracing::error!(record = %id, error = %error, "a record is no event; its shard waits for it to be dropped");
            return None;
        }
    };
    body.push(b'}');
    // A line ends where the event ends.
    body.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    let aliases = masker.seen().iter().map(|seen| secrets.alias_of_found(&seen.kind, &seen.value)).collect();
    let is_asked_about = |seen: &&masking::Seen| kind.is_some_and(|kind| *seen.kind == *kind);
    let people = masker.seen().iter().filter(is_asked_about).map(|seen| seen.value.clone()).collect();
    Some(Pending { record: at, event: MaskedEvent { id, key, body }, aliases, people, masked })
}
