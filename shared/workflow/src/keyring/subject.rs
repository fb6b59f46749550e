//! Subject keys: for what is said of a person and outlives the job. Wrapped by the tenant key; erasure destroys them.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::ids::{OpNonce, TenantId};
use domain::key::TenantKey;
use domain::record::{KeyRecord, Record};
use domain::transition::{Change, Expect, Transition};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{Keyring, TenantSecrets};
use crate::ports::{CommitError, Entropy, PortError, PortErrorKind};
use crate::sealing::{Place, SealingKey};

/// Keys of one read, and of one transaction.
const KEYS_AT_ONCE: usize = 90;
/// Reads and writes until all keys are there.
const MAX_TRIES: u32 = 4;

impl TenantSecrets {
    /// A new key for one act of a person, with the record to commit along with what it seals.
    #[must_use]
    pub fn make_act_key(&self, tenant: &TenantId, person: &str, entropy: &dyn Entropy) -> (SealingKey, KeyRecord) {
        let nonce = OpNonce::new(entropy.bytes());
        self.make_key(tenant, KeyRecord::act_owner(person, &nonce), &nonce, entropy)
    }

    fn make_key(
        &self,
        tenant: &TenantId,
        owner: String,
        nonce: &OpNonce,
        entropy: &dyn Entropy,
    ) -> (SealingKey, KeyRecord) {
        let plain: Zeroizing<[u8; 32]> = Zeroizing::new(entropy.bytes());
        let place = Place::attribute(&KeyRecord::key_of(tenant, &owner), "wrapped");
        let wrapped = BASE64.encode(self.0.seal_bytes(&place, plain.as_slice(), entropy));
        let record = KeyRecord { v: 1, tenant: tenant.clone(), owner, wrapped, op_nonce: nonce.clone() };
        (SealingKey::new(plain), record)
    }
}

impl Keyring {
    /// Every key of a person that is stored: the lasting one, and one for each act.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keys_of_person(&self, tenant: &TenantId, person: &str) -> Result<Vec<TenantKey>, PortError> {
        let partition = KeyRecord::key_of(tenant, person).partition().clone();
        let found = self.store.query(tenant, &partition, "").await?;
        Ok(found.iter().map(Record::key).collect())
    }

    /// The key of a subject; where it has none yet, a new one with the record to commit, `Absent`, along with its use.
    ///
    /// # Errors
    /// When a store or the key service fails.
    pub async fn subject_key(
        &self,
        tenant: &TenantId,
        owner: &str,
        nonce: &OpNonce,
        now: Timestamp,
    ) -> Result<(SealingKey, Option<KeyRecord>), PortError> {
        if let Some(key) = self.known_subject_key(tenant, owner, now).await? {
            return Ok((key, None));
        }
        let secrets = self.tenant(tenant, now).await?;
        let (key, record) = secrets.make_key(tenant, owner.to_owned(), nonce, self.entropy.as_ref());
        Ok((key, Some(record)))
    }

    /// The key of a subject; `None` where it never had one or it is destroyed.
    ///
    /// # Errors
    /// When a store or the key service fails, or the record was tampered with.
    pub async fn known_subject_key(
        &self,
        tenant: &TenantId,
        owner: &str,
        now: Timestamp,
    ) -> Result<Option<SealingKey>, PortError> {
        let Some(record) = self.stored(tenant, owner).await? else { return Ok(None) };
        let secrets = self.tenant(tenant, now).await?;
        opened(&secrets, &record).map(Some)
    }

    /// The keys of many subjects; those that are missing are made and committed, so that each subject has one key only.
    ///
    /// # Errors
    /// When the keyring or the key service can't be reached, or a key does not open.
    pub async fn subject_keys(
        &self,
        tenant: &TenantId,
        owners: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<BTreeMap<String, SealingKey>, PortError> {
        let owners: Vec<&String> = owners.iter().collect();
        let secrets = self.tenant(tenant, now).await?;
        let mut keys = BTreeMap::new();
        for some in owners.chunks(KEYS_AT_ONCE) {
            for _ in 0..MAX_TRIES {
                let names: Vec<TenantKey> = some.iter().map(|owner| KeyRecord::key_of(tenant, owner)).collect();
                let found = self.store.load(&names).await?;
                for record in found.into_iter().flatten().filter_map(Record::into_key) {
                    let key = opened(&secrets, &record)?;
                    keys.insert(record.owner, key);
                }
                let missing: Vec<&&String> = some.iter().filter(|owner| !keys.contains_key(**owner)).collect();
                if missing.is_empty() {
                    break;
                }
                let nonce = OpNonce::new(self.entropy.bytes());
                let change = |owner: &&&String| {
                    let (_, record) = secrets.make_key(tenant, (**owner).clone(), &nonce, self.entropy.as_ref());
                    Change::Put { record: Record::Key(record), expect: Expect::Absent }
                };
                let changes = missing.iter().map(change).collect();
                let made = Transition { tenant: tenant.clone(), op_nonce: nonce.clone(), changes };
                // Read back in the next turn: whoever was first made the key that counts.
                match self.store.commit(&made).await {
                    Ok(()) | Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {}
                    Err(CommitError::Port(error)) => return Err(error),
                }
            }
        }
        let is_complete = owners.iter().all(|owner| keys.contains_key(*owner));
        if is_complete { Ok(keys) } else { Err(PortError::new(PortErrorKind::Transient, "make subject keys")) }
    }
}

/// The key in a record of the keyring.
fn opened(secrets: &TenantSecrets, record: &KeyRecord) -> Result<SealingKey, PortError> {
    let corrupt = || PortError::new(PortErrorKind::Corrupt, "open subject key");
    let place = Place::attribute(&KeyRecord::key_of(&record.tenant, &record.owner), "wrapped");
    let wrapped = BASE64.decode(&record.wrapped).map_err(|_| corrupt())?;
    let plain = secrets.0.open_bytes(&place, &wrapped).map_err(|_| corrupt())?;
    let mut key = Zeroizing::new([0; 32]);
    if plain.len() != key.len() {
        return Err(corrupt());
    }
    key.copy_from_slice(&plain);
    Ok(SealingKey::new(key))
}
