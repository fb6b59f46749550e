//! From manifests to the data map: order, flat fields, resolved references, flows.

mod fields;
mod references;

use std::collections::BTreeSet;

use crate::connect::{Connected, connect};
use crate::finding::{Located, Place, Report};
use crate::graph;
use crate::manifest::Manifests;
use crate::manifest::dataset::{RawCollection, RawDataset, RawReference};
use crate::model::{Collection, DataMap, Direction, Processor, VERSION};

use fields::flatten;

/// A data map with the places of its parts; it may still hold what the lint refuses.
pub(crate) struct Compiled {
    pub(crate) map: DataMap,
    pub(crate) places: Places,
    pub(crate) edges: Vec<Edge>,
}

/// Where collections and fields were written.
#[derive(Default)]
pub(crate) struct Places {
    pub(crate) collections: Vec<Place>,
    pub(crate) fields: Vec<Vec<Place>>,
    /// Where the connection of a collection names its tenant field.
    pub(crate) tenants: Vec<Option<Place>>,
    /// Where the entry of a collection says when its rows expire.
    pub(crate) retentions: Vec<Option<Place>>,
}

/// A resolved reference with its place: `(collection, field)` to `(collection, field)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) declarer: (usize, usize),
    pub(crate) target: (usize, usize),
    pub(crate) direction: Direction,
    pub(crate) place: Place,
}

/// A reference as written, with the field that declares it.
struct Pending<'a> {
    declarer: (usize, usize),
    raw: &'a RawReference,
}

struct Compiler<'a> {
    connected: Connected<'a>,
    collections: Vec<Collection>,
    places: Places,
    /// Paths of objects by collection: a reference to one is an error of its own.
    objects: Vec<BTreeSet<String>>,
    pending: Vec<Pending<'a>>,
    orders: Vec<&'a Located<String>>,
}

/// Compiles what was read; reports what can't be tied together.
pub(crate) fn compile(manifests: &Manifests, report: &mut Report) -> Compiled {
    let datasets = sorted(manifests, report);
    let connected = connect(manifests, &datasets, report);
    let mut compiler = Compiler {
        connected,
        collections: Vec::new(),
        places: Places::default(),
        objects: Vec::new(),
        pending: Vec::new(),
        orders: Vec::new(),
    };
    for dataset in &datasets {
        let mut seen = BTreeSet::new();
        for collection in &dataset.collections {
            if !seen.insert(&collection.name.value) {
                let message = format!("a second collection `{}.{}`", dataset.key.value, collection.name.value);
                report.error("duplicate-collection", collection.name.place, message, "");
                continue;
            }
            compiler.collection(dataset, collection, report);
        }
    }
    let edges = compiler.resolve(report);
    compiler.check_orders(report);
    let flows = graph::flows(&compiler.collections, &edges);
    let map = DataMap {
        v: VERSION,
        controller: manifests.controller.as_ref().map(|controller| controller.value.clone()),
        connections: compiler.connected.connections,
        collections: compiler.collections,
        flows,
        erasure: manifests.erasure.clone(),
        processors: processors(manifests),
    };
    Compiled { map, places: compiler.places, edges }
}

/// Processors by key; a second one of a key is refused by the lint.
fn processors(manifests: &Manifests) -> Vec<Processor> {
    let mut processors: Vec<Processor> = manifests.processors.iter().map(|raw| raw.processor.clone()).collect();
    processors.sort_by(|one, other| one.fides_key.cmp(&other.fides_key));
    processors
}

/// Datasets by key, each once.
fn sorted<'a>(manifests: &'a Manifests, report: &mut Report) -> Vec<&'a RawDataset> {
    let mut datasets: Vec<&RawDataset> = manifests.datasets.iter().collect();
    datasets.sort_by(|one, other| (&one.key.value, one.key.place).cmp(&(&other.key.value, other.key.place)));
    let mut seen = BTreeSet::new();
    datasets.retain(|dataset| {
        let first = seen.insert(&dataset.key.value);
        if !first {
            let message = format!("a second dataset `{}`", dataset.key.value);
            report.error("duplicate-dataset", dataset.key.place, message, "one manifest per dataset");
        }
        first
    });
    datasets
}

impl<'a> Compiler<'a> {
    fn collection(&mut self, dataset: &'a RawDataset, raw: &'a RawCollection, report: &mut Report) {
        let index = self.collections.len();
        let reached = self.connected.reach(&dataset.key.value, &raw.name, raw.skip, report);
        let flat = flatten(&raw.fields, report);
        for named in reached.named {
            if !flat.fields.iter().any(|field| field.path == named.value) {
                let message = format!("`{}` is not a field of `{}`", named.value, raw.name.value);
                report.error(
                    "unknown-field",
                    named.place,
                    message,
                    "name a field of the collection by its dotted path",
                );
            }
        }
        let categories = dataset.data_categories.iter().chain(&raw.data_categories);
        let mut data_categories: Vec<String> = categories.map(|category| category.value.clone()).collect();
        data_categories.sort();
        data_categories.dedup();
        let pending = flat.references.into_iter().map(|(field, raw)| Pending { declarer: (index, field), raw });
        self.pending.extend(pending);
        self.objects.push(flat.objects);
        self.orders.extend(raw.after.iter().chain(&raw.erase_after));
        self.places.collections.push(raw.name.place);
        self.places.fields.push(flat.places);
        self.places.tenants.push(self.connected.tenant_places.get(reached.connection).copied().flatten());
        self.places.retentions.push(reached.retention_place);
        self.collections.push(Collection {
            dataset: dataset.key.value.clone(),
            name: raw.name.value.clone(),
            description: raw.description.clone(),
            data_categories,
            connection: reached.connection,
            source: reached.source,
            processing: reached.processing,
            fields: flat.fields,
            skip: raw.skip,
            erase_after: raw.erase_after.iter().map(|id| id.value.clone()).collect(),
            masking: raw.masking.clone(),
            retention: reached.retention,
            revoke: reached.revoke,
            consent: reached.consent,
            quarantine: reached.quarantine,
        });
    }
}
