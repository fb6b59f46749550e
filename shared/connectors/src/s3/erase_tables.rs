//! Erasing rows in Parquet objects: judged by ranges of one version, written in parts, put back only where it still is.

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use workflow::ports::{Erased, PortError, PortErrorKind};

use super::erase_objects::{Object, PART_BYTES, ROUNDS, Round};
use super::objects::ObjectSource;
use super::parquet::judged::Parts;
use super::parquet::{Indexes, Table};
use super::rewriting::{Tally, Work};
use super::upload::{Kept, Upload};
use super::version::End;

/// What an object holds for the order; none where it is gone by now.
pub(super) async fn count(
    work: Work<'_>,
    source: &ObjectSource<'_>,
    key: &str,
    ordinal: u64,
) -> Result<Option<Tally>, PortError> {
    let mut round = 1;
    loop {
        let Some(end) = End::of(source, key, None).await? else { return Ok(None) };
        let judged = async {
            let mut table = Table::open(end.version, (end.length, end.tail), Indexes::Skipped, ordinal).await?;
            table.judge(work).await
        };
        match judged.await {
            Ok(judged) => return Ok(Some(judged.tally)),
            // Somebody else wrote it meanwhile: it is counted anew.
            Err(error) if is_raced(&error) && round < ROUNDS => round += 1,
            Err(error) => return Err(error),
        }
    }
}

fn is_raced(error: &PortError) -> bool {
    matches!(error.kind, PortErrorKind::Conflict | PortErrorKind::NotFound)
}

impl Object<'_> {
    pub(super) async fn table_round(&self) -> Result<Round, PortError> {
        let key = self.target.locator.as_str();
        let Some(end) = End::of(self.source, key, None).await? else { return self.gone().await };
        let kept = Kept::of(&self.source.versioned(), key, &end.object).await?;
        let mut upload = None;
        let ended = match self.rewrite_table(end, &kept, &mut upload).await {
            Err(error) if is_raced(&error) => Ok(Round::Raced),
            ended => ended,
        };
        super::erase_objects::settle(ended, upload).await
    }

    async fn rewrite_table<'u>(
        &'u self,
        end: End<'_>,
        kept: &'u Kept,
        upload: &mut Option<Upload<'u>>,
    ) -> Result<Round, PortError> {
        let End { object, length, tail, version } = end;
        let mut table = Table::open(version, (length, tail), Indexes::Read, self.ordinal).await?;
        let judged = table.judge(self.work).await?;
        if let Some(round) = self.unless_to_be_written(&judged.tally, &object, kept).await? {
            return Ok(round);
        }
        let mut parts = InParts { object: self, kept, upload };
        let last = table.write(&judged, self.work, PART_BYTES, &mut parts).await?;
        self.put_back(last, kept, upload).await
    }

    /// Decides where nothing is to be written: it is done, has drifted, is locked, or all of it goes.
    pub(super) async fn unless_to_be_written(
        &self,
        tally: &Tally,
        object: &GetObjectOutput,
        kept: &Kept,
    ) -> Result<Option<Round>, PortError> {
        let (bucket, key) = (self.source.versioned(), self.target.locator.as_str());
        if tally.rows == 0 {
            // Rewritten by an earlier try, which may have died before it removed the previous versions.
            bucket.remove_previous(key).await?;
            let is_known = self.work.chosen.is_none();
            return Ok(Some(Round::Ended(if is_known { Erased::Done } else { Erased::Gone })));
        }
        if !self.work.is_as_planned(tally, self.target) {
            return Ok(Some(Round::Ended(Erased::Drifted)));
        }
        if super::erase_objects::is_locked(object) {
            // What expired waits for the end of the lock; a person's data must not.
            if self.work.chosen.is_some() {
                return Ok(Some(Round::Ended(Erased::Drifted)));
            }
            return Err(PortError::caused(PortErrorKind::Denied, "erase rows", "the object is locked"));
        }
        if tally.is_empty_after() {
            let is_done = bucket.delete_all(key, Some(&kept.etag)).await?;
            return Ok(Some(if is_done { Round::Ended(Erased::Done) } else { Round::Raced }));
        }
        Ok(None)
    }
}

/// The parts of an upload that begins with the first.
struct InParts<'a, 'u> {
    object: &'u Object<'u>,
    kept: &'a Kept,
    upload: &'a mut Option<Upload<'u>>,
}

impl Parts for InParts<'_, '_> {
    async fn put(&mut self, bytes: Vec<u8>) -> Result<(), PortError> {
        self.object.put_part(bytes, self.kept, self.upload).await
    }
}
