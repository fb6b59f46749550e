//! Pages through the records that the plan of an erasure names: which would go, and which be rewritten.
//!
//! What would stay is counted in the plan only. The ids are those of the source and may tell who somebody is: for staff.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use datamap::{DataMap, Treatment};
use domain::ids::JobId;
use domain::job::Job;
use domain::request::RequestType;
use domain::role::Permission;
use domain::step::{Checkpoint, ObjectRef, Step, StepKind, StepState};

use crate::caller::Caller;
use crate::gate::steps_of;
use crate::keyring::{Keyring, TenantSecrets};
use crate::ports::{Clock, DataMaps, ExportStore, JobStore, PortError, PortErrorKind};
use crate::read_jobs::job_of;
use crate::refusal::Refusal;
use crate::sealing::SealingKey;
use crate::steps::{PlanStore, PlannedTarget, ShardPlan, of_round};

/// Sealed lists opened for one page: a source that shares its shard with larger ones has shorter pages.
const LISTS_AT_ONCE: usize = 4;

/// Reads the records of plans.
pub struct ReadPlan {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// Where plans are kept, sealed.
    pub exports: Arc<dyn ExportStore>,
    /// Published data maps.
    pub maps: Arc<dyn DataMaps>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// One record of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRecord {
    /// Where it is in its source: the key of a row, or of an object.
    pub id: String,
    /// What becomes of it.
    pub act: PlannedAct,
    /// Rows of the person in it.
    pub rows: u64,
    /// Rows of others in it.
    pub other_rows: u64,
}

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedAct {
    /// It goes whole.
    Delete,
    /// It stays with fields rewritten.
    Anonymise,
    /// It stays with fields corrected.
    Correct,
}

impl PlannedAct {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Anonymise => "anonymise",
            Self::Correct => "correct",
        }
    }
}

/// A page of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanPage {
    /// The records, in the order they were planned.
    pub records: Vec<PlannedRecord>,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// Where a page starts: shard, list of it, record of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Position {
    shard: u32,
    list: usize,
    record: usize,
}

/// One sealed list of a shard.
struct List {
    at: Position,
    shard: ObjectRef,
    targets: ObjectRef,
}

/// What a plan is read with.
struct OpenPlan {
    job: Job,
    map: Arc<DataMap>,
    secrets: TenantSecrets,
    key: SealingKey,
    source: String,
    hash: String,
}

impl ReadPlan {
    /// A page of the records of one source, `dataset.collection`, in the current plan.
    ///
    /// # Errors
    /// `NotFound` for jobs the caller may not see, `Forbidden` for all but staff, `WrongState` where there is no plan or
    /// its records are gone, `Invalid` for sources that are not in it and cursors of something else.
    pub async fn page(
        &self,
        caller: &Caller,
        id: &JobId,
        source: &str,
        (cursor, limit): (Option<&str>, usize),
    ) -> Result<PlanPage, Refusal> {
        let plan = self.open(caller, id, source).await?;
        let from = match cursor {
            None => Position::default(),
            Some(cursor) => plan.position_in(cursor)?,
        };
        let steps = steps_of(self.store.as_ref(), &plan.job.tenant, id).await?;
        let mut page = PlanPage::default();
        let lists = lists_from(&steps, &plan.source, from);
        for (opened, list) in lists.iter().enumerate() {
            if opened == LISTS_AT_ONCE || page.records.len() == limit {
                page.next = Some(plan.cursor_at(list.at));
                break;
            }
            if let Some(rest) = self.take(&plan, list, limit, &mut page.records).await? {
                page.next = Some(plan.cursor_at(Position { record: rest, ..list.at }));
                break;
            }
        }
        Ok(page)
    }

    async fn open(&self, caller: &Caller, id: &JobId, source: &str) -> Result<OpenPlan, Refusal> {
        let tenant = &caller.principal.tenant;
        let secrets = self.keyring.tenant(tenant, self.clock.now()).await?;
        let job = job_of(self.store.as_ref(), tenant, id).await?;
        if !caller.may_see(&job, &secrets) {
            return Err(Refusal::NotFound);
        }
        if !caller.principal.may(Permission::JobRead) || !caller.principal.is_staff() {
            return Err(Refusal::Forbidden { needs: vec![Permission::JobRead] });
        }
        let none = || Refusal::WrongState { status: job.status };
        let plan = job.erasure.as_ref().and_then(|erasure| erasure.plan.as_ref()).ok_or_else(none)?;
        if !plan.sources.iter().any(|known| known.source == source) {
            return Err(Refusal::field("?source", "names no source of the plan"));
        }
        let key = match self.keyring.job_key(tenant, id).await {
            // The records are read with a key that ends with the job.
            Err(error) if error.kind == PortErrorKind::NotFound => return Err(none()),
            key => key?,
        };
        let map = self.maps.load(tenant, &job.data_map).await?;
        let (source, hash) = (source.to_owned(), plan.hash.clone());
        Ok(OpenPlan { job, map, secrets, key, source, hash })
    }

    /// Takes records of one list until the page is full; answers where the rest of the list begins.
    async fn take(
        &self,
        plan: &OpenPlan,
        list: &List,
        limit: usize,
        records: &mut Vec<PlannedRecord>,
    ) -> Result<Option<usize>, Refusal> {
        let shard: ShardPlan = self.read(plan, &list.shard).await?;
        let targets: Vec<PlannedTarget> = self.read(plan, &list.targets).await?;
        for (at, one) in targets.into_iter().enumerate().skip(list.at.record) {
            let lookup = shard.lookups.get(one.lookup).ok_or_else(damaged)?;
            let collection = plan.map.collections.get(lookup.collection).ok_or_else(damaged)?;
            if collection.id() != plan.source {
                continue;
            }
            if records.len() == limit {
                return Ok(Some(at));
            }
            let treatment = plan.map.treatment(lookup.collection, &lookup.field);
            let act = match treatment {
                _ if plan.job.request_type == RequestType::Rectification => PlannedAct::Correct,
                Treatment::Delete => PlannedAct::Delete,
                Treatment::Rewrite { .. } | Treatment::Keep { .. } => PlannedAct::Anonymise,
            };
            let (id, rows, other_rows) = (one.target.locator, one.target.rows, one.target.other_rows);
            records.push(PlannedRecord { id, act, rows, other_rows });
        }
        Ok(None)
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, plan: &OpenPlan, object: &ObjectRef) -> Result<T, Refusal> {
        match self.exports.read(&object.key, None).await {
            Err(error) if error.kind == PortErrorKind::NotFound => Err(Refusal::WrongState { status: plan.job.status }),
            sealed => PlanStore::open(&plan.key, &plan.job.tenant, object, &sealed?).ok_or_else(|| damaged().into()),
        }
    }
}

impl OpenPlan {
    /// Bound to the plan and its source, so that no other list takes it.
    fn cursor_at(&self, at: Position) -> String {
        let Position { shard, list, record } = at;
        let place = format!("{shard}.{list}.{record}");
        let bound = self.bound(&place);
        URL_SAFE_NO_PAD.encode(format!("{place}.{bound}"))
    }

    fn position_in(&self, cursor: &str) -> Result<Position, Refusal> {
        let read = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
            let (place, bound) = text.rsplit_once('.')?;
            let mut numbers = place.split('.');
            let shard = numbers.next()?.parse().ok()?;
            let (list, record) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
            (bound == self.bound(place)).then_some(Position { shard, list, record })
        };
        read().ok_or_else(|| Refusal::field("?cursor", "is not a cursor of this list"))
    }

    fn bound(&self, place: &str) -> String {
        let parts = [self.job.id.as_str(), self.hash.as_str(), self.source.as_str(), place];
        let mut digest = self.secrets.digest("plan cursor v1", &parts.map(str::as_bytes));
        digest.truncate(32);
        digest
    }
}

/// The lists that may name records of a source, from a position on, in the plan that was sealed last.
fn lists_from(steps: &[Step], source: &str, from: Position) -> Vec<List> {
    let sealed = steps.iter().filter(|step| step.kind == StepKind::SealPlan && step.state == StepState::Done);
    let Some(round) = sealed.map(|step| step.shard).max() else { return Vec::new() };
    let mut lists = Vec::new();
    for step in of_round(steps, StepKind::PlanErasure, round) {
        let (Some(Checkpoint::PlanErasure(state)), Some(shard)) = (&step.checkpoint, &step.input) else { continue };
        if !state.sources.iter().any(|known| known.source == source) {
            continue;
        }
        for (list, targets) in state.chunks.iter().enumerate() {
            let mut at = Position { shard: step.shard, list, record: 0 };
            if (at.shard, at.list) < (from.shard, from.list) {
                continue;
            }
            if (at.shard, at.list) == (from.shard, from.list) {
                at = from;
            }
            lists.push(List { at, shard: shard.clone(), targets: targets.clone() });
        }
    }
    lists
}

const fn damaged() -> PortError {
    PortError::new(PortErrorKind::Corrupt, "read plan")
}
