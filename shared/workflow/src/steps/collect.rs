//! Reads one shard of what was located into encrypted parts of the archive, in constant memory.
//!
//! A part ends where a page of the source ends; progress is saved with it, so that a killed worker repeats one part at most.

use std::sync::Arc;

use archive::{CollectionWriter, DosTime, Packing, PartWriter, Position, Source};
use async_trait::async_trait;
use datamap::{DataMap, Lookup};
use domain::job::Outcome;
use domain::step::{Checkpoint, CollectCheckpoint, StepKind, Written};

use super::owners::Owners;
use super::plan::{PlanStore, ShardPlan};
use super::sources::{Sources, source_lookup};
use crate::advance_job::{Ran, RunStep};
use crate::own_records::{OwnRecords, extended};
use crate::ports::{Cursor, ExportStore, Media, SourceLookup, SourcePage};
use crate::sealing::{Place, SealingKey};
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

mod media;
pub(super) mod storing;

pub use storing::format_of;

/// Collects one shard.
pub struct Collect {
    // Dependencies.
    /// The customer's systems.
    pub sources: Sources,
    /// Sealed objects.
    pub plans: PlanStore,
    /// The bucket of exports.
    pub exports: Arc<dyn ExportStore>,
    // Configuration.
    /// How rows are kept in the parts.
    pub packing: Packing,
}

/// What a slice works with.
struct Shard {
    map: Arc<DataMap>,
    plan: ShardPlan,
    owners: Owners,
    own: Option<OwnRecords>,
    state: CollectCheckpoint,
    parts: PartWriter,
    key: SealingKey,
}

/// One collection being written.
struct Open {
    collection: usize,
    source: Source,
    ordinal: u32,
    media: u32,
    writer: CollectionWriter,
}

#[async_trait]
impl RunStep for Collect {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Collect]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let mut shard = self.shard(context).await?;
        while let Some(lookup) = shard.plan.lookups.get(shard.state.lookups_done as usize).cloned() {
            let mut open = open_collection(context, &shard, &lookup)?;
            if !self.collect(context, &mut shard, &mut open, &lookup).await? {
                return Ok(Ran::Continue);
            }
        }
        if let Some(part) = shard.parts.take() {
            storing::store(self.exports.as_ref(), context, &mut shard.state, part).await?;
            context.save(Checkpoint::Collect(shard.state.clone()), Vec::new()).await?;
        } else if context.step.checkpoint.is_none() {
            context.save(Checkpoint::Collect(shard.state.clone()), Vec::new()).await?;
        }
        Ok(Ran::Done(Outcome::Collected))
    }
}

impl Collect {
    async fn shard(&self, context: &mut StepContext) -> Result<Shard, StepError> {
        let map = self.sources.map_of(&context.job).await?;
        let input = context.step.input.clone().ok_or_else(|| StepError::park("the shard has no plan"))?;
        let plan: ShardPlan = self.plans.read(context, &input).await?;
        let shared: Vec<Lookup> = match &plan.owners {
            Some(object) => self.plans.read(context, object).await?,
            None => Vec::new(),
        };
        let state = match &context.step.checkpoint {
            Some(Checkpoint::Collect(state)) => state.clone(),
            _ => CollectCheckpoint::default(),
        };
        let parts = PartWriter::packing(DosTime::at(context.job.created_at), self.packing);
        let key = context.job_key().await?;
        let own = plan.own.then(|| OwnRecords {
            store: Arc::clone(&context.ports.store),
            tenant: context.job.tenant.clone(),
            until: context.step.created_at,
        });
        let map = if plan.own { Arc::new(extended(&map)) } else { map };
        Ok(Shard { owners: Owners::of(&plan, &shared), own, map, plan, state, parts, key })
    }

    /// Reads one lookup to its end; `false` if the slice ended before.
    async fn collect(
        &self,
        context: &mut StepContext,
        shard: &mut Shard,
        open: &mut Open,
        lookup: &Lookup,
    ) -> Result<bool, StepError> {
        let source = source_lookup(&context.job, &shard.map, lookup);
        let mut cursor = self.cursor(context, shard)?;
        loop {
            let page = match &shard.own {
                Some(own) => own.page(&shard.map, lookup, cursor.as_ref()).await?,
                None => self.sources.connector.export(&source, cursor.as_ref()).await?,
            };
            let SourcePage { rows, media, next } = page;
            for row in &rows {
                if shard.owners.belongs(lookup, row) {
                    open.writer.push(row, &mut shard.parts);
                }
            }
            for file in &media {
                self.add_media(context, shard, open, &source, file).await?;
            }
            let ended = next.is_none();
            let short = context.time_is_short();
            if short || shard.parts.is_full() {
                let at = if ended { Stop::Lookup } else { Stop::Page(next.clone()) };
                self.stop_at(context, shard, open, at).await?;
            } else if ended {
                note_position(shard, open);
                shard.state.lookups_done += 1;
                shard.state.cursor = None;
            }
            if ended {
                let more = (shard.state.lookups_done as usize) < shard.plan.lookups.len();
                return Ok(!(short && more));
            }
            if short {
                return Ok(false);
            }
            cursor = next;
        }
    }

    /// Ends the segment and the part, stores it and saves where to go on.
    async fn stop_at(
        &self,
        context: &mut StepContext,
        shard: &mut Shard,
        open: &mut Open,
        stop: Stop,
    ) -> Result<(), StepError> {
        note_position(shard, open);
        match stop {
            Stop::Lookup => {
                shard.state.lookups_done += 1;
                shard.state.cursor = None;
            }
            Stop::Page(cursor) => {
                let entropy = context.ports.entropy.as_ref();
                let place = Place::attribute(&context.step.key(), "cursor");
                shard.state.cursor = cursor.map(|Cursor(text)| shard.key.seal(&place, text.as_bytes(), entropy));
            }
        }
        if let Some(part) = shard.parts.take() {
            storing::store(self.exports.as_ref(), context, &mut shard.state, part).await?;
        }
        context.save(Checkpoint::Collect(shard.state.clone()), Vec::new()).await
    }

    fn cursor(&self, context: &StepContext, shard: &Shard) -> Result<Option<Cursor>, StepError> {
        let Some(sealed) = &shard.state.cursor else { return Ok(None) };
        let place = Place::attribute(&context.step.key(), "cursor");
        let plain = shard.key.open(&place, sealed).map_err(|_| unreadable("cursor"))?;
        String::from_utf8(plain.to_vec()).map(|text| Some(Cursor(text))).map_err(|_| unreadable("cursor"))
    }

    #[expect(clippy::too_many_arguments, reason = "the shard and the collection under way change together")]
    async fn add_media(
        &self,
        context: &StepContext,
        shard: &mut Shard,
        open: &mut Open,
        source: &SourceLookup,
        file: &Media,
    ) -> Result<(), StepError> {
        let content_type = file.content_type.as_deref().unwrap_or("");
        let name = open.source.media(open.ordinal, open.media, content_type);
        open.media += 1;
        if file.bytes <= media::SMALL_BYTES {
            let content = media::read_small(self.sources.connector.as_ref(), source, file).await?;
            shard.parts.add_media(name, &open.source, &content);
            return Ok(());
        }
        // A large file is a part of its own; what came before it goes first.
        note_position(shard, open);
        if let Some(part) = shard.parts.take() {
            storing::store(self.exports.as_ref(), context, &mut shard.state, part).await?;
        }
        let key = storing::part_key(context, shard.state.parts.len());
        let stream =
            media::Stream { connector: self.sources.connector.as_ref(), exports: self.exports.as_ref(), source, file };
        let made_at = DosTime::at(context.job.created_at);
        shard.state.parts.push(stream.copy(name, &open.source, made_at, &key).await?);
        Ok(())
    }
}

/// Where a slice of a lookup stops.
enum Stop {
    /// At the end of the lookup.
    Lookup,
    /// At the end of a page.
    Page(Option<Cursor>),
}

fn open_collection(context: &StepContext, shard: &Shard, lookup: &Lookup) -> Result<Open, StepError> {
    let collection = shard.map.collections.get(lookup.collection);
    let collection = collection.ok_or_else(|| StepError::park("the plan names an unknown collection"))?;
    let source = Source::new(&collection.dataset, &collection.name)
        .map_err(|_| StepError::park("the data map names a collection an archive can't hold"))?;
    let fields: Vec<String> = collection.fields.iter().map(|field| field.path.clone()).collect();
    let written = shard.state.written.iter().find(|written| written.collection == lookup.collection);
    let from = written.map_or(Position::default(), |w| Position { segment: w.segments, rows: w.rows });
    let ordinal = shard.plan.ordinals.get(&lookup.collection).copied().unwrap_or(context.step.shard);
    let writer = CollectionWriter::new(source.clone(), ordinal, format_of(context.job.format), &fields, from);
    Ok(Open { collection: lookup.collection, source, ordinal, media: written.map_or(0, |w| w.media), writer })
}

/// Ends the segment under way and notes where the collection stands.
fn note_position(shard: &mut Shard, open: &mut Open) {
    let position = open.writer.cut(&mut shard.parts);
    let written =
        Written { collection: open.collection, segments: position.segment, rows: position.rows, media: open.media };
    match shard.state.written.iter_mut().find(|known| known.collection == open.collection) {
        Some(known) => *known = written,
        None => shard.state.written.push(written),
    }
}
