//! Erasing rows in objects: each object is streamed once, rewritten, and put back only where it still is the same.

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::ObjectLockLegalHoldStatus;
use datamap::Treatment;
use futures::StreamExt as _;
use futures::stream;
use workflow::ports::{Cursor, Erased, ErasureOrder, PortError, PortErrorKind, Target, TargetPage};

use super::cursor::{self, ObjectsAt, VERSION};
use super::list::list;
use super::objects::{ObjectSource, is_gzip};
use super::rewriting::{Next, Rewriting, Work};
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
const PART_BYTES: usize = 8 << 20;
/// Times that an object is redone because somebody else wrote it meanwhile.
const ROUNDS: u32 = 5;

impl<'a> ObjectSource<'a> {
    const fn versioned(&self) -> Bucket<'a> {
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
    let way = (source.client, source.pace);
    let listing = list(way, source.bucket, prefix, at.after.as_deref(), PAGE_OBJECTS).await?;
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
    let work = Work { scope, order, wanted: &wanted, format: source.format };
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
    let Some(mut object) = get(source, &key).await? else { return Ok(None) };
    let mut rewriting = Rewriting::count(work, is_gzip(&key));
    while advance(&mut rewriting, &mut object, ordinal).await? {}
    let tally = rewriting.tally();
    let target =
        || Target { seen: tally.seen(), rows: tally.rows, other_rows: tally.others, locator: key.clone(), bytes };
    Ok((tally.rows > 0).then(target))
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
    let work = Work { scope, order, wanted: &wanted, format: source.format };
    let of = |(target, ordinal)| Object { work, source, target, ordinal }.erase();
    let objects: Vec<_> = targets.iter().zip(1..).map(of).collect();
    // Every object is seen to its end before an error is told, so that no upload is left behind.
    let erased: Vec<Result<Erased, PortError>> = stream::iter(objects).buffered(WIDTH).collect().await;
    erased.into_iter().collect()
}

/// What became of an object in one round.
enum Round {
    Ended(Erased),
    /// Somebody else wrote it meanwhile.
    Raced,
}

#[derive(Clone, Copy)]
struct Object<'a> {
    work: Work<'a>,
    source: &'a ObjectSource<'a>,
    target: &'a Target,
    ordinal: u64,
}

impl Object<'_> {
    async fn erase(self) -> Result<Erased, PortError> {
        for _round in 0..ROUNDS {
            match self.round().await? {
                Round::Ended(erased) => return Ok(erased),
                Round::Raced => {}
            }
        }
        Ok(Erased::Drifted)
    }

    async fn round(&self) -> Result<Round, PortError> {
        let (bucket, key) = (self.source.versioned(), self.target.locator.as_str());
        let Some(mut object) = get(self.source, key).await? else {
            // An object that was left without rows was deleted, perhaps not yet its previous versions.
            let is_gone = bucket.delete_all(key, None).await?;
            return Ok(if is_gone { Round::Ended(Erased::Gone) } else { Round::Raced });
        };
        let kept = Kept::of(&bucket, key, &object).await?;
        let mut rewriting = Rewriting::write(self.work, is_gzip(key));
        let mut upload = None;
        let streamed = self.stream(&mut rewriting, &mut object, &kept, &mut upload).await;
        let ended = match streamed {
            Ok(()) => self.finish(&mut rewriting, &object, &kept, &mut upload).await,
            Err(error) => Err(error),
        };
        match (ended, upload) {
            (ended @ Ok(_), None) => ended,
            (Ok(round), Some(upload)) => upload.abort().await.map(|()| round),
            // The first error is the one to tell.
            (Err(error), None) => Err(error),
            (Err(error), Some(upload)) => upload.abort().await.and(Err(error)),
        }
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
                if upload.is_none() {
                    *upload = Some(Upload::start(self.source.versioned(), &self.target.locator, kept).await?);
                }
                if let Some(upload) = upload {
                    upload.part(rewriting.take()).await?;
                }
            }
        }
        Ok(())
    }

    /// Decides what becomes of the object, now that all of it went by. An upload that is left over is to be given up.
    async fn finish(
        &self,
        rewriting: &mut Rewriting<'_>,
        object: &GetObjectOutput,
        kept: &Kept,
        upload: &mut Option<Upload<'_>>,
    ) -> Result<Round, PortError> {
        let (bucket, key) = (self.source.versioned(), self.target.locator.as_str());
        if rewriting.tally().rows == 0 {
            // Rewritten by an earlier try, which may have died before it removed the previous versions.
            bucket.remove_previous(key).await?;
            return Ok(Round::Ended(Erased::Done));
        }
        if rewriting.tally().seen() != self.target.seen {
            return Ok(Round::Ended(Erased::Drifted));
        }
        if is_locked(object) {
            return Err(PortError::caused(PortErrorKind::Denied, "erase rows", "the object is locked"));
        }
        if rewriting.tally().is_empty_after() {
            let is_done = bucket.delete_all(key, Some(&kept.etag)).await?;
            return Ok(if is_done { Round::Ended(Erased::Done) } else { Round::Raced });
        }
        let last = rewriting.take();
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

/// Whether the version can't be removed, so that rewriting would only hide it.
fn is_locked(object: &GetObjectOutput) -> bool {
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
