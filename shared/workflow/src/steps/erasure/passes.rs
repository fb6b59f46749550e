//! Several jobs' erase steps in one pass: an object that several of them name is read and rewritten once.
//!
//! Each target still goes only while it is what its own job planned; the digest of an object is of one subject's rows, so
//! that what goes for one job is no drift to another.

use std::collections::BTreeMap;

use datamap::Source;
use domain::job::Outcome;
use domain::step::{Checkpoint, EraseCheckpoint};

use super::carry_out::{BYTES_AT_ONCE, CALLS_PER_SAVE, TARGETS_AT_ONCE, batch_of, count};
use super::{EraseOrder, Erasing, OpenShard, PlannedTarget};
use crate::advance_job::{Pass, Ran};
use crate::ports::{Erased, Eraser, PortError, Share, Target};
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

mod looking;

pub(super) use looking::companions;

/// The share of one job, as far as it is carried out.
struct Member {
    order: EraseOrder,
    shard: OpenShard,
    state: EraseCheckpoint,
    /// The chunk that is under way; what of it is done is in the state.
    planned: Vec<PlannedTarget>,
    calls: u32,
}

/// What one member erases next.
struct Part {
    place: usize,
    source: String,
    share: Share,
}

/// Carries the steps of a pass out, each to its end or to the end of the slice.
pub(super) async fn carry_out(erasing: &Erasing, pass: &mut Pass<'_>) {
    let mut members = Vec::with_capacity(pass.len());
    for place in 0..pass.len() {
        let opened = match pass.member(place) {
            Some(context) => Member::open(erasing, context).await,
            None => continue,
        };
        members.push(or_end(pass, place, opened).await);
    }
    loop {
        for (place, slot) in members.iter_mut().enumerate() {
            settle(erasing, pass, place, slot).await;
        }
        let parts = next_parts(pass, &mut members).await;
        if parts.is_empty() {
            return;
        }
        erase(erasing.eraser.as_ref(), pass, &mut members, parts).await;
        if pass_is_short(pass) {
            return end_slice(pass, &mut members).await;
        }
    }
}

/// A member that failed ends at once; the others do not hear of it.
async fn or_end<T>(pass: &mut Pass<'_>, place: usize, result: Result<T, StepError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            pass.end(place, Err(error)).await;
            None
        }
    }
}

impl Member {
    async fn open(erasing: &Erasing, context: &mut StepContext) -> Result<Self, StepError> {
        let input = context.step.input.clone().ok_or_else(|| StepError::park("the shard has no plan"))?;
        let order: EraseOrder = erasing.plans.read(context, &input).await?;
        let shard = erasing.open(context, &order.shard).await?;
        let state = match &context.step.checkpoint {
            Some(Checkpoint::Erase(state)) => state.clone(),
            _ => EraseCheckpoint::default(),
        };
        let mut member = Self { order, shard, state, planned: Vec::new(), calls: 0 };
        member.read_chunk(erasing, context).await?;
        Ok(member)
    }

    async fn read_chunk(&mut self, erasing: &Erasing, context: &mut StepContext) -> Result<(), StepError> {
        self.planned = match self.order.chunks.get(self.state.chunks_done as usize) {
            Some(chunk) => erasing.plans.read(context, chunk).await?,
            None => Vec::new(),
        };
        Ok(())
    }

    fn rest(&self) -> &[PlannedTarget] {
        self.planned.get(self.state.targets_done as usize..).unwrap_or_default()
    }

    /// Goes on to the next chunk where one is done; whether anything is left to erase.
    async fn go_on(&mut self, erasing: &Erasing, context: &mut StepContext) -> Result<bool, StepError> {
        while self.rest().is_empty() {
            if self.state.chunks_done as usize >= self.order.chunks.len() {
                if context.step.checkpoint.is_none() {
                    self.save(context).await?;
                }
                return Ok(false);
            }
            self.state.chunks_done += 1;
            self.state.targets_done = 0;
            self.save(context).await?;
            self.read_chunk(erasing, context).await?;
        }
        Ok(true)
    }

    async fn save(&self, context: &mut StepContext) -> Result<(), StepError> {
        context.save(Checkpoint::Erase(self.state.clone()), Vec::new()).await
    }

    /// The first targets left, of one lookup each, as the eraser takes them.
    fn part(&self, place: usize, context: &StepContext, length: usize) -> Result<Part, StepError> {
        let rest = self.rest().get(..length).unwrap_or_default();
        let lookup = rest.first().and_then(|first| self.shard.plan.lookups.get(first.lookup));
        let (source, order) = self.shard.order(context, lookup.ok_or_else(|| unreadable("plan"))?)?;
        let targets: Vec<Target> = rest.iter().map(|one| one.target.clone()).collect();
        Ok(Part { place, source, share: Share { order, targets } })
    }

    /// The targets that one call may take: of one lookup.
    fn run(&self) -> &[PlannedTarget] {
        let rest = self.rest();
        let Some(first) = rest.first() else { return rest };
        let length = rest.iter().take(TARGETS_AT_ONCE).take_while(|one| one.lookup == first.lookup).count();
        &rest[..length]
    }

    /// Which rows come next, if they are in objects: orders of the same collection and field may share these.
    fn in_objects(&self) -> Option<(String, &str)> {
        let lookup = self.shard.plan.lookups.get(self.rest().first()?.lookup)?;
        let collection = self.shard.map.collections.get(lookup.collection)?;
        matches!(collection.source, Source::S3Objects { .. }).then(|| (collection.id(), lookup.field.as_str()))
    }
}

/// Ends a member that has nothing left.
async fn settle(erasing: &Erasing, pass: &mut Pass<'_>, place: usize, slot: &mut Option<Member>) {
    let (Some(member), Some(context)) = (slot.as_mut(), pass.member(place)) else { return };
    let ended = match member.go_on(erasing, context).await {
        Ok(true) => return,
        Ok(false) => Ok(Ran::Done(Outcome::ShardDone)),
        Err(error) => Err(error),
    };
    *slot = None;
    pass.end(place, ended).await;
}

/// What is erased by the next call: of the first member left, with everybody else's in the same objects.
async fn next_parts(pass: &mut Pass<'_>, members: &mut [Option<Member>]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (place, length) in lengths(members) {
        let (Some(member), Some(context)) = (&members[place], pass.member(place)) else { continue };
        match member.part(place, context, length) {
            Ok(part) => parts.push(part),
            Err(error) => {
                members[place] = None;
                pass.end(place, Err(error)).await;
            }
        }
    }
    parts
}

/// How many targets of which members come next.
fn lengths(members: &[Option<Member>]) -> Vec<(usize, usize)> {
    let left = members.iter().enumerate().filter_map(|(place, member)| Some((place, member.as_ref()?)));
    let left: Vec<(usize, &Member)> = left.filter(|(_, member)| !member.rest().is_empty()).collect();
    let Some((place, first)) = left.first() else { return Vec::new() };
    let alone = || {
        let lookup = first.rest().first().map_or(0, |one| one.lookup);
        vec![(*place, batch_of(first.rest(), lookup).len())]
    };
    let Some(shared) = first.in_objects() else { return alone() };
    let beside: Vec<&(usize, &Member)> =
        left.iter().filter(|(_, member)| member.in_objects().as_ref() == Some(&shared)).collect();
    let named: Vec<&PlannedTarget> = beside.iter().flat_map(|(_, member)| member.run()).collect();
    let Some(last) = last_object(&named) else { return alone() };
    let until = |member: &Member| member.run().iter().take_while(|one| one.target.locator <= last).count();
    let lengths: Vec<(usize, usize)> = beside.iter().map(|(place, member)| (*place, until(member))).collect();
    let lengths: Vec<(usize, usize)> = lengths.into_iter().filter(|(_, length)| *length > 0).collect();
    // A plan lists objects in the order of their keys; where one does not, its targets go alone.
    if lengths.is_empty() { alone() } else { lengths }
}

/// The last of the first objects: so many, and so many bytes, but at least one.
fn last_object(targets: &[&PlannedTarget]) -> Option<String> {
    let mut objects: BTreeMap<&str, u64> = BTreeMap::new();
    for one in targets {
        let bytes = objects.entry(one.target.locator.as_str()).or_default();
        *bytes = one.target.bytes.max(*bytes);
    }
    let mut bytes = 0_u64;
    let fits = |(place, (_, length)): &(usize, (&&str, &u64))| {
        bytes = bytes.saturating_add((**length).max(1));
        *place == 0 || bytes <= BYTES_AT_ONCE
    };
    let taken = objects.iter().take(TARGETS_AT_ONCE).enumerate().take_while(fits);
    taken.last().map(|(_, (key, _))| (*key).to_owned())
}

/// Makes one call for all parts, and counts what became of each.
async fn erase(eraser: &dyn Eraser, pass: &mut Pass<'_>, members: &mut [Option<Member>], parts: Vec<Part>) {
    let (told, shares): (Vec<(usize, String)>, Vec<Share>) =
        parts.into_iter().map(|part| ((part.place, part.source), part.share)).unzip();
    let answers = match shares.as_slice() {
        [alone] => vec![eraser.erase(&alone.order, &alone.targets).await],
        shares => eraser.erase_together(shares).await,
    };
    let mut answers = answers.into_iter();
    for ((place, source), share) in told.into_iter().zip(&shares) {
        let (Some(member), Some(context)) = (members[place].as_mut(), pass.member(place)) else { continue };
        let answer = answers.next().unwrap_or_else(|| Ok(Vec::new()));
        if let Err(error) = noted(member, context, &source, share, answer).await {
            members[place] = None;
            pass.end(place, Err(error)).await;
        }
    }
}

async fn noted(
    member: &mut Member,
    context: &mut StepContext,
    source: &str,
    share: &Share,
    answer: Result<Vec<Erased>, PortError>,
) -> Result<(), StepError> {
    count(&mut member.state, source, (&member.shard, &share.order), &share.targets, &answer?)?;
    member.state.targets_done += u32::try_from(share.targets.len()).unwrap_or(u32::MAX);
    member.calls += 1;
    if member.calls.is_multiple_of(CALLS_PER_SAVE) { member.save(context).await } else { Ok(()) }
}

/// All steps of a pass have the same slice.
fn pass_is_short(pass: &mut Pass<'_>) -> bool {
    (0..pass.len()).find_map(|place| Some(pass.member(place)?.time_is_short())).unwrap_or(false)
}

/// Saves what each member has done; those whose turn had not come have waited, not stalled.
async fn end_slice(pass: &mut Pass<'_>, members: &mut [Option<Member>]) {
    for (place, slot) in members.iter_mut().enumerate() {
        let (Some(member), Some(context)) = (slot.take(), pass.member(place)) else { continue };
        let ended = member.save(context).await.map(|()| Ran::Continue);
        pass.end(place, ended).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(key: &str, bytes: u64) -> PlannedTarget {
        let target = Target { locator: key.to_owned(), seen: String::new(), rows: 1, other_rows: 0, bytes };
        PlannedTarget { lookup: 0, target }
    }

    #[test]
    fn a_call_of_a_pass_ends_before_it_takes_too_long() {
        let last = |targets: &[PlannedTarget]| last_object(&targets.iter().collect::<Vec<_>>());
        assert_eq!(last(&[]), None);
        assert_eq!(last(&[planned("c", 1), planned("a", 1), planned("c", 1)]).as_deref(), Some("c"));
        assert_eq!(last(&[planned("b", BYTES_AT_ONCE), planned("a", 1)]).as_deref(), Some("a"));
        assert_eq!(last(&[planned("b", 1), planned("a", BYTES_AT_ONCE * 2)]).as_deref(), Some("a"));
        let many: Vec<PlannedTarget> = (0..60).map(|number| planned(&format!("{number:02}"), 1)).collect();
        assert_eq!(last(&many).as_deref(), Some("24"));
    }
}
