//! Subject keys: for what is said of a person and outlives the job. Wrapped by the tenant key; erasure destroys them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::ids::{OpNonce, TenantId};
use domain::record::KeyRecord;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::Keyring;
use crate::ports::{PortError, PortErrorKind};
use crate::sealing::{Place, SealingKey};

impl Keyring {
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
        let plain: Zeroizing<[u8; 32]> = Zeroizing::new(self.entropy.bytes());
        let place = Place::attribute(&KeyRecord::key_of(tenant, owner), "wrapped");
        let wrapped = BASE64.encode(secrets.0.seal_bytes(&place, plain.as_slice(), self.entropy.as_ref()));
        let record =
            KeyRecord { v: 1, tenant: tenant.clone(), owner: owner.to_owned(), wrapped, op_nonce: nonce.clone() };
        Ok((SealingKey::new(plain), Some(record)))
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
