//! Reads a period of the audit log, newest first, into encrypted parts of an archive, in constant memory.
//!
//! Held are one look into the index, the segment under way and the part under way; progress is saved with each part.

use std::sync::Arc;

use archive::{ArchiveInfo, CollectionWriter, DosTime, Packing, PartWriter, Position, Source, SourceInfo, Subject};
use async_trait::async_trait;
use domain::event::EventIndex;
use domain::job::{Job, Outcome};
use domain::step::{Checkpoint, CollectCheckpoint, StepKind, Written};

use super::collect::{format_of, storing};
use crate::advance_job::{Ran, RunStep};
use crate::event_rows::{self, event_row};
use crate::ports::{AuditIndex, ExportStore, IdRange};
use crate::read_audit::EventFilter;
use crate::sealing::Place;
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

/// Events of one look: about a megabyte, which is what one query gives.
const EVENTS: usize = 2_000;

/// Reads the audit log for an export of it.
pub struct ExportEvents {
    // Dependencies.
    /// Events in the order of time.
    pub index: Arc<dyn AuditIndex>,
    /// The bucket of exports.
    pub exports: Arc<dyn ExportStore>,
    // Configuration.
    /// How rows are kept in the parts.
    pub packing: Packing,
}

#[async_trait]
impl RunStep for ExportEvents {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::ExportEvents]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let filter = filter_of(&context.job)?;
        let mut state = match &context.step.checkpoint {
            Some(Checkpoint::Collect(state)) => state.clone(),
            _ => CollectCheckpoint::default(),
        };
        let mut range = self.range(context, &filter, &state).await?;
        let mut writer = writer_of(&context.job, &state)?;
        let mut parts = PartWriter::packing(DosTime::at(context.job.created_at), self.packing);
        loop {
            let page = self.index.newest(&context.job.tenant, &EventIndex::All, &range, EVENTS).await?;
            for event in page.events.iter().filter(|event| filter.fits(event)) {
                writer.push(&event_row(event, context.job.format), &mut parts);
            }
            let goes_on = page.events.last().filter(|_| page.more);
            let ended = goes_on.is_none();
            if let Some(last) = goes_on {
                last.id.as_str().clone_into(&mut range.below);
            }
            let short = context.time_is_short();
            if ended || short || parts.is_full() {
                let Position { segment: segments, rows } = writer.cut(&mut parts);
                state.written = vec![Written { collection: 0, segments, rows, media: 0 }];
                state.cursor = None;
                if !ended {
                    let (key, place) = (context.job_key().await?, cursor_place(context));
                    state.cursor = Some(key.seal(&place, range.below.as_bytes(), context.ports.entropy.as_ref()));
                }
                if let Some(part) = parts.take() {
                    storing::store(self.exports.as_ref(), context, &mut state, part).await?;
                }
                context.save(Checkpoint::Collect(state.clone()), Vec::new()).await?;
            }
            if ended {
                return Ok(Ran::Done(Outcome::Collected));
            }
            if short {
                return Ok(Ran::Continue);
            }
        }
    }
}

impl ExportEvents {
    /// What is left of the period.
    async fn range(
        &self,
        context: &mut StepContext,
        filter: &EventFilter,
        state: &CollectCheckpoint,
    ) -> Result<IdRange, StepError> {
        let range = filter.range(context.now).map_err(|_| StepError::park("the period is none that is exported"))?;
        let Some(sealed) = &state.cursor else {
            // Whatever ended a claim after everything was read and before it was said: there is nothing left.
            let is_read = !state.written.is_empty();
            return Ok(if is_read { IdRange { below: range.above.clone(), ..range } } else { range });
        };
        let (key, place) = (context.job_key().await?, cursor_place(context));
        let plain = key.open(&place, sealed).map_err(|_| unreadable("cursor"))?;
        let below = String::from_utf8(plain.to_vec()).map_err(|_| unreadable("cursor"))?;
        Ok(IdRange { below, ..range })
    }
}

fn cursor_place(context: &StepContext) -> Place {
    Place::attribute(&context.step.key(), "cursor")
}

fn filter_of(job: &Job) -> Result<EventFilter, StepError> {
    let period = job.period.ok_or_else(|| StepError::park("the export of the audit log names no period"))?;
    Ok(EventFilter { start: Some(period.start), end: Some(period.end), ..EventFilter::default() })
}

fn source() -> Result<Source, StepError> {
    Source::new("habeas", "audit_events").map_err(|_| StepError::park("the archive can't hold the audit log"))
}

fn writer_of(job: &Job, state: &CollectCheckpoint) -> Result<CollectionWriter, StepError> {
    let written = state.written.first();
    let from = written.map_or(Position::default(), |it| Position { segment: it.segments, rows: it.rows });
    Ok(CollectionWriter::new(source()?, 0, format_of(job.format), &event_rows::columns(), from))
}

/// The head of the archive of an export of the audit log.
pub(super) fn log_info(job: &Job) -> Result<ArchiveInfo, StepError> {
    let period = job.period.ok_or_else(|| StepError::park("the export of the audit log names no period"))?;
    let source = SourceInfo {
        source: source()?,
        title: "Audit events".to_owned(),
        description: format!("From {} until before {}, newest first.", period.start, period.end),
        categories: Vec::new(),
        purposes: Vec::new(),
        lawful_bases: Vec::new(),
        recipients: Vec::new(),
        retention: None,
        origin: None,
        transfers: Vec::new(),
    };
    Ok(ArchiveInfo {
        subject: Subject::AuditLog,
        job_id: job.id.to_string(),
        request_type: job.scope.to_string(),
        made_at: job.created_at,
        format: format_of(job.format),
        region: job.region.clone(),
        controller: archive::Controller { name: job.tenant.to_string(), ..archive::Controller::default() },
        automated_decisions: None,
        notice: None,
        sources: vec![source],
    })
}
