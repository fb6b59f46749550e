//! Data keys: one per job, one per tenant. Made once, unwrapped when needed, the tenant's kept for five minutes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::datum::Datum;
use domain::ids::{JobId, OpNonce, TenantId};
use domain::record::{KeyRecord, Record};
use domain::request::{Alias, Identity, IdentityKind};
use domain::role::Pseudonym;
use domain::sealed::Sealed;
use domain::sensitive::Sensitive;
use domain::transition::{Change, Expect, Transition};
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use crate::ports::{CommitError, Entropy, JobStore, KeyContext, KeyService, PortError, PortErrorKind};
use crate::sealing::{OpenError, Place, SealingKey};

mod subject;

/// How long an unwrapped tenant key is kept.
const TENANT_KEY_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// Makes and finds data keys.
pub struct Keyring {
    // Dependencies.
    store: Arc<dyn JobStore>,
    keys: Arc<dyn KeyService>,
    entropy: Arc<dyn Entropy>,
    // Kept.
    tenants: Mutex<HashMap<TenantId, (TenantSecrets, Timestamp)>>,
}

/// What the tenant key is used for: names that stand for people.
#[derive(Clone)]
pub struct TenantSecrets(SealingKey);

impl TenantSecrets {
    /// The alias of an identity.
    #[must_use]
    pub fn alias(&self, identity: &Identity) -> Alias {
        self.alias_of(identity.kind.as_str(), identity.value.expose())
    }

    /// The alias of a normalised value.
    #[must_use]
    pub fn alias_of(&self, kind: &str, value: &str) -> Alias {
        let hash = self.0.keyed_hash("alias v1", &[kind.as_bytes(), value.as_bytes()]);
        Alias::from_keyed_hash(hash[..32].to_owned())
    }

    /// The alias of a value as a source holds it, normalised as intake and holds do it.
    #[must_use]
    pub fn alias_of_found(&self, kind: &str, value: &str) -> Alias {
        match IdentityKind::parse(kind).map(|kind| Identity::new(kind, value)) {
            Some(Ok(identity)) => self.alias(&identity),
            // A key of a row, or a value that is no identity of its kind: as it is.
            Some(Err(_)) | None => self.alias_of(kind, value),
        }
    }

    /// The same of a value of any kind: whoever names the identity in another spelling meets the same alias.
    #[must_use]
    pub fn alias_of_value(&self, kind: &str, value: &Datum) -> Alias {
        match value {
            Datum::Text(text) | Datum::Number(text) => self.alias_of_found(kind, text),
            Datum::Null | Datum::Bool(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => {
                self.alias_of_found(kind, &String::from_utf8_lossy(&value.to_json()))
            }
        }
    }

    /// 32 bytes for a use of their own, the same each time.
    #[must_use]
    pub fn derived_key(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let hash = Zeroizing::new(self.0.keyed_hash(label, &[]).into_bytes());
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
        for (byte, pair) in key.iter_mut().zip(hash.chunks_exact(2)) {
            *byte = digit(pair[0]) << 4 | digit(pair[1]);
        }
        key
    }

    /// The pseudonym of an acting person.
    #[must_use]
    pub fn pseudonym(&self, subject: &Sensitive<String>) -> Pseudonym {
        let hash = self.0.keyed_hash("pseudonym v1", &[subject.expose().as_bytes()]);
        Pseudonym::from_keyed_hash(hash[..32].to_owned())
    }

    /// Seals what the tenant keeps longer than any job.
    #[must_use]
    pub fn seal(&self, place: &Place, plain: &[u8], entropy: &dyn Entropy) -> Sealed {
        self.0.seal(place, plain, entropy)
    }

    /// Opens what [`seal`](Self::seal) sealed.
    ///
    /// # Errors
    /// When tenant, place or bytes are not those it was sealed with.
    pub fn open(&self, place: &Place, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.0.open(place, sealed)
    }

    /// A keyed digest of anything that must be recognised but not read.
    #[must_use]
    pub fn digest(&self, label: &str, parts: &[&[u8]]) -> String {
        self.0.keyed_hash(label, parts)
    }
}

impl Keyring {
    /// A keyring over the two stores of keys.
    #[must_use]
    pub fn new(store: Arc<dyn JobStore>, keys: Arc<dyn KeyService>, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, keys, entropy, tenants: Mutex::new(HashMap::new()) }
    }

    /// Makes the key of a new job (one call of the key service) and the record to commit with the job.
    ///
    /// # Errors
    /// When the key service fails.
    pub async fn make_job_key(
        &self,
        tenant: &TenantId,
        job: &JobId,
        nonce: &OpNonce,
    ) -> Result<(SealingKey, KeyRecord), PortError> {
        self.make(tenant, KeyRecord::job_owner(job), nonce).await
    }

    /// The key of a job; `NotFound` once it is destroyed.
    ///
    /// # Errors
    /// When a store fails or the key is gone.
    pub async fn job_key(&self, tenant: &TenantId, job: &JobId) -> Result<SealingKey, PortError> {
        let owner = KeyRecord::job_owner(job);
        let record = self.stored(tenant, &owner).await?;
        let record = record.ok_or(PortError::new(PortErrorKind::NotFound, "read job key"))?;
        self.unwrap(tenant, &record).await
    }

    /// The secrets of a tenant; made at its first use.
    ///
    /// # Errors
    /// When a store or the key service fails.
    pub async fn tenant(&self, tenant: &TenantId, now: Timestamp) -> Result<TenantSecrets, PortError> {
        if let Some(secrets) = self.kept(tenant, now) {
            return Ok(secrets);
        }
        let key = match self.stored(tenant, "tenant").await? {
            Some(record) => self.unwrap(tenant, &record).await?,
            None => self.make_tenant_key(tenant).await?,
        };
        let secrets = TenantSecrets(key);
        let mut kept = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (_, until)| *until > now);
        kept.insert(tenant.clone(), (secrets.clone(), now + TENANT_KEY_LIFE));
        Ok(secrets)
    }

    fn kept(&self, tenant: &TenantId, now: Timestamp) -> Option<TenantSecrets> {
        let kept = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(tenant).filter(|(_, until)| *until > now).map(|(secrets, _)| secrets.clone())
    }

    async fn make_tenant_key(&self, tenant: &TenantId) -> Result<SealingKey, PortError> {
        let nonce = OpNonce::new(self.entropy.bytes());
        let (key, record) = self.make(tenant, "tenant".to_owned(), &nonce).await?;
        let change = Change::Put { record: Record::Key(record), expect: Expect::Absent };
        let transition = Transition { tenant: tenant.clone(), op_nonce: nonce, changes: vec![change] };
        match self.store.commit(&transition).await {
            Ok(()) => Ok(key),
            // Somebody else was first: theirs is the key.
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {
                let record = self.stored(tenant, "tenant").await?;
                let record = record.ok_or(PortError::new(PortErrorKind::Transient, "read tenant key"))?;
                self.unwrap(tenant, &record).await
            }
            Err(CommitError::Port(error)) => Err(error),
        }
    }

    async fn make(
        &self,
        tenant: &TenantId,
        owner: String,
        nonce: &OpNonce,
    ) -> Result<(SealingKey, KeyRecord), PortError> {
        let context = KeyContext { tenant: tenant.clone(), owner: owner.clone() };
        let made = self.keys.generate(&context).await?;
        let wrapped = BASE64.encode(&made.wrapped);
        let record = KeyRecord { v: 1, tenant: tenant.clone(), owner, wrapped, op_nonce: nonce.clone() };
        Ok((SealingKey::new(made.plain), record))
    }

    async fn stored(&self, tenant: &TenantId, owner: &str) -> Result<Option<KeyRecord>, PortError> {
        let found = self.store.load(&[KeyRecord::key_of(tenant, owner)]).await?;
        Ok(found.into_iter().flatten().find_map(Record::into_key))
    }

    async fn unwrap(&self, tenant: &TenantId, record: &KeyRecord) -> Result<SealingKey, PortError> {
        let context = KeyContext { tenant: tenant.clone(), owner: record.owner.clone() };
        let wrapped = BASE64
            .decode(&record.wrapped)
            .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "decode wrapped key", source))?;
        Ok(SealingKey::new(self.keys.unwrap(&context, &wrapped).await?))
    }
}
