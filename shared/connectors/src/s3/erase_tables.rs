//! Erasing rows in Parquet objects: judged by ranges of one version, written in parts, put back only where it still is.

use workflow::ports::{PortError, PortErrorKind};

use super::erase_object::{Decision, Object, PART_BYTES, ROUNDS, Round, settle};
use super::objects::ObjectSource;
use super::parquet::judged::Parts;
use super::parquet::{Indexes, Table};
use super::rewriting::{Tally, Work, Works};
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
            table.judge(Works::of(&work)).await
        };
        match judged.await {
            Ok(judged) => return Ok(Some(judged.tallies.of(0))),
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
        let key = self.key;
        let Some(end) = End::of(self.source, key, None).await? else { return self.gone().await };
        let kept = Kept::of(&self.source.versioned(), key, &end.object).await?;
        let mut upload = None;
        let ended = match self.rewrite_table(end, &kept, &mut upload).await {
            Err(error) if is_raced(&error) => Ok(Round::Raced),
            ended => ended,
        };
        settle(ended, upload).await
    }

    async fn rewrite_table<'u>(
        &'u self,
        end: End<'_>,
        kept: &'u Kept,
        upload: &mut Option<Upload<'u>>,
    ) -> Result<Round, PortError> {
        let End { object, length, tail, version } = end;
        let mut table = Table::open(version, (length, tail), Indexes::Read, self.ordinal).await?;
        let judged = table.judge(self.works).await?;
        let verdicts = match self.decide(&judged.tallies, &object, kept).await? {
            Decision::Ended(round) => return Ok(round),
            Decision::Write(verdicts) => verdicts,
        };
        let mut parts = InParts { object: self, kept, upload };
        let last = table.write(&judged, self.works, PART_BYTES, &mut parts).await?;
        self.put_back(last, kept, upload, verdicts).await
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
