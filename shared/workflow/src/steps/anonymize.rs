//! Reads a mapped collection page by page and leaves what was ordered of it: gzipped lines in parts, in constant memory.
//!
//! Only where all rows are needed at once are they kept, sealed and narrowed to the named columns, up to a limit.
//! What a row becomes is in `treating`. A part ends where a page ends; a killed worker repeats one part at most.

use std::sync::Arc;

use async_trait::async_trait;
use datamap::DataMap;
use domain::datum::Datum;
use domain::job::Outcome;
use domain::step::{AnonymizeCheckpoint, Checkpoint, PartRef, StepKind};
use pii::differential_privacy::Tally;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::treating::{Concluded, Treating};
use super::expire::parts_prefix;
use super::package::checksum_of;
use super::plan::PlanStore;
use super::sources::Sources;
use crate::advance_job::{Ran, RunStep};
use crate::anonymization::{Bytes, CollectionOrder, keep_others, replacing, restricted};
use crate::ports::{CollectionReader, Cursor, ExportStore, WholeCollection};
use crate::sealing::{Place, SealingKey};
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;
use crate::whose_row::Telling;

mod lines;
mod treating;

/// Rows of one page.
const PAGE_ROWS: usize = 1_000;
/// Rows that are kept where all are needed at once.
const MOST_GATHERED: u64 = 500_000;
/// Bytes of them, as JSON.
const MOST_GATHERED_BYTES: u64 = 64 * 1024 * 1024;

/// Makes of a collection what was ordered.
pub struct Anonymize {
    // Dependencies.
    /// The data map, and the region it is read in.
    pub sources: Sources,
    /// The mapped systems.
    pub reader: Arc<dyn CollectionReader>,
    /// Sealed objects.
    pub plans: PlanStore,
    /// The bucket of exports.
    pub exports: Arc<dyn ExportStore>,
}

/// Where a slice goes on, as it is sealed.
#[derive(Default, Serialize, Deserialize)]
struct Resume {
    cursor: Option<String>,
    /// Of what is added up: a text, since JSON knows no such numbers.
    sum: String,
    count: u64,
    /// Bytes of the rows that are kept.
    bytes: u64,
}

/// What a slice works with.
struct Slice {
    of: WholeCollection,
    telling: Telling,
    key: SealingKey,
    state: AnonymizeCheckpoint,
    resume: Resume,
    treating: Treating,
}

#[async_trait]
impl RunStep for Anonymize {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Anonymize]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let body = context.request_body().await?;
        let order = body.order().ok_or_else(|| StepError::park("the job says of no collection what is to be done"))?;
        let mut slice = self.slice(context, order).await?;
        if !slice.state.read
            && let Some(ran) = self.read(context, &mut slice).await?
        {
            return Ok(ran);
        }
        if slice.state.parts.is_empty() {
            let rows = self.gathered(context, &slice).await?;
            let random = Bytes(Arc::clone(&context.ports.entropy));
            match slice.treating.conclude(rows, random)? {
                Concluded::Parts(parts) => {
                    for (bytes, rows) in parts {
                        self.store(context, &mut slice.state, bytes, rows).await?;
                    }
                }
                Concluded::Refused(reason) => return Ok(Ran::Done(Outcome::Rejected { reason })),
            }
            slice.state.counts.extend(slice.treating.counts());
            context.save(Checkpoint::Anonymize(slice.state), Vec::new()).await?;
        }
        Ok(Ran::Done(Outcome::Anonymized))
    }
}

impl Anonymize {
    async fn slice(&self, context: &mut StepContext, order: &CollectionOrder) -> Result<Slice, StepError> {
        let map = self.sources.map_of(&context.job).await?;
        let position = position_of(&map, order)?;
        let secrets = context.ports.keyring.tenant(&context.job.tenant, context.now).await?;
        let key = context.job_key().await?;
        let state = match &context.step.checkpoint {
            Some(Checkpoint::Anonymize(state)) => state.clone(),
            _ => AnonymizeCheckpoint::default(),
        };
        let resume = match &state.resume {
            None => Resume::default(),
            Some(sealed) => {
                let place = Place::attribute(&context.step.key(), "resume");
                let plain = key.open(&place, sealed).map_err(|_| unreadable("place to go on"))?;
                serde_json::from_slice(&plain).map_err(|_| unreadable("place to go on"))?
            }
        };
        let tally = Tally { sum: resume.sum.parse().unwrap_or(0), count: resume.count };
        let replacing = replacing(&secrets, &context.ports.entropy);
        let treating = Treating::new(&order.work, replacing, tally, &state.counts)?;
        let telling = Telling::of(&map, position);
        let of = WholeCollection { tenant: context.job.tenant.clone(), map, collection: position };
        Ok(Slice { of, telling, key, state, resume, treating })
    }

    /// Reads the collection to its end; answers where the slice, or the job, ends before.
    async fn read(&self, context: &mut StepContext, slice: &mut Slice) -> Result<Option<Ran>, StepError> {
        let secrets = context.ports.keyring.tenant(&context.job.tenant, context.now).await?;
        loop {
            let after = slice.resume.cursor.take().map(Cursor);
            let mut page = self.reader.rows(&slice.of, PAGE_ROWS, after.as_ref()).await?;
            // Looked up anew for each page: a restriction holds from when it is set.
            let theirs = restricted(context.ports.store.as_ref(), &context.job.tenant).await?;
            keep_others(&mut page.rows, &slice.telling, &secrets, &theirs);
            slice.take(&page.rows);
            if slice.state.rows > MOST_GATHERED && slice.treating.gathers() || slice.resume.bytes > MOST_GATHERED_BYTES
            {
                return Ok(Some(Ran::Done(Outcome::Rejected { reason: too_large() })));
            }
            slice.state.read = page.next.is_none();
            slice.resume.cursor = page.next.map(|Cursor(text)| text);
            let short = context.time_is_short();
            if slice.state.read || short || slice.treating.is_full() {
                self.save(context, slice).await?;
            }
            if slice.state.read {
                return Ok(None);
            }
            if short {
                return Ok(Some(Ran::Continue));
            }
        }
    }

    /// Stores what is finished and saves where to go on.
    async fn save(&self, context: &mut StepContext, slice: &mut Slice) -> Result<(), StepError> {
        if let Some((bytes, rows)) = slice.treating.take_part() {
            self.store(context, &mut slice.state, bytes, rows).await?;
        }
        let gathered = slice.treating.take_gathered();
        if !gathered.is_empty() {
            let name = format!("rows-{:06}", slice.state.gathered.len());
            slice.state.gathered.push(self.plans.write(context, &name, gathered.len(), &gathered).await?);
        }
        let tally = slice.treating.tally();
        (slice.resume.sum, slice.resume.count) = (tally.sum.to_string(), tally.count);
        let plain = serde_json::to_vec(&slice.resume).map_err(|_| StepError::park("a place does not serialise"))?;
        let place = Place::attribute(&context.step.key(), "resume");
        slice.state.resume = Some(slice.key.seal(&place, &plain, context.ports.entropy.as_ref()));
        slice.state.counts = slice.treating.counts();
        context.save(Checkpoint::Anonymize(slice.state.clone()), Vec::new()).await
    }

    /// The fence keeps a worker that lost its claim from replacing what its successor wrote.
    async fn store(
        &self,
        context: &StepContext,
        state: &mut AnonymizeCheckpoint,
        bytes: Vec<u8>,
        rows: u64,
    ) -> Result<(), StepError> {
        let prefix = parts_prefix(context.job.tenant.as_str(), context.job.id.as_str());
        let key = format!("{prefix}rows-{:06}-{:06}", context.step.fence, state.parts.len());
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let sha256 = Some(checksum_of(&bytes, length));
        self.exports.put(&key, bytes).await?;
        state.parts.push(PartRef { key, zip_bytes: length, bytes: length, rows, sha256 });
        Ok(())
    }

    async fn gathered(&self, context: &mut StepContext, slice: &Slice) -> Result<Vec<Map<String, Value>>, StepError> {
        let mut rows = Vec::new();
        for object in &slice.state.gathered {
            let chunk: Vec<Map<String, Value>> = self.plans.read(context, object).await?;
            rows.extend(chunk);
        }
        Ok(rows)
    }
}

impl Slice {
    fn take(&mut self, rows: &[Datum]) {
        for row in rows {
            self.resume.bytes += self.treating.take(row, self.state.rows);
            self.state.rows += 1;
        }
    }
}

fn position_of(map: &DataMap, order: &CollectionOrder) -> Result<usize, StepError> {
    let is_it = |it: &datamap::Collection| it.dataset == order.dataset && it.name == order.collection;
    let position = map.collections.iter().position(is_it);
    position.ok_or_else(|| StepError::park("the data map of the job has no such collection"))
}

fn too_large() -> String {
    let mib = MOST_GATHERED_BYTES >> 20;
    format!(
        "the collection has more than {MOST_GATHERED} rows, or more than {mib} MiB in the named columns: \
         groups are made in memory, and this is its limit"
    )
}
