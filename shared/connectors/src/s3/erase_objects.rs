//! Erasing rows in objects: which objects hold some, and which orders each object is rewritten for, once for all of them.

use std::collections::BTreeMap;

use datamap::{RowFormat, Treatment};
use futures::StreamExt as _;
use futures::stream;
use workflow::ports::{Cursor, Erased, ErasureOrder, PortError, Share, Target, TargetPage};

use super::cursor::{self, ObjectsAt, VERSION};
use super::erase_object::{Object, advance, get};
use super::erase_tables;
use super::objects::ObjectSource;
use super::packing::Packing;
use super::rewriting::{Rewriting, Tally, Work, Works};
use super::template::row_prefixes;
use super::versions::Bucket;
use crate::failure::corrupt;
use crate::scope::Scope;
use crate::wanted::Wanted;

/// A page of a plan ends once it has read so much, so that the checkpoint moves,
const PAGE_READ_BYTES: u64 = 64 << 20;
/// or so many objects.
const PAGE_OBJECTS: i32 = 500;
/// Objects read, or rewritten, at once.
const WIDTH: usize = 4;

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
    let mut rewriting = Rewriting::count(Works::of(&work), Packing::of(key));
    while advance(&mut rewriting, &mut object, ordinal).await? {}
    Ok(Some(rewriting.tallies().of(0)))
}

/// Rewrites objects that still hold what was planned.
pub(crate) async fn erase(
    scope: &Scope<'_>,
    source: &ObjectSource<'_>,
    order: &ErasureOrder,
    targets: &[Target],
) -> Result<Vec<Erased>, PortError> {
    let mut answers = erase_shares(source, &[(*scope, order, targets)]).await;
    answers.pop().unwrap_or_else(|| Ok(Vec::new()))
}

/// Rewrites each object once for all orders that name it, those of one collection and field.
pub(crate) async fn erase_together(
    source: &ObjectSource<'_>,
    shares: &[(Scope<'_>, &Share)],
) -> Vec<Result<Vec<Erased>, PortError>> {
    let shares: Vec<_> = shares.iter().map(|(scope, share)| (*scope, &share.order, share.targets.as_slice())).collect();
    erase_shares(source, &shares).await
}

/// What one order erases.
type Part<'a> = (Scope<'a>, &'a ErasureOrder, &'a [Target]);

async fn erase_shares(source: &ObjectSource<'_>, parts: &[Part<'_>]) -> Vec<Result<Vec<Erased>, PortError>> {
    let mut answers: Vec<Result<Vec<Erased>, PortError>> =
        parts.iter().map(|part| refused(source, part).map(|()| Vec::new())).collect();
    let wanted: Vec<Wanted> = parts.iter().map(|(scope, _, _)| Wanted::new(scope.values())).collect();
    let of_any = Wanted::new(parts.iter().flat_map(|(scope, _, _)| scope.values()));
    let mut named: BTreeMap<&str, Named<'_>> = BTreeMap::new();
    for (place, (scope, order, targets)) in parts.iter().enumerate().filter(|(place, _)| answers[*place].is_ok()) {
        let work = Work { scope, order, wanted: &wanted[place], format: source.format, chosen: None };
        for target in *targets {
            named.entry(target.locator.as_str()).or_default().add(place, work, target);
        }
    }
    let of = |((key, named), ordinal)| erase_object(source, key, named, &of_any, ordinal);
    let objects: Vec<_> = named.into_iter().zip(1..).map(of).collect();
    // Every object is seen to its end before an error is told, so that no upload is left behind.
    let erased: Vec<_> = stream::iter(objects).buffered(WIDTH).collect().await;
    let mut became: BTreeMap<(usize, &str), Erased> = BTreeMap::new();
    for (key, places, erased) in erased {
        match erased {
            Ok(erased) => became.extend(places.into_iter().map(|place| (place, key)).zip(erased)),
            Err(error) => tell(&mut answers, &places, error),
        }
    }
    for (place, (_, _, targets)) in parts.iter().enumerate() {
        let of = |target: &Target| became.get(&(place, target.locator.as_str())).copied();
        if let Ok(answer) = &mut answers[place] {
            answer.extend(targets.iter().filter_map(of));
        }
    }
    answers
}

/// The orders that name one object, by their places, and what each has planned of it.
#[derive(Default)]
struct Named<'a> {
    places: Vec<usize>,
    works: Vec<Work<'a>>,
    planned: Vec<&'a Target>,
}

impl<'a> Named<'a> {
    fn add(&mut self, place: usize, work: Work<'a>, planned: &'a Target) {
        self.places.push(place);
        self.works.push(work);
        self.planned.push(planned);
    }
}

async fn erase_object<'a>(
    source: &ObjectSource<'_>,
    key: &'a str,
    named: Named<'a>,
    of_any: &Wanted,
    ordinal: u64,
) -> (&'a str, Vec<usize>, Result<Vec<Erased>, PortError>) {
    let Named { places, works, planned } = named;
    let works = match works.as_slice() {
        [alone] => Works::of(alone),
        each => Works { each, wanted: of_any },
    };
    let erased = Object { works, source, key, planned: &planned, ordinal }.erase().await;
    (key, places, erased)
}

/// Whether an order may not be carried out at all.
fn refused(source: &ObjectSource<'_>, (scope, order, targets): &Part<'_>) -> Result<(), PortError> {
    if matches!(order.treatment, Treatment::Keep { .. }) {
        return Err(corrupt("erase rows", "what is kept is never erased"));
    }
    let prefixes = row_prefixes(source.prefix, scope);
    let is_found = |target: &Target| prefixes.iter().any(|prefix| target.locator.starts_with(prefix));
    if targets.iter().all(is_found) {
        return Ok(());
    }
    Err(corrupt("erase rows", "the lookup does not find this object"))
}

/// The first error of each order is the one it hears of.
fn tell(answers: &mut [Result<Vec<Erased>, PortError>], places: &[usize], error: PortError) {
    let (kind, operation) = (error.kind, error.operation);
    let mut cause = Some(error);
    for place in places {
        if answers[*place].is_ok() {
            answers[*place] = Err(cause.take().unwrap_or_else(|| PortError::new(kind, operation)));
        }
    }
}
