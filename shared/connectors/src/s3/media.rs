//! Media: objects whose keys begin with a value, listed and read by ranges of the very version that was listed.

use aws_sdk_s3::Client;
use futures::StreamExt as _;
use futures::stream;
use workflow::ports::{ByteRange, Cursor, Media, PortError, PortErrorKind, SourcePage};

use super::cursor::{self, MediaAt, VERSION};
use super::list::list;
use super::template::keys_by_value;
use crate::failure::{corrupt, failed};
use crate::pace::Pace;
use crate::scope::Scope;

/// Keys of one listing.
const PAGE_KEYS: i32 = 100;
/// Prefixes listed for one page, most of which may hold nothing.
const PAGE_LISTINGS: usize = 100;
/// Objects looked at, at once.
const HEADS: usize = 8;

/// Media and where they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MediaSource<'a> {
    // Dependencies.
    pub(crate) client: &'a Client,
    pub(crate) pace: &'a Pace,
    // Configuration.
    pub(crate) bucket: &'a str,
    pub(crate) template: &'a str,
}

/// A page of media; each is looked at for its type only where `with_types`.
pub(crate) async fn page(
    scope: &Scope<'_>,
    source: &MediaSource<'_>,
    with_types: bool,
    after: Option<&Cursor>,
) -> Result<SourcePage, PortError> {
    let values = keys_by_value(source.template, scope)?;
    let mut at = match after {
        Some(cursor) => cursor::read::<MediaAt>(cursor)?,
        None => MediaAt { v: VERSION, ..MediaAt::default() },
    };
    let mut found = Vec::new();
    for _listing in 0..PAGE_LISTINGS {
        let Some(keys) = values.get(at.value) else { break };
        let way = (source.client, source.pace);
        let listing = list(way, source.bucket, &keys.prefix, at.after.as_deref(), PAGE_KEYS).await?;
        let last = listing.objects.last().and_then(|object| object.key.clone());
        found.extend(listing.objects.into_iter().filter_map(|object| {
            let key = object.key.filter(|key| keys.has(key) && !key.ends_with('/'))?;
            let bytes = u64::try_from(object.size.unwrap_or(0)).unwrap_or(0);
            Some(Media { key, etag: object.e_tag.unwrap_or_default(), bytes, content_type: None })
        }));
        at = if listing.has_more {
            MediaAt { after: last, ..at }
        } else {
            MediaAt { value: at.value + 1, after: None, ..at }
        };
        if !found.is_empty() && (found.len() >= 100 || listing.has_more) {
            break;
        }
    }
    let media = if with_types { look_at(source, found).await? } else { found };
    let next = if at.value < values.len() { Some(cursor::write(&at)?) } else { None };
    Ok(SourcePage { rows: Vec::new(), media, next })
}

/// What each object says it is; those that are gone by now are left out.
async fn look_at(source: &MediaSource<'_>, found: Vec<Media>) -> Result<Vec<Media>, PortError> {
    let looks: Vec<Result<Option<Media>, PortError>> =
        stream::iter(found).map(|media| head(*source, media)).buffered(HEADS).collect().await;
    looks.into_iter().filter_map(Result::transpose).collect()
}

async fn head(source: MediaSource<'_>, media: Media) -> Result<Option<Media>, PortError> {
    source.pace.request().await;
    match source.client.head_object().bucket(source.bucket).key(&media.key).send().await {
        Ok(answer) => Ok(Some(Media {
            key: media.key,
            bytes: answer.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(media.bytes),
            etag: answer.e_tag.unwrap_or(media.etag),
            content_type: answer.content_type,
        })),
        Err(error) => match failed("look at object", error) {
            gone if gone.kind == PortErrorKind::NotFound => Ok(None),
            error => Err(error),
        },
    }
}

/// A range of a medium that the lookup finds; `Conflict` if it is another version by now.
pub(crate) async fn read(
    scope: &Scope<'_>,
    source: &MediaSource<'_>,
    media: &Media,
    range: ByteRange,
) -> Result<Vec<u8>, PortError> {
    if !keys_by_value(source.template, scope)?.iter().any(|keys| keys.has(&media.key)) {
        return Err(corrupt("read media", "the lookup does not find this object"));
    }
    let end = range.end.min(media.bytes);
    if range.start > end {
        return Err(corrupt("read media", "the range is not in the object"));
    }
    if range.start == end {
        return Ok(Vec::new());
    }
    source.pace.request().await;
    let request = source.client.get_object().bucket(source.bucket).key(&media.key).if_match(&media.etag);
    let answer = request.range(format!("bytes={}-{}", range.start, end - 1)).send().await;
    let body = answer.map_err(|error| failed("read media", error))?.body.collect().await;
    let cut = || PortError::caused(PortErrorKind::Transient, "read media", "the body was cut off");
    let bytes = body.map_err(|_| cut())?.to_vec();
    if u64::try_from(bytes.len()) == Ok(end - range.start) { Ok(bytes) } else { Err(cut()) }
}
