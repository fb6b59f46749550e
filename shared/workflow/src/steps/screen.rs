//! Finds out whether the person is on record, and the address on record a code may be sent to.
//!
//! The contact comes from the customer's own rows, never from the request (INV-X1).

use std::sync::Arc;

use async_trait::async_trait;
use datamap::{DataMap, Walk};
use domain::datum::Datum;
use domain::job::Outcome;
use domain::request::{Identity, IdentityKind};
use domain::step::StepKind;

use super::sources::Sources;
use crate::advance_job::{Ran, RunStep};
use crate::sealing::Place;
use crate::step_context::StepContext;
use crate::step_error::StepError;

/// Looks the person up.
pub struct Screen {
    // Dependencies.
    /// The customer's systems.
    pub sources: Sources,
}

#[async_trait]
impl RunStep for Screen {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Screen]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let map = self.sources.map_of(&context.job).await?;
        let body = context.request_body().await?;
        let address = self.address_on_record(context, &map, &body.seeds()).await?;
        let key = context.job_key().await?;
        let place = Place::attribute(&context.job.key(), "contact");
        let entropy = context.ports.entropy.as_ref();
        let contact = address.map(|address| key.seal(&place, address.as_bytes(), entropy));
        Ok(Ran::Done(Outcome::Screened { contact }))
    }
}

impl Screen {
    /// The first e-mail address on the person's own rows; an address that was asked about goes first.
    async fn address_on_record(
        &self,
        context: &StepContext,
        map: &Arc<DataMap>,
        seeds: &[(String, Datum)],
    ) -> Result<Option<String>, StepError> {
        let email = IdentityKind::Email.as_str();
        let mut walk = Walk::start(map, seeds);
        let mut lookups = walk.lookups(map);
        // Lookups by e-mail go first: what they find was asked about by name.
        lookups.sort_by_key(|lookup| !is_identity(map, lookup.collection, &lookup.field, email));
        for lookup in &lookups {
            let mut cursor = None;
            loop {
                let page = self.sources.locate_page(&context.job, map, lookup, cursor.as_ref()).await?;
                let found = on_record(map, &mut walk, lookup, &page.rows);
                if found.is_some() {
                    return Ok(found);
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(None)
    }
}

/// The address these rows give away: the one asked about, or one on the person's own row.
fn on_record(map: &DataMap, walk: &mut Walk, lookup: &datamap::Lookup, rows: &[Datum]) -> Option<String> {
    let email = IdentityKind::Email.as_str();
    if is_identity(map, lookup.collection, &lookup.field, email) {
        return rows.iter().find_map(|row| asked_for(row, lookup));
    }
    for row in rows {
        walk.absorb(map, lookup, row);
    }
    let mut found = walk.found_identities().filter(|(kind, _)| *kind == email).filter_map(|(_, value)| text(value));
    found.find(|text| is_address(text))
}

fn is_identity(map: &DataMap, collection: usize, field: &str, kind: &str) -> bool {
    let collection = map.collections.get(collection);
    let field = collection.and_then(|it| it.fields.iter().find(|candidate| candidate.path == field));
    field.is_some_and(|field| field.identity.as_deref() == Some(kind))
}

/// The value in the row that the lookup asked for.
fn asked_for(row: &Datum, lookup: &datamap::Lookup) -> Option<String> {
    let values = row.values_at(&lookup.field).into_iter().filter_map(text);
    let asked: Vec<String> = lookup.values.iter().filter_map(text).collect();
    values.into_iter().find(|value| asked.contains(value) && is_address(value))
}

fn text(value: &Datum) -> Option<String> {
    match value {
        Datum::Text(text) => Some(text.clone()),
        Datum::Null | Datum::Bool(_) | Datum::Number(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => None,
    }
}

fn is_address(text: &str) -> bool {
    Identity::new(IdentityKind::Email, text).is_ok()
}
