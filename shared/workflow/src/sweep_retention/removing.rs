//! The second pass, one chunk at a time: archived and verified, held against the holds as they are now, then taken away.
//!
//! Before anything goes, the run says in our own table until when (`removing`), and then reads the holds. Whoever places a
//! hold writes it first and then reads that: either the chunk meets the hold, or the hold waits for the chunk (INV-E1).

use std::collections::BTreeMap;
use std::sync::Arc;

use datamap::{Masker, Treatment};
use domain::datum::Datum;
use domain::retention_run::{ArchivedChunk, RetentionRun, RunPhase, Window};
use jiff::{SignedDuration, Timestamp};

use super::chunk::{TenantMasker, counted, digest, has_work, open_cursor, seal_cursor, treatment};
use super::policy::{has_expired, latest_cutoff};
use super::{SweepRetention, Unit};
use crate::keyring::TenantSecrets;
use crate::ports::{Cursor, Erased, ExpiredRow, ExpiryOrder, PortError};

/// Rows of one chunk: so many that its own calls hardly count beside those that take it away,
const CHUNK_ROWS: usize = 10_000;
/// or so many pages, so that a pass that finds little still moves its checkpoint.
const CHUNK_PAGES: u32 = 32;
/// or so many bytes of whole objects that are archived.
const CHUNK_BYTES: u64 = 16 << 20;
/// How long a chunk may be taken away after the holds were read,
const REMOVING_FOR: SignedDuration = SignedDuration::from_secs(120);
/// and how long before that nothing is begun any more.
const MARGIN: SignedDuration = SignedDuration::from_secs(40);

/// A chunk that is about to go.
struct Prepared {
    rows: Vec<ExpiredRow>,
    next: Option<Cursor>,
    /// Whether an earlier attempt archived it: the same place is looked at again after it.
    is_resumed: bool,
    /// Whether the cap ends the run behind it.
    is_capped: bool,
}

impl SweepRetention {
    /// Takes one chunk away; `None` where somebody else moved the run. One that can't be archived before the slice is
    /// over leaves the run as it is.
    pub(super) async fn remove(
        &self,
        unit: &Unit<'_>,
        run: RetentionRun,
        slice_ends_at: Timestamp,
    ) -> Result<Option<RetentionRun>, PortError> {
        let Some(before) = latest_cutoff(&run) else {
            let after = RetentionRun { phase: RunPhase::Ended, ..run.clone() };
            return self.write(Some(&run), after).await;
        };
        let secrets = self.keyring.tenant(unit.tenant, self.clock.now()).await?;
        let masker: Arc<dyn Masker> = Arc::new(TenantMasker(secrets.clone()));
        let (order, treatment) = (unit.order(before), treatment(unit)?);
        let prepared =
            self.prepare(unit, (&secrets, slice_ends_at), (&order, &treatment, &masker), run.clone()).await?;
        let Some((run, chunk)) = prepared else { return Ok(Some(run)) };
        let mut taken = Taken { found: chunk.rows.len() as u64, ..Taken::default() };
        let began = if chunk.rows.is_empty() {
            run.clone()
        } else {
            let before = RetentionRun { archived: None, ..run.clone() };
            let from = self.clock.now();
            let began = RetentionRun { removing: Some(Window { from, until: from + REMOVING_FOR }), ..run };
            let Some(began) = self.write(Some(&before), began).await? else { return Ok(None) };
            let rows = self.free(unit, &secrets, chunk.rows).await?;
            taken = Taken { found: taken.found, ..self.take_away(&order, (&treatment, &masker), &rows, &began).await? };
            began
        };
        let mut after = RetentionRun { removing: None, failed_because: None, ..began.clone() };
        book(&mut after, &treatment, &taken);
        if !taken.is_unfinished {
            after.chunk += u32::from(after.archived.take().is_some());
            if !chunk.is_resumed {
                after.cursor = seal_cursor(&secrets, &after, chunk.next.as_ref(), self.entropy.as_ref());
                if chunk.is_capped {
                    after.phase = RunPhase::BeyondCap;
                } else if chunk.next.is_none() {
                    after.phase = RunPhase::Ended;
                }
            }
        }
        self.write(Some(&began), after).await
    }

    /// The rows of the next chunk, archived where the map asks; `None` where the slice was over before.
    async fn prepare(
        &self,
        unit: &Unit<'_>,
        (secrets, ends_at): (&TenantSecrets, Timestamp),
        (order, treatment, masker): (&ExpiryOrder, &Treatment, &Arc<dyn Masker>),
        mut run: RetentionRun,
    ) -> Result<Option<(RetentionRun, Prepared)>, PortError> {
        let retention = unit.retention()?;
        let (mut rows, next) = self.gather(order, open_cursor(secrets, &run)?).await?;
        rows.retain(|row| has_expired(&run, retention, &row.row) && has_work(treatment, masker.as_ref(), &row.row));
        if let Some(chunk) = &run.archived {
            let rows = self.in_manifest(secrets, chunk, rows).await?;
            return Ok(Some((run, Prepared { rows, next, is_resumed: true, is_capped: false })));
        }
        let mut rows = self.free(unit, secrets, rows).await?;
        let left = if run.beyond_cap { u64::MAX } else { self.cap.rows.saturating_sub(run.done.removed()) };
        let is_capped = rows.len() as u64 > left;
        rows.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        if retention.archive && !rows.is_empty() {
            let Some(archived) = self.archive(unit, (order, secrets, ends_at), &mut run, rows).await? else {
                return Ok(None);
            };
            rows = archived;
        }
        Ok(Some((run, Prepared { rows, next, is_resumed: false, is_capped })))
    }

    async fn gather(
        &self,
        order: &ExpiryOrder,
        mut after: Option<Cursor>,
    ) -> Result<(Vec<ExpiredRow>, Option<Cursor>), PortError> {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        for _ in 0..CHUNK_PAGES {
            let page = self.source.expired(order, after.as_ref()).await?;
            rows.extend(page.rows);
            bytes += page.bytes;
            after = page.next;
            if after.is_none() || rows.len() >= CHUNK_ROWS || bytes >= CHUNK_BYTES {
                break;
            }
        }
        Ok((rows, after))
    }

    /// The rows that no hold covers now.
    async fn free(
        &self,
        unit: &Unit<'_>,
        secrets: &TenantSecrets,
        rows: Vec<ExpiredRow>,
    ) -> Result<Vec<ExpiredRow>, PortError> {
        let holding = self.holding(unit).await?;
        let looked_at: Vec<&Datum> = rows.iter().map(|row| &row.row).collect();
        let held = self.held(unit, secrets, &holding, &looked_at).await?;
        Ok(rows.into_iter().zip(held).filter(|(_, held)| !held).map(|(row, _)| row).collect())
    }

    /// The rows that an archive holds as they are now.
    async fn in_manifest(
        &self,
        secrets: &TenantSecrets,
        chunk: &ArchivedChunk,
        rows: Vec<ExpiredRow>,
    ) -> Result<Vec<ExpiredRow>, PortError> {
        let mut archived: BTreeMap<String, u64> = counted(self.manifest(chunk).await?.rows);
        let mut is_in = |row: &ExpiredRow| {
            let left = archived.get_mut(&digest(secrets, row));
            left.filter(|left| **left > 0).is_some_and(|left| {
                *left -= 1;
                true
            })
        };
        Ok(rows.into_iter().filter(|row| is_in(row)).collect())
    }

    async fn take_away(
        &self,
        order: &ExpiryOrder,
        (treatment, masker): (&Treatment, &Arc<dyn Masker>),
        mut rows: &[ExpiredRow],
        run: &RetentionRun,
    ) -> Result<Taken, PortError> {
        let mut taken = Taken::default();
        while !rows.is_empty() {
            let is_late = run.removing.is_none_or(|window| self.clock.now() >= window.until - MARGIN);
            if is_late {
                taken.is_unfinished = true;
                break;
            }
            let (some, rest) = rows.split_at(self.source.batch(rows).clamp(1, rows.len()));
            rows = rest;
            for answer in self.source.remove(order, treatment, masker, some).await? {
                match answer {
                    Erased::Done => taken.done += 1,
                    Erased::Gone => taken.gone += 1,
                    Erased::Drifted => taken.drifted += 1,
                }
            }
        }
        Ok(taken)
    }
}

/// What became of the rows of a chunk.
#[derive(Default)]
struct Taken {
    found: u64,
    done: u64,
    gone: u64,
    drifted: u64,
    is_unfinished: bool,
}

/// Counts what happened. Of an archived chunk everything that is not there any more went, whichever attempt took it.
fn book(run: &mut RetentionRun, treatment: &Treatment, taken: &Taken) {
    let (done, missed) = match run.archived.as_mut() {
        Some(chunk) => {
            let gone = chunk.rows.saturating_sub(taken.found) + taken.done + taken.gone;
            let newly = gone.saturating_sub(chunk.booked);
            chunk.booked = chunk.booked.max(gone);
            (newly, taken.drifted)
        }
        None => (taken.done, taken.drifted + taken.gone),
    };
    match treatment {
        Treatment::Delete => run.done.deleted += done,
        Treatment::Rewrite { .. } | Treatment::Keep { .. } => run.done.anonymized += done,
    }
    run.done.failed += missed;
}
