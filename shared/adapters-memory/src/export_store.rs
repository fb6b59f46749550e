//! The bucket of exports in memory, with the rules of S3 for multipart uploads and signed links.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::hmac;
use domain::sensitive::Sensitive;
use domain::step::UploadedPart;
use jiff::{SignedDuration, Timestamp};
use workflow::ports::{ByteRange, ExportStore, Link, ObjectHead, PortError, PortErrorKind};

use crate::mutants::Mutant;
use crate::state::State;
use crate::world::MemoryWorld;

mod upload;

pub use self::upload::Upload;

/// Longest life of a link.
const LINK_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// A stored object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its bytes.
    pub bytes: Arc<Vec<u8>>,
    /// When it was written.
    pub at: Timestamp,
}

/// A link that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MintedLink {
    /// The object.
    pub key: String,
    /// When it was signed.
    pub at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Everything in the bucket.
#[derive(Debug, Clone)]
pub struct Objects {
    /// Objects by key.
    pub stored: BTreeMap<Arc<str>, Object>,
    /// Uploads that are not over, by id.
    pub uploads: BTreeMap<String, Upload>,
    /// Every key ever written, with the time: also those deleted since.
    pub written: Vec<(Arc<str>, Timestamp)>,
    /// Every link ever signed.
    pub links: Vec<MintedLink>,
    /// When the signer's credentials end.
    pub credentials_end_at: Option<Timestamp>,
    /// Smallest part but for the last; S3 wants 5 MiB.
    pub smallest_part_bytes: usize,
    /// What begins so is not taken: the bucket is away.
    pub refused_prefix: Option<&'static str>,
    next_upload: u64,
}

impl Default for Objects {
    fn default() -> Self {
        Self {
            stored: BTreeMap::new(),
            uploads: BTreeMap::new(),
            written: Vec::new(),
            links: Vec::new(),
            credentials_end_at: None,
            smallest_part_bytes: 5 * 1024 * 1024,
            refused_prefix: None,
            next_upload: 0,
        }
    }
}

impl Objects {
    fn write(&mut self, key: &str, bytes: Arc<Vec<u8>>, at: Timestamp) {
        let key: Arc<str> = key.into();
        self.written.push((Arc::clone(&key), at));
        self.stored.insert(key, Object { bytes, at });
    }
}

/// The bucket of the world.
#[derive(Debug, Clone)]
pub struct MemoryExportStore {
    world: MemoryWorld,
}

impl MemoryExportStore {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl ExportStore for MemoryExportStore {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), PortError> {
        let bytes = Arc::new(bytes);
        self.world
            .call("put", |state| {
                if state.objects.refused_prefix.is_some_and(|prefix| key.starts_with(prefix)) {
                    return Err(PortError::new(PortErrorKind::Denied, "put object"));
                }
                state.objects.write(key, Arc::clone(&bytes), state.now);
                Ok(())
            })
            .await
    }

    async fn put_if_absent(&self, key: &str, bytes: Vec<u8>) -> Result<bool, PortError> {
        let bytes = Arc::new(bytes);
        self.world
            .call("put_if_absent", |state| {
                if state.objects.stored.contains_key(key) {
                    return Ok(false);
                }
                state.objects.write(key, Arc::clone(&bytes), state.now);
                Ok(true)
            })
            .await
    }

    async fn read(&self, key: &str, range: Option<ByteRange>) -> Result<Vec<u8>, PortError> {
        self.world.call("read", |state| read(state, key, range)).await
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectHead>, PortError> {
        let head = |object: &Object| ObjectHead { bytes: length(&object.bytes) };
        self.world.call("head", |state| Ok(state.objects.stored.get(key).map(head))).await
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        self.world
            .call("delete", |state| {
                state.objects.stored.remove(key);
                Ok(())
            })
            .await
    }

    async fn delete_all(&self, prefix: &str) -> Result<(), PortError> {
        self.world
            .call("delete_all", |state| {
                if prefix.is_empty() {
                    return Err(PortError::new(PortErrorKind::Corrupt, "delete_all"));
                }
                state.objects.stored.retain(|key, _| !key.starts_with(prefix));
                Ok(())
            })
            .await
    }

    async fn start_upload(&self, key: &str) -> Result<String, PortError> {
        self.world.call("start_upload", |state| Ok(upload::start(&mut state.objects, key))).await
    }

    async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        bytes: Vec<u8>,
    ) -> Result<UploadedPart, PortError> {
        let bytes = Arc::new(bytes);
        self.world.call("upload_part", |state| upload::part(&mut state.objects, key, upload_id, number, &bytes)).await
    }

    async fn complete_upload(&self, key: &str, upload_id: &str, parts: &[UploadedPart]) -> Result<(), PortError> {
        self.world
            .call("complete_upload", |state| {
                let overwrites = state.mutants.has(Mutant::OverwriteOnComplete);
                upload::complete(&mut state.objects, key, upload_id, parts, overwrites, state.now)
            })
            .await
    }

    async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<(), PortError> {
        self.world
            .call("abort_upload", |state| {
                if state.objects.uploads.get(upload_id).is_some_and(|upload| upload.key == key) {
                    state.objects.uploads.remove(upload_id);
                }
                Ok(())
            })
            .await
    }

    async fn sign_link(&self, key: &str, file_name: &str, now: Timestamp, until: Timestamp) -> Result<Link, PortError> {
        self.world.call("sign_link", |state| sign_link(state, key, file_name, now, until)).await
    }
}

fn read(state: &State, key: &str, range: Option<ByteRange>) -> Result<Vec<u8>, PortError> {
    let object = state.objects.stored.get(key).ok_or_else(|| PortError::new(PortErrorKind::NotFound, "read"))?;
    let Some(ByteRange { start, end }) = range else { return Ok(object.bytes.to_vec()) };
    let bytes = usize::try_from(start).ok().zip(usize::try_from(end.min(length(&object.bytes))).ok());
    let found = bytes.and_then(|(start, end)| object.bytes.get(start..end)).filter(|found| !found.is_empty());
    found.map(<[u8]>::to_vec).ok_or_else(|| PortError::new(PortErrorKind::Corrupt, "read"))
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).expect("a length fits in 64 bits")
}

fn sign_link(
    state: &mut State,
    key: &str,
    file_name: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Link, PortError> {
    let credentials_end_at = state.objects.credentials_end_at.unwrap_or(Timestamp::MAX);
    let expires_at = if state.mutants.has(Mutant::EndlessLink) {
        Timestamp::MAX
    } else {
        until.min(now + LINK_LIFE).min(credentials_end_at)
    };
    if expires_at <= now {
        return Err(PortError::new(PortErrorKind::Denied, "sign_link"));
    }
    state.objects.links.push(MintedLink { key: key.to_owned(), at: now, expires_at });
    let claim = format!("{key}?name={file_name}&until={expires_at}");
    let url = Sensitive::new(format!("memory://exports/{claim}&signature={}", signature(state, &claim)));
    Ok(Link { url, expires_at })
}

fn signature(state: &State, claim: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, state.master_key.signing_bytes());
    hmac::sign(&key, claim.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl MemoryWorld {
    /// Follows a link as a browser would, at the world's time.
    ///
    /// # Errors
    /// `Denied` if the link is over or was not signed here, `NotFound` if the object is gone.
    pub fn follow_link(&self, url: &str) -> Result<Vec<u8>, PortError> {
        let denied = || PortError::new(PortErrorKind::Denied, "follow_link");
        let signed = url.strip_prefix("memory://exports/").ok_or_else(denied)?;
        let (claim, given) = signed.rsplit_once("&signature=").ok_or_else(denied)?;
        let (key, query) = claim.split_once("?name=").ok_or_else(denied)?;
        let until = query.rsplit_once("&until=").and_then(|(_, until)| until.parse::<Timestamp>().ok());
        let until = until.ok_or_else(denied)?;
        self.inspect(|state| {
            if signature(state, claim) != given || until <= state.now {
                return Err(denied());
            }
            read(state, key, None)
        })
    }
}
