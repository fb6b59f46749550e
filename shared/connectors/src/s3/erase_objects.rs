//! Erasing rows in objects: each object is streamed once, rewritten, and put back only where it still is the same.

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::ObjectLockLegalHoldStatus;
use datamap::{RowFormat, Treatment};
use futures::StreamExt as _;
use futures::stream;
use workflow::ports::{Cursor, Erased, ErasureOrder, PortError, PortErrorKind, Target, TargetPage};

use super::cursor::{self, ObjectsAt, VERSION};
use super::erase_tables;
use super::objects::ObjectSource;
use super::packing::Packing;
use super::rewriting::{Next, Rewriting, Tally, Work};
use super::template::row_prefixes;
use super::upload::{Kept, Upload, put};
use super::versions::Bucket;
use crate::failure::{corrupt, failed};
use crate::scope::Scope;
use crate::wanted::Wanted;

/// A page of a plan ends once it has read so much, so that the checkpoint moves,
const PAGE_READ_BYTES: u64 = 64 << 20;
/// or so many objects.
const PAGE_OBJECTS: i32 = 500;
/// Objects read, or rewritten, at once.
const WIDTH: usize = 4;
/// Bytes of one part of an upload; what is smaller is put at once.
pub(super) const PART_BYTES: usize = 8 << 20;
/// Times that an object is redone because somebody else wrote it meanwhile.
pub(super) const ROUNDS: u32 = 5;

impl<'a> ObjectSource<'a> {
    pub(super) const fn versioned(&self) -> Bucket<'a> {
        Bucket { client: self.client, pace: self.pace, name: self.bucket }
    }
}

/// A page of the objects that hold rows the order would change.
pub(crate) async fn plan(
    scope: &Scope<'_>,
    source: &ObjectSource<'_>,
    order: &ErasureOrder,
    after: Option<&Cursor>,
) -> Result<TargetPage, PortError> {
    let prefixes = row_prefixes(source.prefix, scope);
    let mut at = match after {
        Some(cursor) => cursor::read::<ObjectsAt>(cursor)?,
        None => ObjectsAt { v: VERSION, ..ObjectsAt::default() },
    };
    let Some(prefix) = prefixes.get(at.prefix).filter(|_| !matches!(order.treatment, Treatment::Keep { .. })) else {
        return Ok(TargetPage::default());
    };
    let listing = source.list(prefix, at.after.as_deref(), PAGE_OBJECTS).await?;
    let mut read = 0;
    let (mut objects, mut is_whole) = (Vec::new(), !listing.has_more);
    for object in listing.objects {
        if read >= PAGE_READ_BYTES {
            is_whole = false;
            break;
        }
        let bytes = u64::try_from(object.size.unwrap_or(0)).unwrap_or(0);
        read += bytes;
        at.done += 1;
        at.after.clone_from(&object.key);
        objects.extend(object.key.filter(|_| bytes > 0).map(|key| (key, bytes, at.done)));
    }
    let wanted = Wanted::new(scope.values());
    let work = Work { scope, order, wanted: &wanted, format: source.format, chosen: None };
    let of = |(key, bytes, ordinal)| count(work, source, key, bytes, ordinal);
    let counts: Vec<_> = objects.into_iter().map(of).collect();
    let counts: Vec<Result<Option<Target>, PortError>> = stream::iter(counts).buffered(WIDTH).collect().await;
    if is_whole {
        at = ObjectsAt { prefix: at.prefix + 1, after: None, ..at };
    }
    let next = if at.prefix < prefixes.len() { Some(cursor::write(&at)?) } else { None };
    Ok(TargetPage { targets: counts.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?, next })
}

/// What an object holds for the order; nothing where it holds nothing, or is gone by now.
async fn count(
    work: Work<'_>,
    source: &ObjectSource<'_>,
    key: String,
    bytes: u64,
    ordinal: u64,
) -> Result<Option<Target>, PortError> {
    let tally = match work.format {
        RowFormat::Parquet => erase_tables::count(work, source, &key, ordinal).await?,
        RowFormat::NdJson | RowFormat::Csv => count_text(work, source, &key, ordinal).await?,
    };
    let Some(tally) = tally else { return Ok(None) };
    let target =
        || Target { seen: tally.seen(), rows: tally.rows, other_rows: tally.others, locator: key.clone(), bytes };
    Ok((tally.rows > 0).then(target))
}

async fn count_text(
    work: Work<'_>,
    source: &ObjectSource<'_>,
    key: &str,
    ordinal: u64,
) -> Result<Option<Tally>, PortError> {
    let Some(mut object) = get(source, key).await? else { return Ok(None) };
    let mut rewriting = Rewriting::count(work, Packing::of(key));
    while advance(&mut rewriting, &mut object, ordinal).await? {}
    Ok(Some(rewriting.tally().clone()))
}

/// Rewrites objects that still hold what was planned.
pub(crate) async fn erase(
    scope: &Scope<'_>,
    source: &ObjectSource<'_>,
    order: &ErasureOrder,
    targets: &[Target],
) -> Result<Vec<Erased>, PortError> {
    if matches!(order.treatment, Treatment::Keep { .. }) {
        return Err(corrupt("erase rows", "what is kept is never erased"));
    }
    let prefixes = row_prefixes(source.prefix, scope);
    if !targets.iter().all(|target| prefixes.iter().any(|prefix| target.locator.starts_with(prefix))) {
        return Err(corrupt("erase rows", "the lookup does not find this object"));
    }
    let wanted = Wanted::new(scope.values());
    let work = Work { scope, order, wanted: &wanted, format: source.format, chosen: None };
    let of = |(target, ordinal)| Object { work, source, target, ordinal }.erase();
    let objects: Vec<_> = targets.iter().zip(1..).map(of).collect();
    // Every object is seen to its end before an error is told, so that no upload is left behind.
    let erased: Vec<Result<Erased, PortError>> = stream::iter(objects).buffered(WIDTH).collect().await;
    erased.into_iter().collect()
}

/// What became of an object in one round.
pub(super) enum Round {
    Ended(Erased),
    /// Somebody else wrote it meanwhile.
    Raced,
}

#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) work: Work<'a>,
    pub(super) source: &'a ObjectSource<'a>,
    pub(super) target: &'a Target,
    pub(super) ordinal: u64,
}

impl Object<'_> {
    pub(super) async fn erase(self) -> Result<Erased, PortError> {
        for _round in 0..ROUNDS {
            let round = match self.work.format {
                RowFormat::Parquet => self.table_round().await?,
                RowFormat::NdJson | RowFormat::Csv => self.text_round().await?,
            };
            match round {
                Round::Ended(erased) => return Ok(erased),
                Round::Raced => {}
            }
        }
        Ok(Erased::Drifted)
    }

    async fn text_round(&self) -> Result<Round, PortError> {
        let (bucket, key) = (self.source.versioned(), self.target.locator.as_str());
        let Some(mut object) = get(self.source, key).await? else { return self.gone().await };
        let kept = Kept::of(&bucket, key, &object).await?;
        let mut rewriting = Rewriting::write(self.work, Packing::of(key));
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
        let is_gone = self.source.versioned().delete_all(&self.target.locator, None).await?;
        Ok(if is_gone { Round::Ended(Erased::Gone) } else { Round::Raced })
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
            none @ None => none.insert(Upload::start(self.source.versioned(), &self.target.locator, kept).await?),
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
        if let Some(round) = self.unless_to_be_written(rewriting.tally(), object, kept).await? {
            return Ok(round);
        }
        self.put_back(rewriting.take(), kept, upload).await
    }

    /// Puts the object with its last bytes where it still is the one that was read.
    pub(super) async fn put_back(
        &self,
        last: Vec<u8>,
        kept: &Kept,
        upload: &mut Option<Upload<'_>>,
    ) -> Result<Round, PortError> {
        let (bucket, key) = (self.source.versioned(), self.target.locator.as_str());
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
        Ok(Round::Ended(Erased::Done))
    }
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
pub(super) fn is_locked(object: &GetObjectOutput) -> bool {
    object.object_lock_mode().is_some()
        || object.object_lock_legal_hold_status() == Some(&ObjectLockLegalHoldStatus::On)
}

/// Opens an object; none where it is gone.
async fn get(source: &ObjectSource<'_>, key: &str) -> Result<Option<GetObjectOutput>, PortError> {
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
async fn advance(rewriting: &mut Rewriting<'_>, object: &mut GetObjectOutput, ordinal: u64) -> Result<bool, PortError> {
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
