//! Erasing media: every version of an object goes, if the latest is the one that was planned.

use datamap::Treatment;
use workflow::ports::{Cursor, Erased, ErasureOrder, PortError, Target, TargetPage};

use super::cursor::{self, MediaAt, VERSION};
use super::media::MediaSource;
use super::template::{Keys, keys_by_value};
use super::versions::{Bucket, Version};
use crate::failure::corrupt;
use crate::scope::Scope;

/// Versions of one listing.
const PAGE_VERSIONS: i32 = 1000;
/// Prefixes listed for one page, most of which may hold nothing.
const PAGE_LISTINGS: usize = 100;
/// Stands for the version of a medium that is deleted, but not all versions of it.
const DELETED: &str = "deleted";

impl<'a> MediaSource<'a> {
    const fn versioned(&self) -> Bucket<'a> {
        Bucket { client: self.client, pace: self.pace, name: self.bucket }
    }
}

/// A page of the media that an order would delete, those too of which only previous versions are left.
pub(crate) async fn plan(
    scope: &Scope<'_>,
    source: &MediaSource<'_>,
    order: &ErasureOrder,
    after: Option<&Cursor>,
) -> Result<TargetPage, PortError> {
    if matches!(order.treatment, Treatment::Keep { .. }) {
        return Ok(TargetPage::default());
    }
    let values = keys_by_value(source.template, scope)?;
    let mut at = match after {
        Some(cursor) => cursor::read::<MediaAt>(cursor)?,
        None => MediaAt { v: VERSION, ..MediaAt::default() },
    };
    let mut targets = Vec::new();
    for _listing in 0..PAGE_LISTINGS {
        let Some(keys) = values.get(at.value) else { break };
        let marker = at.after.clone().map(|key| (key, None));
        let page = source.versioned().versions(&keys.prefix, marker, PAGE_VERSIONS).await?;
        let last = page.next.map(|(key, _)| key);
        // The last key of a page that goes on may have more versions: the next page begins after it, so that it is
        // looked at by itself.
        let mut groups = grouped(page.versions, keys);
        if let Some(last) = &last {
            groups.retain(|group| group.first().is_some_and(|version| version.key != *last));
            if keys.has(last) && !last.ends_with('/') {
                groups.push(source.versioned().versions_of(last).await?);
            }
        }
        targets.extend(groups.iter().filter_map(|group| target(group)));
        at = if last.is_some() {
            MediaAt { after: last, ..at }
        } else {
            MediaAt { value: at.value + 1, after: None, ..at }
        };
        if targets.len() >= 100 || (!targets.is_empty() && at.after.is_some()) {
            break;
        }
    }
    let next = if at.value < values.len() { Some(cursor::write(&at)?) } else { None };
    Ok(TargetPage { targets, next })
}

/// The versions of each key that the lookup finds.
fn grouped(versions: Vec<Version>, keys: &Keys) -> Vec<Vec<Version>> {
    let mut groups: Vec<Vec<Version>> = Vec::new();
    for version in versions.into_iter().filter(|it| keys.has(&it.key) && !it.key.ends_with('/')) {
        match groups.last_mut() {
            Some(group) if group.first().is_some_and(|it| it.key == version.key) => group.push(version),
            Some(_) | None => groups.push(vec![version]),
        }
    }
    groups
}

fn target(group: &[Version]) -> Option<Target> {
    let first = group.iter().find(|version| !version.is_lasting_mark())?;
    let latest = group.iter().find(|version| version.is_latest);
    Some(Target {
        locator: first.key.clone(),
        seen: latest.and_then(|version| version.etag.clone()).unwrap_or_else(|| DELETED.to_owned()),
        rows: 1,
        other_rows: 0,
        bytes: group.iter().map(|version| version.bytes).sum(),
    })
}

/// Deletes media that still are what was planned.
pub(crate) async fn erase(
    scope: &Scope<'_>,
    source: &MediaSource<'_>,
    order: &ErasureOrder,
    targets: &[Target],
) -> Result<Vec<Erased>, PortError> {
    if matches!(order.treatment, Treatment::Keep { .. }) {
        return Err(corrupt("erase media", "what is kept is never erased"));
    }
    let values = keys_by_value(source.template, scope)?;
    let mut answers = Vec::with_capacity(targets.len());
    for target in targets {
        if !values.iter().any(|keys| keys.has(&target.locator)) {
            return Err(corrupt("erase media", "the lookup does not find this object"));
        }
        answers.push(source.versioned().delete_as_seen(&target.locator, (&target.seen, None)).await?);
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(key: &str, etag: Option<&str>, is_latest: bool) -> Version {
        let bytes = if etag.is_some() { 5 } else { 0 };
        let etag = etag.map(str::to_owned);
        Version { key: key.to_owned(), id: "1".to_owned(), etag, is_latest, bytes, written_at: None }
    }

    #[test]
    fn a_medium_of_which_only_previous_versions_are_left_is_a_target() {
        let keys = super::super::template::render("m/{id}/", "id", Some("7"), None);
        let versions = vec![
            version("m/7/a", Some("e1"), true),
            version("m/7/a", Some("e0"), false),
            version("m/7/b", None, true),
            version("m/7/b", Some("e2"), false),
            version("m/70/c", Some("e3"), true),
        ];
        let groups = grouped(versions, &keys);
        let targets: Vec<(String, String, u64)> =
            groups.iter().filter_map(|it| target(it)).map(|it| (it.locator, it.seen, it.bytes)).collect();
        let expected = [("m/7/a", "e1", 10), ("m/7/b", "deleted", 5)];
        assert_eq!(targets, expected.map(|(key, seen, bytes)| (key.to_owned(), seen.to_owned(), bytes)));
    }
}
