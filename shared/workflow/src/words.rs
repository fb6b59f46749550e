//! What people say when they act on a job: kept with the event of the act, sealed under the key of the person it is about.

use std::collections::BTreeMap;

use domain::event::{AuditEvent, SealedDetail};
use domain::ids::OpNonce;
use domain::job::Job;
use domain::key::TenantKey;
use domain::record::{KeyRecord, Record};
use domain::sensitive::Sensitive;
use domain::transition::{Expect, TransitionBuilder};
use jiff::Timestamp;

use crate::keyring::Keyring;
use crate::ports::PortError;
use crate::sealing::{Place, SealingKey};
use crate::step_context::StepPorts;

/// Words for the event of the next version of a job.
///
/// A subject that has no key yet gets one in the same transaction; two at once conflict, and one comes again.
///
/// # Errors
/// When a store or the key service fails.
pub async fn keep_words(
    ports: &StepPorts,
    builder: &mut TransitionBuilder,
    job: &Job,
    words: &Sensitive<String>,
    now: Timestamp,
) -> Result<(), PortError> {
    let owner = owner_of(job);
    let nonce: OpNonce = builder.op_nonce().clone();
    let (key, record) = ports.keyring.subject_key(&job.tenant, &owner, &nonce, now).await?;
    let place = place_of(&job.key(), job.version + 1);
    let sealed = key.seal(&place, words.expose().as_bytes(), ports.entropy.as_ref());
    builder.keep_with_next_job(SealedDetail { owner, sealed });
    if let Some(record) = record {
        builder.put(Record::Key(record), Expect::Absent);
    }
    Ok(())
}

/// The words of each event that has any, as far as the keys still open them.
///
/// # Errors
/// When a store or the key service fails.
pub async fn words_of(
    keyring: &Keyring,
    job: &Job,
    events: &[AuditEvent],
    now: Timestamp,
) -> Result<Vec<Option<Sensitive<String>>>, PortError> {
    let mut keys: BTreeMap<&str, Option<SealingKey>> = BTreeMap::new();
    for owner in events.iter().filter_map(|event| event.detail.as_ref()).map(|detail| detail.owner.as_str()) {
        if !keys.contains_key(owner) {
            keys.insert(owner, keyring.known_subject_key(&job.tenant, owner, now).await?);
        }
    }
    let key_of = |event: &AuditEvent| keys.get(event.detail.as_ref()?.owner.as_str())?.as_ref();
    Ok(events.iter().map(|event| key_of(event).and_then(|key| open_words(key, event))).collect())
}

/// The words of an event under the key of their owner.
pub(crate) fn open_words(key: &SealingKey, event: &AuditEvent) -> Option<Sensitive<String>> {
    let job = TenantKey::job(&event.tenant, event.job.as_ref()?);
    let place = place_of(&job, event.item.as_ref()?.version);
    let plain = key.open(&place, &event.detail.as_ref()?.sealed).ok()?;
    String::from_utf8(plain.to_vec()).ok().map(Sensitive::new)
}

/// Whose key: the person the job is about; of an organisation's job, whoever asked for it.
pub(crate) fn owner_of(job: &Job) -> String {
    let of_requester = || KeyRecord::subject_owner(job.requester.as_str());
    job.subject_ref.as_ref().map_or_else(of_requester, |alias| KeyRecord::subject_owner(alias.as_str()))
}

fn place_of(job: &TenantKey, version: u64) -> Place {
    Place::attribute(job, &format!("words of version {version}"))
}
