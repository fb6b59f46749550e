//! Samples of local files in place of mapped sources: the first rows of each file, as `load` would put them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use datamap::DataMap;
use domain::datum::Datum;
use workflow::ports::{PortError, PortErrorKind, SampleOrder, Sampler};

use crate::commands::load::layout::Layout;
use crate::commands::load::rows::first_rows;
use crate::report;

/// The files of each collection that has rows.
#[derive(Debug)]
pub(super) struct Files {
    by_collection: BTreeMap<String, Vec<PathBuf>>,
    /// Whether rows of other tenants are passed over.
    one_tenant: bool,
}

impl Files {
    /// Finds the files of a map's collections below a folder; those of no collection are told.
    pub(super) fn of(map: &DataMap, dir: &Path, one_tenant: bool) -> anyhow::Result<Self> {
        let layout = Layout::of(map, dir)?;
        for stray in &layout.strays {
            report::note(&format!("{}: belongs to no collection of the map, not looked at", stray.display()));
        }
        let tables = layout.tables.into_iter().map(|file| (file.collection, file.path));
        let objects = layout.objects.into_iter().filter(|object| object.holds_rows);
        let mut by_collection: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for (collection, path) in tables.chain(objects.map(|object| (object.collection, object.path))) {
            by_collection.entry(collection.id()).or_default().push(path);
        }
        Ok(Self { by_collection, one_tenant })
    }
}

#[async_trait]
impl Sampler for Files {
    async fn sample(&self, order: &SampleOrder) -> Result<Vec<Datum>, PortError> {
        let Some(collection) = order.map.collections.get(order.collection) else { return Ok(Vec::new()) };
        let tenant_field = order.map.connection(collection).and_then(|connection| connection.tenant_field.as_deref());
        let is_wanted = |row: &Datum| match tenant_field {
            Some(field) if self.one_tenant => {
                let owners = row.values_at(field);
                !owners.is_empty() && owners.iter().all(|owner| owner.as_text() == Some(order.tenant.as_str()))
            }
            Some(_) | None => true,
        };
        let mut sample = Vec::new();
        let paths = self.by_collection.get(&collection.id()).map_or(&[][..], Vec::as_slice);
        for path in paths {
            // Half of it from one file, so that one alone is not the sample.
            let most = if paths.len() == 1 { order.rows } else { order.rows.div_ceil(2) };
            let most = most.min(order.rows - sample.len());
            sample.extend(first_rows(path, collection, most, &is_wanted).map_err(|mistake| {
                report::note(&mistake.to_string());
                PortError::caused(PortErrorKind::Corrupt, "read file", mistake)
            })?);
            if sample.len() == order.rows {
                break;
            }
        }
        Ok(sample)
    }
}
