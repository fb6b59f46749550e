//! Media of a source: objects under keys made from a template.

use std::ops::Bound;
use std::sync::Arc;

use domain::datum::Datum;
use jiff::Timestamp;
use workflow::ports::{ByteRange, Cursor, Media, PortError, PortErrorKind, SourceLookup, SourcePage};

use super::Sources;

/// A medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaObject {
    /// Its version.
    pub etag: String,
    /// What it says it is.
    pub content_type: Option<String>,
    /// When it was written, where a test cares.
    pub written_at: Option<Timestamp>,
    /// Its bytes.
    pub bytes: Arc<Vec<u8>>,
}

pub(super) fn page(
    sources: &Sources,
    collection: &str,
    template: &str,
    lookup: &SourceLookup,
    after: Option<&Cursor>,
) -> SourcePage {
    let Some(objects) = sources.media.get(collection) else { return SourcePage::default() };
    let prefixes = prefixes(template, lookup);
    let start = after.map_or(Bound::Unbounded, |Cursor(key)| Bound::Excluded(key.as_str()));
    let fits = |key: &str| prefixes.iter().any(|prefix| key.starts_with(prefix.as_str()));
    let mut found = objects.range::<str, _>((start, Bound::Unbounded)).filter(|(key, _)| fits(key));
    let media: Vec<Media> = found.by_ref().take(sources.page_rows.max(1)).map(|(key, it)| describe(key, it)).collect();
    let next = found.next().and(media.last()).map(|last| Cursor(last.key.clone()));
    SourcePage { rows: Vec::new(), media, next }
}

/// Whether a lookup finds the medium under a key.
pub(super) fn is_of_lookup(template: &str, lookup: &SourceLookup, key: &str) -> bool {
    prefixes(template, lookup).iter().any(|prefix| key.starts_with(prefix.as_str()))
}

fn prefixes(template: &str, lookup: &SourceLookup) -> Vec<String> {
    lookup.values.iter().filter_map(|value| prefix(template, &lookup.field, value)).collect()
}

fn describe(key: &str, object: &MediaObject) -> Media {
    Media {
        key: key.to_owned(),
        etag: object.etag.clone(),
        bytes: u64::try_from(object.bytes.len()).expect("a length fits in 64 bits"),
        content_type: object.content_type.clone(),
    }
}

/// The key up to the second placeholder, where the first one is the field looked up.
fn prefix(template: &str, field: &str, value: &Datum) -> Option<String> {
    let (head, rest) = template.split_once('{')?;
    let (name, tail) = rest.split_once('}')?;
    let tail = tail.split('{').next().unwrap_or_default();
    let value = match value {
        Datum::Text(text) | Datum::Number(text) => text,
        Datum::Null | Datum::Bool(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => return None,
    };
    (name == field && !value.is_empty()).then(|| format!("{head}{value}{tail}"))
}

pub(super) fn read(sources: &Sources, collection: &str, media: &Media, range: ByteRange) -> Result<Vec<u8>, PortError> {
    let fails = |kind| PortError::new(kind, "read_media");
    let object = sources.media.get(collection).and_then(|objects| objects.get(&media.key));
    let object = object.ok_or_else(|| fails(PortErrorKind::NotFound))?;
    if object.etag != media.etag {
        return Err(fails(PortErrorKind::Conflict));
    }
    let ends = usize::try_from(range.start).ok().zip(usize::try_from(range.end.min(media.bytes)).ok());
    let found = ends.and_then(|(start, end)| object.bytes.get(start..end));
    found.map(<[u8]>::to_vec).ok_or_else(|| fails(PortErrorKind::Corrupt))
}
