//! Erasing in one object: it is streamed once, rewritten for all orders that name it, and put back only where it still is
//! the same.

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::ObjectLockLegalHoldStatus;
use datamap::RowFormat;
use workflow::ports::{Erased, PortError, PortErrorKind, Target};

use super::objects::ObjectSource;
use super::packing::Packing;
use super::rewriting::{Next, Rewriting, Tallies, Work, Works};
use super::upload::{Kept, Upload, put};
use crate::failure::failed;

/// Bytes of one part of an upload; what is smaller is put at once.
pub(super) const PART_BYTES: usize = 8 << 20;
/// Times that an object is redone because somebody else wrote it meanwhile.
pub(super) const ROUNDS: u32 = 5;

/// What became of the object for each of its orders; none where another round must tell.
pub(super) type Verdicts = Vec<Option<Erased>>;

/// How a round ended.
pub(super) enum Round {
    /// At least one of the orders has its verdict.
    Ended(Verdicts),
    /// Somebody else wrote the object meanwhile.
    Raced,
}

/// What is to be done with an object, now that its rows are known.
pub(super) enum Decision {
    /// Nothing is written in this round.
    Ended(Round),
    /// It is written for those that have no verdict yet.
    Write(Verdicts),
}

/// An object and the orders that name it, with what each has planned.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) works: Works<'a>,
    pub(super) source: &'a ObjectSource<'a>,
    pub(super) key: &'a str,
    pub(super) planned: &'a [&'a Target],
    pub(super) ordinal: u64,
}

impl Object<'_> {
    /// Erases for each order; one whose rows are not what was planned is left out, and the others go on.
    pub(super) async fn erase(self) -> Result<Vec<Erased>, PortError> {
        let mut answers: Verdicts = vec![None; self.planned.len()];
        let mut races = 0;
        while races < ROUNDS {
            let open: Vec<usize> = (0..answers.len()).filter(|place| answers[*place].is_none()).collect();
            if open.is_empty() {
                break;
            }
            let works: Vec<Work<'_>> = open.iter().map(|place| self.works.each[*place]).collect();
            let planned: Vec<&Target> = open.iter().map(|place| self.planned[*place]).collect();
            let works = Works { each: &works, wanted: self.works.wanted };
            match (Object { works, planned: &planned, ..self }).round().await? {
                Round::Ended(verdicts) => {
                    open.into_iter().zip(verdicts).for_each(|(place, verdict)| answers[place] = verdict);
                }
                Round::Raced => races += 1,
            }
        }
        Ok(answers.into_iter().map(|answer| answer.unwrap_or(Erased::Drifted)).collect())
    }

    async fn round(&self) -> Result<Round, PortError> {
        match self.works.each.first().map(|work| work.format) {
            Some(RowFormat::Parquet) => self.table_round().await,
            Some(RowFormat::NdJson | RowFormat::Csv) => self.text_round().await,
            None => Ok(Round::Raced),
        }
    }

    async fn text_round(&self) -> Result<Round, PortError> {
        let (bucket, key) = (self.source.versioned(), self.key);
        let Some(mut object) = get(self.source, key).await? else { return self.gone().await };
        let kept = Kept::of(&bucket, key, &object).await?;
        let mut rewriting = Rewriting::write(self.works, Packing::of(key));
        let mut upload = None;
        let streamed = self.stream(&mut rewriting, &mut object, &kept, &mut upload).await;
        let ended = match streamed {
            Ok(()) => self.finish(&mut rewriting, &object, &kept, &mut upload).await,
            Err(error) => Err(error),
        };
        settle(ended, upload).await
    }

    /// An object that was left without rows was deleted, perhaps not yet its previous versions.
    pub(super) async fn gone(&self) -> Result<Round, PortError> {
        let is_gone = self.source.versioned().delete_all(self.key, None).await?;
        Ok(if is_gone { Round::Ended(vec![Some(Erased::Gone); self.planned.len()]) } else { Round::Raced })
    }

    /// Streams the object through, leaving at most one part unsent.
    async fn stream<'u>(
        &'u self,
        rewriting: &mut Rewriting<'_>,
        object: &mut GetObjectOutput,
        kept: &Kept,
        upload: &mut Option<Upload<'u>>,
    ) -> Result<(), PortError> {
        while advance(rewriting, object, self.ordinal).await? {
            if rewriting.written() >= PART_BYTES {
                self.put_part(rewriting.take(), kept, upload).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn put_part<'u>(
        &'u self,
        bytes: Vec<u8>,
        kept: &Kept,
        upload: &mut Option<Upload<'u>>,
    ) -> Result<(), PortError> {
        let begun = match upload {
            Some(begun) => begun,
            none @ None => none.insert(Upload::start(self.source.versioned(), self.key, kept).await?),
        };
        begun.part(bytes).await
    }

    /// Decides what becomes of the object, now that all of it went by. An upload that is left over is to be given up.
    async fn finish(
        &self,
        rewriting: &mut Rewriting<'_>,
        object: &GetObjectOutput,
        kept: &Kept,
        upload: &mut Option<Upload<'_>>,
    ) -> Result<Round, PortError> {
        match self.decide(rewriting.tallies(), object, kept).await? {
            Decision::Ended(round) => Ok(round),
            Decision::Write(verdicts) => self.put_back(rewriting.take(), kept, upload, verdicts).await,
        }
    }

    /// Puts the object with its last bytes where it still is the one that was read.
    pub(super) async fn put_back(
        &self,
        last: Vec<u8>,
        kept: &Kept,
        upload: &mut Option<Upload<'_>>,
        verdicts: Verdicts,
    ) -> Result<Round, PortError> {
        let (bucket, key) = (self.source.versioned(), self.key);
        let is_put = match upload {
            Some(parts) => {
                if !last.is_empty() {
                    parts.part(last).await?;
                }
                parts.complete(&kept.etag).await?
            }
            None => put(&bucket, key, kept, last).await?,
        };
        if !is_put {
            return Ok(Round::Raced);
        }
        *upload = None;
        bucket.remove_previous(key).await?;
        Ok(Round::Ended(done(verdicts)))
    }

    /// Decides, from what went by, whether the object is written, and for whom.
    pub(super) async fn decide(
        &self,
        tallies: &Tallies,
        object: &GetObjectOutput,
        kept: &Kept,
    ) -> Result<Decision, PortError> {
        let (bucket, key) = (self.source.versioned(), self.key);
        let verdicts = self.verdicts(tallies);
        let is_written = verdicts.contains(&None) && !verdicts.contains(&Some(Erased::Drifted));
        if !is_written {
            if verdicts.iter().flatten().any(|verdict| *verdict != Erased::Drifted) {
                // Rewritten by an earlier try, which may have died before it removed the previous versions.
                bucket.remove_previous(key).await?;
            }
            return Ok(Decision::Ended(Round::Ended(verdicts)));
        }
        if is_locked(object) {
            // What expired waits for the end of the lock; a person's data must not.
            if self.works.each.iter().any(|work| work.chosen.is_some()) {
                return Ok(Decision::Ended(Round::Ended(vec![Some(Erased::Drifted); verdicts.len()])));
            }
            return Err(PortError::caused(PortErrorKind::Denied, "erase rows", "the object is locked"));
        }
        if tallies.is_empty_after() {
            let is_done = bucket.delete_all(key, Some(&kept.etag)).await?;
            return Ok(Decision::Ended(if is_done { Round::Ended(done(verdicts)) } else { Round::Raced }));
        }
        Ok(Decision::Write(verdicts))
    }

    /// Who has nothing left to do, and whose rows are not what was planned; none for the others.
    fn verdicts(&self, tallies: &Tallies) -> Verdicts {
        let of = |place: usize, work: &Work<'_>, planned: &Target| {
            let tally = tallies.of(place);
            if tally.rows == 0 {
                return Some(if work.chosen.is_none() { Erased::Done } else { Erased::Gone });
            }
            (!work.is_as_planned(&tally, planned)).then_some(Erased::Drifted)
        };
        let pairs = self.works.each.iter().zip(self.planned).enumerate();
        let mut verdicts: Verdicts = pairs.map(|(place, (work, planned))| of(place, work, planned)).collect();
        // Who is behind another is left out only where that other is certain to take the row.
        if !verdicts.contains(&Some(Erased::Drifted)) {
            // One in a round: who was behind it may not be behind anybody without it.
            if let Some(behind) = (0..verdicts.len()).find(|place| tallies.of(*place).is_behind) {
                verdicts[behind] = Some(Erased::Drifted);
            }
        }
        verdicts
    }
}

/// Those without a verdict are done.
fn done(verdicts: Verdicts) -> Verdicts {
    verdicts.into_iter().map(|verdict| verdict.or(Some(Erased::Done))).collect()
}

/// Gives up an upload that is left over.
pub(super) async fn settle(ended: Result<Round, PortError>, upload: Option<Upload<'_>>) -> Result<Round, PortError> {
    match (ended, upload) {
        (ended @ Ok(_), None) => ended,
        (Ok(round), Some(upload)) => upload.abort().await.map(|()| round),
        // The first error is the one to tell.
        (Err(error), None) => Err(error),
        (Err(error), Some(upload)) => upload.abort().await.and(Err(error)),
    }
}

/// Whether the version can't be removed, so that rewriting would only hide it.
fn is_locked(object: &GetObjectOutput) -> bool {
    object.object_lock_mode().is_some()
        || object.object_lock_legal_hold_status() == Some(&ObjectLockLegalHoldStatus::On)
}

/// Opens an object; none where it is gone.
pub(super) async fn get(source: &ObjectSource<'_>, key: &str) -> Result<Option<GetObjectOutput>, PortError> {
    source.pace.request().await;
    match source.client.get_object().bucket(source.bucket).key(key).send().await {
        Ok(object) => Ok(Some(object)),
        Err(error) => match failed("read object", error) {
            gone if gone.kind == PortErrorKind::NotFound => Ok(None),
            error => Err(error),
        },
    }
}

/// Goes on by one record or one chunk of bytes; false at the end.
pub(super) async fn advance(
    rewriting: &mut Rewriting<'_>,
    object: &mut GetObjectOutput,
    ordinal: u64,
) -> Result<bool, PortError> {
    let step = rewriting.next().map_err(|broken| broken.of_object(ordinal))?;
    match step {
        Next::Record => Ok(true),
        Next::End => Ok(false),
        Next::Bytes => {
            let cut = |_| PortError::caused(PortErrorKind::Transient, "read object", "the body was cut off");
            match object.body.next().await.transpose().map_err(cut)? {
                Some(chunk) => rewriting.input().extend_from_slice(&chunk),
                None => rewriting.end().map_err(|broken| broken.of_object(ordinal))?,
            }
            Ok(true)
        }
    }
}
