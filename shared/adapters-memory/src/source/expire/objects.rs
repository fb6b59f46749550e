//! Media that have lived long enough: each is an object that goes as a whole.

use std::ops::Bound;

use datamap::{LAST_MODIFIED, Source, fields_of_key};
use domain::datum::Datum;
use workflow::ports::{Content, Cursor, Erased, ExpiredPage, ExpiredRow, ExpiryOrder, Held, PortError, PortErrorKind};

use super::{is_owned, open};
use crate::mutants::Mutant;
use crate::source::MediaObject;
use crate::state::State;

/// The version of a medium that was given out.
struct Listed {
    key: String,
    object: MediaObject,
}

/// The key template of a collection of media.
pub(super) fn template(order: &ExpiryOrder) -> Option<&str> {
    match &order.target().ok()?.0.source {
        Source::S3Media { key_template, .. } => Some(key_template),
        Source::DynamoDb { .. } | Source::S3Objects { .. } => None,
    }
}

pub(super) fn page(
    state: &mut State,
    order: &ExpiryOrder,
    template: &str,
    after: Option<&Cursor>,
) -> Result<ExpiredPage, PortError> {
    let id = open(state, "expired", order)?;
    let is_archived = order.target()?.1.archive;
    let Some(objects) = state.sources.media.get(&id) else { return Ok(ExpiredPage::default()) };
    let start = after.map_or(Bound::Unbounded, |Cursor(key)| Bound::Excluded(key.as_str()));
    let mut found = objects.range::<str, _>((start, Bound::Unbounded));
    let looked_at: Vec<_> = found.by_ref().take(state.sources.page_rows.max(1)).collect();
    let mut page = ExpiredPage { scanned: looked_at.len() as u64, ..ExpiredPage::default() };
    if found.next().is_some() {
        page.next = looked_at.last().map(|(key, _)| Cursor((*key).clone()));
    }
    for (key, object) in looked_at {
        let Some(row) = row(template, key, object) else { continue };
        if order.has_expired(&row) && is_owned(state, order, &row) {
            page.bytes += if is_archived { object.bytes.len() as u64 } else { 0 };
            let held = Held::new(Listed { key: key.clone(), object: object.clone() });
            page.rows.push(ExpiredRow { row, held, part_of: None });
        }
    }
    Ok(page)
}

fn row(template: &str, key: &str, object: &MediaObject) -> Option<Datum> {
    let text = |text: &str| Datum::Text(text.to_owned());
    let told = fields_of_key(template, key)?;
    let mut fields: Vec<(String, Datum)> =
        told.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
    fields.push((LAST_MODIFIED.to_owned(), object.written_at.map_or(Datum::Null, |at| Datum::Text(at.to_string()))));
    let version = [("key".to_owned(), text(key)), ("etag".to_owned(), text(&object.etag))];
    fields.push(("object".to_owned(), Datum::Map(version.into())));
    Some(Datum::Map(fields))
}

pub(super) fn remove(state: &mut State, order: &ExpiryOrder, row: &ExpiredRow) -> Result<Erased, PortError> {
    let id = open(state, "remove", order)?;
    let seen: &Listed = row.held.get().ok_or(PortError::new(PortErrorKind::Corrupt, "remove"))?;
    let Some(now) = state.sources.media.get(&id).and_then(|objects| objects.get(&seen.key)) else {
        return Ok(Erased::Gone);
    };
    if *now != seen.object && !state.mutants.has(Mutant::NoVersionAtErase) {
        return Ok(Erased::Drifted);
    }
    state.removed_objects.push((state.now, id.clone(), seen.key.clone()));
    std::sync::Arc::make_mut(&mut state.sources).media.entry(id).or_default().remove(&seen.key);
    Ok(Erased::Done)
}

/// What the version holds that was given out, if it still is there.
pub(super) fn content(
    state: &mut State,
    order: &ExpiryOrder,
    row: &ExpiredRow,
    from: u64,
) -> Result<Option<Content>, PortError> {
    let id = open(state, "content", order)?;
    let seen: &Listed = row.held.get().ok_or(PortError::new(PortErrorKind::Corrupt, "content"))?;
    let now = state.sources.media.get(&id).and_then(|objects| objects.get(&seen.key));
    let Some(now) = now.filter(|now| **now == seen.object) else { return Ok(None) };
    let length = now.bytes.len();
    let start = usize::try_from(from).ok().filter(|start| *start == 0 || *start < length);
    let start = start.ok_or(PortError::new(PortErrorKind::Corrupt, "content"))?;
    let bytes = now.bytes[start..length.min(start + state.sources.content_bytes.max(1))].to_vec();
    Ok(Some(Content { bytes, of: length as u64 }))
}
