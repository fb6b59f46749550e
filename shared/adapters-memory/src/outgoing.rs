//! Systems of others that answer as tests tell them, and the secrets tenants keep for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use domain::ids::TenantId;
use domain::sensitive::Sensitive;
use jiff::Timestamp;
use workflow::ports::{OutgoingAnswer, OutgoingCall, OutgoingCalls, PortError, PortErrorKind, Secrets};
use workflow::webhook::checked_url;

use crate::world::MemoryWorld;

/// The world outside.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// Every call that arrived with the time, oldest first.
    pub calls: Vec<(Timestamp, Arc<OutgoingCall>)>,
    /// What is answered at an address; 202 without a word where nothing is set.
    pub answers: BTreeMap<String, OutgoingAnswer>,
    /// Addresses at which nobody answers.
    pub silent: BTreeSet<String>,
    /// Secrets by tenant and name.
    pub secrets: BTreeMap<(TenantId, String), String>,
}

/// Calls the world outside.
#[derive(Debug, Clone)]
pub struct MemoryOutgoing {
    world: MemoryWorld,
}

impl MemoryOutgoing {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl OutgoingCalls for MemoryOutgoing {
    async fn call(&self, call: &OutgoingCall) -> Result<OutgoingAnswer, PortError> {
        self.world
            .call("call_outside", |state| {
                if checked_url(&call.url).is_err() {
                    return Err(PortError::new(PortErrorKind::Denied, "call_outside"));
                }
                if state.outside.silent.contains(&call.url) {
                    return Err(PortError::new(PortErrorKind::Transient, "call_outside"));
                }
                let at = state.now;
                state.outside.calls.push((at, Arc::new(call.clone())));
                let answer = state.outside.answers.get(&call.url).cloned();
                Ok(answer.unwrap_or(OutgoingAnswer { status: 202, ..OutgoingAnswer::default() }))
            })
            .await
    }
}

/// Secrets of the world.
#[derive(Debug, Clone)]
pub struct MemorySecrets {
    world: MemoryWorld,
}

impl MemorySecrets {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl Secrets for MemorySecrets {
    async fn read(&self, tenant: &TenantId, name: &str) -> Result<Sensitive<String>, PortError> {
        self.world
            .call("read_secret", |state| {
                state.check_tenant("read_secret", tenant);
                let secret = state.outside.secrets.get(&(tenant.clone(), name.to_owned())).cloned();
                secret.map(Sensitive::new).ok_or(PortError::new(PortErrorKind::NotFound, "read_secret"))
            })
            .await
    }
}
