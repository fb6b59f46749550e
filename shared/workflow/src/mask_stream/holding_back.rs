//! What does not pass: events about people who were erased, whose data is only kept, or who did not agree to the purpose.
//!
//! That a row was deleted passes all the same, without its values.

use std::collections::BTreeSet;
use std::sync::Arc;

use datamap::DataMap;
use domain::record::{Record, SuppressionRecord};
use domain::request::Alias;
use domain::restriction::{guard_of, jobs_behind};
use masking::{EventMasker, Masked, Operation};

use super::consent::{Whose, is_personal};
use super::{ConsentCheck, MaskStream, Pending, StreamRecord, StreamReport, collection_of, head};
use crate::ports::PortError;

/// Keys of one read.
const PER_READ: usize = 100;

impl MaskStream {
    /// Takes out what is about somebody who was erased, or whose data is kept and not used (GDPR Art. 18(2)).
    pub(super) async fn without_held_back(
        &self,
        records: &[StreamRecord],
        masker: &mut EventMasker,
        pending: Vec<Pending>,
        report: &mut StreamReport,
    ) -> Result<Vec<Pending>, PortError> {
        let aliases: BTreeSet<&Alias> = pending.iter().flat_map(|event| &event.aliases).collect();
        let aliases: Vec<&Alias> = aliases.into_iter().collect();
        let mut erased: BTreeSet<Alias> = BTreeSet::new();
        let mut restricted: BTreeSet<Alias> = BTreeSet::new();
        for chunk in aliases.chunks(PER_READ) {
            let keys: Vec<_> = chunk.iter().map(|alias| SuppressionRecord::key_of(&self.tenant, alias)).collect();
            let found = self.store.load(&keys).await?;
            erased.extend(found.into_iter().flatten().filter_map(Record::into_suppression).map(|found| found.alias));
            let keys: Vec<_> = chunk.iter().map(|alias| guard_of(&self.tenant, alias)).collect();
            let guards = self.store.load(&keys).await?;
            let stands = |guard: &Option<Record>| {
                guard.as_ref().and_then(Record::as_guard).is_some_and(|guard| jobs_behind(guard).next().is_some())
            };
            restricted.extend(chunk.iter().zip(&guards).filter(|(_, it)| stands(it)).map(|(it, _)| Alias::clone(it)));
        }
        let mut kept = Vec::with_capacity(pending.len());
        for event in pending {
            let is_about = |people: &BTreeSet<Alias>| event.aliases.iter().any(|alias| people.contains(alias));
            match (is_about(&erased), is_about(&restricted)) {
                (false, false) => {
                    kept.push(event);
                    continue;
                }
                (true, _) => report.suppressed += 1,
                (false, true) => report.restricted += 1,
            }
            kept.extend(without_values(records, masker, event));
        }
        Ok(kept)
    }

    /// What consent is looked up by; nothing where none is asked for.
    pub(super) async fn consenting(
        &self,
        hash: &str,
    ) -> Result<Option<(&ConsentCheck, Arc<DataMap>, Whose)>, PortError> {
        let Some(check) = &self.consent else { return Ok(None) };
        let map = self.maps.load(&self.tenant, hash).await?;
        let whose = Whose::of(&map)?;
        Ok(Some((check, map, whose)))
    }

    /// Takes out what is about somebody who did not agree to the purpose, and rows of people that do not say whose they
    /// are; answers what passes and how many did not.
    pub(super) async fn with_consent(
        &self,
        records: &[StreamRecord],
        masker: &mut EventMasker,
        pending: Vec<Pending>,
        (check, map, _): &(&ConsentCheck, Arc<DataMap>, Whose),
    ) -> Result<(Vec<Pending>, u64), PortError> {
        let people = pending.iter().flat_map(|event| &event.people).map(String::as_str).collect();
        let granted = check.granted(&self.tenant, map, people, self.clock.now()).await?;
        let (mut kept, mut unconsented) = (Vec::with_capacity(pending.len()), 0);
        for event in pending {
            let Masked { operation, is_tombstone, collection, .. } = event.masked;
            // These hold no values of anybody.
            let is_empty = is_tombstone || matches!(operation, Some(Operation::Truncate | Operation::Message));
            let agreed = if event.people.is_empty() {
                !is_personal(map, collection)
            } else {
                event.people.iter().all(|person| granted.contains(person))
            };
            if is_empty || agreed {
                kept.push(event);
                continue;
            }
            unconsented += 1;
            kept.extend(without_values(records, masker, event));
        }
        Ok((kept, unconsented))
    }
}

/// What passes of an event that is held back: that a row was deleted, with its keyed keys and nothing else.
fn without_values(records: &[StreamRecord], masker: &mut EventMasker, mut event: Pending) -> Option<Pending> {
    if event.masked.operation != Some(Operation::Delete) {
        return None;
    }
    let record = &records[event.record];
    let collection = collection_of(masker, record);
    let mut body = head(&event.event.id, &event.event.key);
    masker.mask_whole(collection, &record.body, &mut body).ok()?;
    body.push(b'}');
    event.event.body = body;
    Some(event)
}
