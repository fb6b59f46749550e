//! Subject keys: for what is said of a person and outlives the job. Wrapped by the tenant key; erasure destroys them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::ids::{OpNonce, TenantId};
use domain::key::TenantKey;
use domain::record::{KeyRecord, Record};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{Keyring, TenantSecrets};
use crate::ports::{Entropy, PortError, PortErrorKind};
use crate::sealing::{Place, SealingKey};

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
        let corrupt = || PortError::new(PortErrorKind::Corrupt, "open subject key");
        let secrets = self.tenant(tenant, now).await?;
        let place = Place::attribute(&KeyRecord::key_of(tenant, owner), "wrapped");
        let wrapped = BASE64.decode(&record.wrapped).map_err(|_| corrupt())?;
        let plain = secrets.0.open_bytes(&place, &wrapped).map_err(|_| corrupt())?;
        let mut key = Zeroizing::new([0; 32]);
        if plain.len() != key.len() {
            return Err(corrupt());
        }
        key.copy_from_slice(&plain);
        Ok(Some(SealingKey::new(key)))
    }
}
