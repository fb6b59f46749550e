//! Finds people who were erased and are back, after a restore or an import, and has them erased again (R-ERA-8).
//!
//! The ledger of the erased holds keyed hashes: each row that tells whose it is is hashed and looked up. What was approved
//! once is approved of whatever comes back; legal holds, the search that confirms and the receipt are as for any erasure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datamap::{DataMap, Masker, Source, Treatment, rewrite};
use domain::datum::Datum;
use domain::event::{Action, EventType};
use domain::ids::{JobId, OpNonce, TenantId};
use domain::key::TenantKey;
use domain::record::{DataMapPointer, Record, SuppressionRecord};
use domain::transition::{Cause, TransitionBuilder};
use jiff::{SignedDuration, Timestamp};

use crate::keyring::TenantSecrets;
use crate::legal_clock::LegalClock;
use crate::ports::{CollectionReader, CommitError, Cursor, DataMaps, PortError, PortErrorKind, WholeCollection};
use crate::step_context::StepPorts;
use crate::whose_row::Telling;

mod job;

/// Rows of one page.
const PAGE: usize = 1_000;
/// Items of one read of the store.
const AT_ONCE: usize = 100;
/// How long one run reads.
const READS_FOR: SignedDuration = SignedDuration::from_mins(10);

/// What rows told of one person: kinds and values.
type Told = BTreeSet<(String, Datum)>;

/// Replays the ledger of erased people.
pub struct ReplayErasures {
    // Dependencies.
    /// Our tables, queues and keys.
    pub ports: StepPorts,
    /// Reads the sources as wholes.
    pub reader: Arc<dyn CollectionReader>,
    /// Published data maps.
    pub maps: Arc<dyn DataMaps>,
    // Configuration.
    /// Due dates.
    pub legal_clock: LegalClock,
    /// The region jobs and their data stay in.
    pub region: String,
}

/// What a run found and began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Rows that were looked at.
    pub rows: u64,
    /// The erasures of people who are back, one for each.
    pub jobs: Vec<JobId>,
    /// The collection at which another run goes on; `None` once all were read.
    pub goes_on_at: Option<String>,
}

impl ReplayErasures {
    /// Reads the tenant's collections, from one of them on, and begins an erasure for each person who is back.
    ///
    /// # Errors
    /// When a source or a store fails, or `from` is no collection; what was begun before goes on.
    pub async fn run(&self, tenant: &TenantId, from: Option<&str>) -> Result<Replayed, PortError> {
        let started = self.ports.clock.now();
        let found = self.ports.store.load(&[DataMapPointer::key_of(tenant)]).await?;
        let pointer = found.into_iter().flatten().find_map(Record::into_data_map_pointer);
        let hash = pointer.ok_or(PortError::new(PortErrorKind::NotFound, "read data map pointer"))?.hash;
        let map = self.maps.load(tenant, &hash).await?;
        let first = match from {
            None => 0,
            Some(name) => {
                let at = map.collections.iter().position(|it| it.id() == name);
                at.ok_or(PortError::new(PortErrorKind::NotFound, "find collection"))?
            }
        };
        let mut replayed = Replayed::default();
        let mut back: BTreeMap<JobId, Told> = BTreeMap::new();
        for position in first..map.collections.len() {
            if !self.read(tenant, (&map, position), started, (&mut replayed, &mut back)).await? {
                replayed.goes_on_at = Some(map.collections[position].id());
                break;
            }
        }
        for (erased, told) in back {
            replayed.jobs.push(self.erase_again(tenant, &hash, &erased, told).await?);
        }
        self.record(tenant, &replayed).await?;
        Ok(replayed)
    }

    /// Reads one collection; `false` if the time was over before.
    async fn read(
        &self,
        tenant: &TenantId,
        (map, position): (&Arc<DataMap>, usize),
        started: Timestamp,
        (replayed, back): (&mut Replayed, &mut BTreeMap<JobId, Told>),
    ) -> Result<bool, PortError> {
        let collection = &map.collections[position];
        let telling = Telling::of(map, position);
        if collection.skip || telling.is_empty() || matches!(collection.source, Source::S3Media { .. }) {
            return Ok(true);
        }
        let secrets = self.ports.keyring.tenant(tenant, started).await?;
        let of = WholeCollection { tenant: tenant.clone(), map: Arc::clone(map), collection: position };
        let mut after: Option<Cursor> = None;
        loop {
            let page = self.reader.rows(&of, PAGE, after.as_ref()).await?;
            replayed.rows += page.rows.len() as u64;
            self.look_up(tenant, (map.as_ref(), position), (&telling, &page.rows), (&secrets, &mut *back)).await?;
            after = page.next;
            if after.is_none() {
                return Ok(true);
            }
            if self.ports.clock.now().duration_since(started) > READS_FOR {
                return Ok(false);
            }
        }
    }

    /// Adds whoever of the rows was erased, with what the rows tell of them; rows that erasing left say nothing.
    async fn look_up(
        &self,
        tenant: &TenantId,
        (map, position): (&DataMap, usize),
        (telling, rows): (&Telling, &[Datum]),
        (secrets, back): (&TenantSecrets, &mut BTreeMap<JobId, Told>),
    ) -> Result<(), PortError> {
        let mut asked: BTreeMap<TenantKey, (String, Datum)> = BTreeMap::new();
        let masker = LedgerMasker(secrets.clone());
        for row in rows {
            for told in telling.told(row) {
                if has_work(&map.treatment(position, told.path), row, &masker) {
                    let key = SuppressionRecord::key_of(tenant, &secrets.alias_of_value(told.kind, &told.value));
                    asked.insert(key, (told.kind.to_owned(), told.value));
                }
            }
        }
        let keys: Vec<TenantKey> = asked.keys().cloned().collect();
        for keys in keys.chunks(AT_ONCE) {
            let found = self.ports.store.load(keys).await?;
            for (key, record) in keys.iter().zip(found) {
                let entry = record.and_then(Record::into_suppression);
                if let (Some(entry), Some(told)) = (entry, asked.remove(key)) {
                    back.entry(entry.job).or_default().insert(told);
                }
            }
        }
        Ok(())
    }

    async fn record(&self, tenant: &TenantId, replayed: &Replayed) -> Result<(), PortError> {
        let (now, entropy) = (self.ports.clock.now(), self.ports.entropy.as_ref());
        let cause = Cause::worker(now).because("the sources were searched for erased people");
        let mut builder = TransitionBuilder::new(tenant, OpNonce::new(entropy.bytes()), cause, entropy.bytes());
        let mut event = builder.tenant_event("restore_replay", Action::Execute);
        event.event_type = EventType::Erasure;
        event.counts = vec![("rows".to_owned(), replayed.rows), ("people".to_owned(), replayed.jobs.len() as u64)];
        builder.event(event);
        self.ports.store.commit(&builder.build()).await.map_err(refused)
    }
}

/// Whether erasing would change a row; what stays under an exemption is not somebody who is back.
fn has_work(treatment: &Treatment, row: &Datum, masker: &dyn Masker) -> bool {
    match treatment {
        Treatment::Delete => true,
        Treatment::Rewrite { fields, .. } => rewrite(row, fields, masker) != *row,
        Treatment::Keep { .. } => false,
    }
}

/// Tells what is rewritten already: lasting hashes are the tenant's, and passing ones are known by their form.
struct LedgerMasker(TenantSecrets);

impl Masker for LedgerMasker {
    fn lasting(&self, value: &[u8]) -> String {
        self.0.digest("mask v1", &[value])
    }

    fn passing(&self, value: &[u8]) -> String {
        self.lasting(value)
    }
}

fn refused(error: CommitError) -> PortError {
    match error {
        CommitError::Port(error) => error,
        CommitError::Conflict { .. } | CommitError::LimitReached { .. } => {
            PortError::new(PortErrorKind::Conflict, "record replay")
        }
    }
}
