//! Files of a log in the order a verifier wants them, fetched some bundles ahead.

use std::collections::BTreeMap;
use std::sync::Arc;

use audit_log::tile::{TILE_WIDTH, TileKind, TileName};
use domain::ids::TenantId;
use futures::future::try_join_all;

use crate::ports::{EvidenceStore, PortError};
use crate::seal_audit::path;

/// Bundles fetched at once, each with its tile of hashes: about two megabytes.
const AHEAD: u64 = 16;

/// Reads ahead.
pub(super) struct Ahead<'a> {
    evidence: &'a dyn EvidenceStore,
    tenant: &'a TenantId,
    size: u64,
    waiting: BTreeMap<TileName, Option<Arc<Vec<u8>>>>,
}

impl<'a> Ahead<'a> {
    pub(super) const fn new(evidence: &'a dyn EvidenceStore, tenant: &'a TenantId, size: u64) -> Self {
        Self { evidence, tenant, size, waiting: BTreeMap::new() }
    }

    /// A file; `None` if it isn't there.
    pub(super) async fn read(&mut self, name: &TileName) -> Result<Option<Arc<Vec<u8>>>, PortError> {
        if let Some(waiting) = self.waiting.remove(name) {
            return Ok(waiting);
        }
        if name.kind != (TileKind::Hashes { level: 0 }) {
            return self.fetch(name).await;
        }
        let bundles = name.index..(name.index + AHEAD).min(self.size.div_ceil(TILE_WIDTH));
        let names = bundles.flat_map(|index| {
            [TileName::of_hashes(0, index, self.size), TileName::of_entries(index, self.size)].into_iter().flatten()
        });
        let this = &*self;
        let reads = names.map(async |name| Ok::<_, PortError>((name, this.fetch(&name).await?)));
        self.waiting = try_join_all(reads).await?.into_iter().collect();
        Ok(self.waiting.remove(name).flatten())
    }

    async fn fetch(&self, name: &TileName) -> Result<Option<Arc<Vec<u8>>>, PortError> {
        let found = self.evidence.read(&path(self.tenant, &name.to_string())).await?;
        Ok(found.map(|found| Arc::new(found.bytes)))
    }
}
