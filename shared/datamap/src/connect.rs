//! Ties collections to the connection that reaches each; a dataset without one gets tables named after it.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Located, Place, Report};
use crate::manifest::Manifests;
use crate::manifest::connection::{RawConnection, RawEntry};
use crate::manifest::dataset::RawDataset;
use crate::model::{Connection, ConnectorKind, ConsentRecords, Processing, Quarantine, Retention, Revocation, Source};

/// Connections by key, and what each collection is reached by.
pub(crate) struct Connected<'a> {
    pub(crate) connections: Vec<Connection>,
    entries: BTreeMap<(String, String), (usize, &'a RawEntry)>,
    of_dataset: BTreeMap<String, usize>,
    /// Where each connection names its tenant field.
    pub(crate) tenant_places: Vec<Option<Place>>,
}

/// How one collection is reached.
pub(crate) struct Reached<'a> {
    pub(crate) connection: usize,
    pub(crate) source: Source,
    pub(crate) processing: Processing,
    pub(crate) retention: Option<Retention>,
    pub(crate) retention_place: Option<Place>,
    /// Fields that the connection names, to be checked against the collection.
    pub(crate) named: &'a [Located<String>],
    /// Where the tokens in its rows are revoked.
    pub(crate) revoke: Option<Revocation>,
    /// Which of its fields say what people agreed to.
    pub(crate) consent: Option<ConsentRecords>,
    /// How its rows are taken out of use while their erasure may be taken back.
    pub(crate) quarantine: Option<Quarantine>,
}

/// Ties datasets and connections; everything that doesn't fit is reported.
pub(crate) fn connect<'a>(manifests: &'a Manifests, datasets: &[&RawDataset], report: &mut Report) -> Connected<'a> {
    let mut raw: Vec<&RawConnection> = manifests.connections.iter().collect();
    raw.sort_by(|one, other| (&one.key.value, one.place).cmp(&(&other.key.value, other.place)));
    let mut tied = Connected {
        connections: Vec::new(),
        entries: BTreeMap::new(),
        of_dataset: BTreeMap::new(),
        tenant_places: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for connection in raw {
        if !seen.insert(&connection.key.value) {
            let message = format!("a second connection `{}`", connection.key.value);
            report.error("duplicate-connection", connection.key.place, message, "");
        }
        tied.add(connection, datasets, report);
    }
    for dataset in datasets {
        tied.assume(dataset, report);
    }
    tied
}

impl<'a> Connected<'a> {
    fn add(&mut self, raw: &'a RawConnection, datasets: &[&RawDataset], report: &mut Report) {
        let index = self.connections.len();
        self.connections.push(raw.connection.clone());
        self.tenant_places.push(raw.tenant_field.as_ref().map(|field| field.place));
        let mut reached = Vec::new();
        for name in &raw.datasets {
            match datasets.iter().find(|dataset| dataset.key.value == name.value) {
                Some(dataset) => reached.push(*dataset),
                None => {
                    report.error("unknown-dataset", name.place, format!("there is no dataset `{}`", name.value), "");
                }
            }
            self.of_dataset.entry(name.value.clone()).or_insert(index);
        }
        for entry in &raw.collections {
            self.enter(index, entry, &reached, report);
        }
    }

    fn enter(&mut self, index: usize, entry: &'a RawEntry, datasets: &[&RawDataset], report: &mut Report) {
        let name = entry.name.value.as_str();
        let mut holders = datasets.iter().filter_map(|dataset| {
            let own = name.strip_prefix(dataset.key.value.as_str()).and_then(|rest| rest.strip_prefix('.'));
            let name = own.unwrap_or(name);
            let holds = dataset.collections.iter().any(|collection| collection.name.value == name);
            holds.then(|| (dataset.key.value.clone(), name.to_owned()))
        });
        let Some(holder) = holders.next() else {
            let message = format!("no dataset of this connection has a collection `{name}`");
            return report.error("unknown-collection", entry.name.place, message, "");
        };
        if holders.next().is_some() {
            let message = format!("several datasets have a collection `{name}`");
            return report.error("ambiguous-collection", entry.name.place, message, "write dataset.collection");
        }
        if self.entries.insert(holder, (index, entry)).is_some() {
            let message = format!("`{name}` is reached by two entries");
            report.error("duplicate-entry", entry.name.place, message, "a collection has one source");
        }
    }

    fn assume(&mut self, dataset: &RawDataset, report: &mut Report) {
        let key = &dataset.key;
        if self.of_dataset.contains_key(&key.value) {
            return;
        }
        let message = format!("dataset `{}` has no connection", key.value);
        let help = "taken as DynamoDB tables named dataset.collection that may be scanned";
        report.warning("no-connection", key.place, message, help);
        self.of_dataset.insert(key.value.clone(), self.connections.len());
        self.tenant_places.push(None);
        self.connections.push(Connection {
            fides_key: key.value.clone(),
            datasets: vec![key.value.clone()],
            connector: ConnectorKind::DynamoDb,
            region: None,
            role_arn: None,
            external_id: None,
            max_read_units_per_second: 100,
            max_requests_per_second: 100,
            tenant_field: None,
            assumed: true,
        });
    }

    /// How a collection is reached; one that its connection forgot is reported unless requests pass it by.
    pub(crate) fn reach(&self, dataset: &str, name: &Located<String>, skip: bool, report: &mut Report) -> Reached<'a> {
        if let Some((connection, entry)) = self.entries.get(&(dataset.to_owned(), name.value.clone())) {
            let source = entry.source.clone().unwrap_or_else(|| table_named_after(dataset, &name.value));
            let processing = entry.processing.clone();
            let (retention, retention_place) = (entry.retention.clone(), entry.retention_place);
            let revoke = entry.revoke.as_ref().map(|raw| raw.revocation.clone());
            let (consent, quarantine) =
                (entry.consent.as_ref().map(|raw| raw.records.clone()), entry.quarantine.clone());
            let (connection, named) = (*connection, entry.fields.as_slice());
            return Reached {
                connection,
                source,
                processing,
                retention,
                retention_place,
                named,
                revoke,
                consent,
                quarantine,
            };
        }
        let connection = self.of_dataset.get(dataset).copied().unwrap_or_default();
        let assumed = self.connections.get(connection).is_none_or(|connection| connection.assumed);
        if !assumed && !skip {
            let message = format!("the connection of dataset `{dataset}` does not say where `{}` is", name.value);
            report.error(
                "no-connection-entry",
                name.place,
                message,
                "name it under `collections`, or set skip_processing",
            );
        }
        let source = table_named_after(dataset, &name.value);
        let processing = Processing::default();
        let (retention, retention_place, revoke) = (None, None, None);
        let (consent, quarantine) = (None, None);
        Reached { connection, source, processing, retention, retention_place, named: &[], revoke, consent, quarantine }
    }
}

fn table_named_after(dataset: &str, collection: &str) -> Source {
    Source::DynamoDb { table: format!("{dataset}.{collection}"), indexes: BTreeMap::new(), scan: true, segments: 4 }
}
