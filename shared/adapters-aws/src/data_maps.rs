//! Published data maps: immutable objects named by their hash, and the pointer that says which one is current.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use datamap::DataMap;
use domain::event::Actor;
use domain::ids::{OpNonce, TenantId};
use domain::record::{DataMapPointer, Record};
use domain::transition::{Cause, Transition, TransitionBuilder};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use workflow::ports::{CommitError, DataMaps, JobStore, PortError, PortErrorKind};

use crate::export_store::read_object;
use crate::failure::failure;

/// Data maps kept in memory; a function sees few, so a full cache is simply emptied.
const MAX_CACHED: usize = 32;

type Cache = HashMap<(TenantId, String), Arc<DataMap>>;

/// Data maps in the config bucket.
#[derive(Debug)]
pub struct S3DataMaps {
    // Dependencies.
    client: Client,
    // Configuration.
    bucket: String,
    cache: Mutex<Cache>,
}

/// Why a data map was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The map can't be written, or the bucket or table failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The pointer was not moved; someone else may have published at the same time.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl S3DataMaps {
    pub(crate) fn new(client: Client, bucket: &str) -> Self {
        Self { client, bucket: bucket.to_owned(), cache: Mutex::default() }
    }

    /// Puts a data map under its hash and makes it current; publishing the current one again writes nothing.
    ///
    /// # Errors
    /// `Commit(Conflict)` where another map became current meanwhile: publish again to replace it.
    #[expect(clippy::too_many_arguments, reason = "time and nonce come from the caller")]
    pub async fn publish(
        &self,
        store: &dyn JobStore,
        tenant: &TenantId,
        map: &DataMap,
        op_nonce: OpNonce,
        now: Timestamp,
    ) -> Result<String, PublishError> {
        let bytes = map
            .canonical_json()
            .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "publish data map", source))?;
        let hash = sha256(&bytes);
        self.put_if_absent(&object_key(tenant, &hash), bytes).await?;
        let current = current(store, tenant).await?;
        if current.as_ref().is_some_and(|pointer| pointer.hash == hash) {
            return Ok(hash);
        }
        store.commit(&point_to(tenant, &hash, current.as_ref(), op_nonce, now)).await?;
        Ok(hash)
    }

    async fn put_if_absent(&self, key: &str, bytes: Vec<u8>) -> Result<(), PortError> {
        let request = self.client.put_object().bucket(&self.bucket).key(key).content_type("application/json");
        match request.if_none_match("*").body(ByteStream::from(bytes)).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(()),
            Err(error) => Err(failure("publish data map", &error)),
        }
    }

    fn cached(&self, name: &(TenantId, String)) -> Option<Arc<DataMap>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn keep(&self, name: (TenantId, String), map: &Arc<DataMap>) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(name, Arc::clone(map));
    }
}

#[async_trait]
impl DataMaps for S3DataMaps {
    async fn load(&self, tenant: &TenantId, hash: &str) -> Result<Arc<DataMap>, PortError> {
        let name = (tenant.clone(), hash.to_owned());
        if let Some(map) = self.cached(&name) {
            return Ok(map);
        }
        let bytes = read_object(&self.client, &self.bucket, &object_key(tenant, hash), None).await?;
        if sha256(&bytes) != hash {
            return Err(PortError::new(PortErrorKind::Corrupt, "load data map"));
        }
        let map: DataMap =
            serde_json::from_slice(&bytes).map_err(|_| PortError::new(PortErrorKind::Corrupt, "load data map"))?;
        let map = Arc::new(map);
        self.keep(name, &map);
        Ok(map)
    }
}

async fn current(store: &dyn JobStore, tenant: &TenantId) -> Result<Option<DataMapPointer>, PortError> {
    let found = store.load(&[DataMapPointer::key_of(tenant)]).await?;
    match found.into_iter().next().flatten() {
        None => Ok(None),
        Some(Record::DataMapPointer(pointer)) => Ok(Some(pointer)),
        Some(
            Record::Job(_)
            | Record::Step(_)
            | Record::Event(_)
            | Record::Challenge(_)
            | Record::Ticket(_)
            | Record::Idempotency(_)
            | Record::Key(_)
            | Record::Suppression(_)
            | Record::Hold(_)
            | Record::Guard(_)
            | Record::Claim(_)
            | Record::Retention(_)
            | Record::RetentionRun(_)
            | Record::Notices(_)
            | Record::MailMark(_)
            | Record::Complaint(_)
            | Record::Counter(_),
        ) => Err(PortError::new(PortErrorKind::Corrupt, "publish data map")),
    }
}

/// Moves the pointer and writes the audit event of it, together.
fn point_to(
    tenant: &TenantId,
    hash: &str,
    current: Option<&DataMapPointer>,
    op_nonce: OpNonce,
    now: Timestamp,
) -> Transition {
    let cause = Cause { actor: Actor::Operator, ..Cause::worker(now) };
    let digest: [u8; 32] = Sha256::digest(op_nonce.as_str()).into();
    let mut random = [0; 10];
    random.copy_from_slice(&digest[..10]);
    let mut builder = TransitionBuilder::new(tenant, op_nonce, cause, random);
    builder.point_to_data_map(current, hash);
    builder.build()
}

fn object_key(tenant: &TenantId, hash: &str) -> String {
    format!("datamap/{tenant}/{hash}.json")
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
