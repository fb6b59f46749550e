//! What must hold of processors once an erasure has ended (GDPR Art. 19): each concerned is told, under one id, of one person.

use std::collections::{BTreeMap, BTreeSet};

use adapters_memory::State;
use audit_log::receipt::Receipt;
use domain::job::{Job, Scope};
use workflow::ports::OutgoingCall;

use crate::sample::{PEOPLE, Person};

/// Whoever received something of what went stands in the receipt; whoever took the notice knows one id of it.
pub(super) fn check(state: &State, job: &Job, person: Person, receipt: &Receipt, broken: &mut Vec<String>) {
    let Some(map) = state.data_maps.get(&(job.tenant.clone(), job.data_map.clone())) else { return };
    let went = receipt.sources.iter().filter(|source| source.counts.values().sum::<u64>() > 0);
    let went: Vec<String> = went.map(|source| source.source.clone()).collect();
    let concerned: BTreeSet<&str> = map.processors_of(&went).map(|(_, it)| it.fides_key.as_str()).collect();
    let named: BTreeSet<&str> = receipt.processors.iter().map(|it| it.processor.as_str()).collect();
    if concerned != named {
        broken.push(format!("ART-19 {concerned:?} received what went, the receipt names {named:?}"));
    }
    let mut ids: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let about = |call: &&OutgoingCall| call.body.expose().contains(job.id.as_str());
    for call in state.outside.calls.iter().map(|(_, call)| call.as_ref()).filter(about) {
        ids.entry(call.url.as_str()).or_default().insert(id_of(call));
        let others = PEOPLE.iter().filter(|other| !is_meant(job, person, other.email));
        if others.clone().any(|other| call.body.expose().contains(other.email)) {
            broken.push("ART-19 a processor was told of somebody else".to_owned());
        }
        if call.body.expose().contains(person.canary) {
            broken.push("ART-19 a processor was told more than who it is about".to_owned());
        }
    }
    if ids.values().any(|ids| ids.len() > 1) {
        broken.push("ART-19 a processor was told of one erasure under two ids".to_owned());
    }
    let told = receipt.processors.iter().filter(|it| it.told_at.is_some()).count();
    if ids.len() < told {
        broken.push(format!("ART-19 {told} processors are said to have been told, {} were called", ids.len()));
    }
}

/// The id of a webhook, or of a request that is the same word for word.
fn id_of(call: &OutgoingCall) -> String {
    let header = call.headers.iter().find(|(name, _)| *name == "webhook-id");
    header.map_or_else(|| call.body.expose().clone(), |(_, id)| id.expose().clone())
}

/// Whether a job is about whom an address belongs to: the person, or everybody of the tenant's only organisation.
fn is_meant(job: &Job, person: Person, email: &str) -> bool {
    let is_member = |it: &&Person| it.tenant == job.tenant.as_str() && job.scope == Scope::Organization;
    email == person.email || PEOPLE.iter().filter(is_member).any(|it| it.email == email)
}
