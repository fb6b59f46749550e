//! A key service with real AES-256-GCM, so that tests can prove tamper detection and crypto-erasure.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use workflow::ports::{DataKey, KeyContext, KeyService, PortError, PortErrorKind};
use zeroize::Zeroizing;

use crate::mutants::Mutant;
use crate::random::SplitMix;
use crate::state::State;
use crate::world::MemoryWorld;

/// The key that never leaves the service.
#[derive(Debug, Clone)]
pub struct MasterKey {
    cipher: Option<Arc<LessSafeKey>>,
    signing: [u8; 32],
    is_disabled: bool,
}

impl MasterKey {
    pub(crate) fn new(random: &mut SplitMix) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        let mut signing = [0; 32];
        random.fill(&mut signing);
        let key = UnboundKey::new(&AES_256_GCM, &bytes).expect("32 bytes are an AES-256 key");
        Self { cipher: Some(Arc::new(LessSafeKey::new(key))), signing, is_disabled: false }
    }

    /// Refuses every call until enabled again.
    pub const fn disable(&mut self) {
        self.is_disabled = true;
    }

    /// Serves again.
    pub const fn enable(&mut self) {
        self.is_disabled = false;
    }

    /// Destroys the key: nothing wrapped under it opens again.
    pub fn destroy(&mut self) {
        self.cipher = None;
    }

    /// What links are signed with; not the key itself, so that it outlives it as S3's credentials would.
    pub(crate) const fn signing_bytes(&self) -> &[u8; 32] {
        &self.signing
    }

    fn cipher(&self, operation: &'static str) -> Result<Arc<LessSafeKey>, PortError> {
        let cipher = self.cipher.as_ref().filter(|_| !self.is_disabled);
        cipher.map(Arc::clone).ok_or_else(|| PortError::new(PortErrorKind::Denied, operation))
    }
}

/// Wraps data keys under the master key of the world.
#[derive(Debug, Clone)]
pub struct MemoryKeyService {
    world: MemoryWorld,
}

impl MemoryKeyService {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl KeyService for MemoryKeyService {
    async fn generate(&self, context: &KeyContext) -> Result<DataKey, PortError> {
        self.world.call("generate_key", |state| generate(state, context)).await
    }

    async fn unwrap(&self, context: &KeyContext, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, PortError> {
        self.world.call("unwrap_key", |state| unwrap(state, context, wrapped)).await
    }
}

fn generate(state: &mut State, context: &KeyContext) -> Result<DataKey, PortError> {
    state.check_tenant("generate_key", &context.tenant);
    let refused = || PortError::new(PortErrorKind::Corrupt, "generate_key");
    let cipher = state.master_key.cipher("generate_key")?;
    let mut plain = Zeroizing::new([0; 32]);
    state.random.fill(plain.as_mut());
    let mut nonce = [0; NONCE_LEN];
    state.random.fill(&mut nonce);
    let mut sealed = plain.to_vec();
    cipher
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), additional(state, context), &mut sealed)
        .map_err(|_| refused())?;
    let wrapped = [nonce.as_slice(), &sealed].concat();
    Ok(DataKey { plain, wrapped })
}

fn unwrap(state: &mut State, context: &KeyContext, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, PortError> {
    state.check_tenant("unwrap_key", &context.tenant);
    let refused = || PortError::new(PortErrorKind::Corrupt, "unwrap_key");
    let cipher = state.master_key.cipher("unwrap_key")?;
    let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_LEN>().ok_or_else(refused)?;
    let mut sealed = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = cipher.open_in_place(nonce, additional(state, context), &mut sealed).map_err(|_| refused())?;
    let plain: &[u8; 32] = (&*opened).try_into().map_err(|_| refused())?;
    Ok(Zeroizing::new(*plain))
}

fn additional(state: &State, context: &KeyContext) -> Aad<Vec<u8>> {
    if state.mutants.has(Mutant::NoKeyContext) {
        return Aad::from(Vec::new());
    }
    // A slug holds no NUL, so that two contexts never read the same.
    Aad::from(format!("{}\0{}", context.tenant, context.owner).into_bytes())
}
