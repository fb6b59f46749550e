//! References as written to collection and field numbers; what leads nowhere is reported.

use crate::finding::Report;
use crate::manifest::dataset::RawReference;
use crate::model::FieldReference;

use super::{Compiler, Edge, Pending};

impl Compiler<'_> {
    pub(super) fn resolve(&mut self, report: &mut Report) -> Vec<Edge> {
        let mut edges = Vec::new();
        for Pending { declarer, raw } in std::mem::take(&mut self.pending) {
            let Some(target) = self.target(raw, report) else {
                continue;
            };
            edges.push(Edge { declarer, target, direction: raw.direction, place: raw.field.place });
            let reference = FieldReference { collection: target.0, field: target.1, direction: raw.direction };
            let declaring = self.collections.get_mut(declarer.0).and_then(|it| it.fields.get_mut(declarer.1));
            declaring.expect("flatten numbered this field").references.push(reference);
        }
        edges
    }

    fn target(&self, raw: &RawReference, report: &mut Report) -> Option<(usize, usize)> {
        let (dataset, written) = (raw.dataset.value.as_str(), raw.field.value.as_str());
        if !self.collections.iter().any(|it| it.dataset == dataset) {
            let message = format!("there is no dataset `{dataset}`");
            report.error("dangling-reference", raw.dataset.place, message, "");
            return None;
        }
        let place = raw.field.place;
        let parts = written.split_once('.');
        let Some((name, path)) = parts.filter(|(name, path)| !name.is_empty() && !path.is_empty()) else {
            let message = format!("`{written}` names no field");
            let help = "write collection.field; the dataset stands under `dataset`";
            report.error("reference-format", place, message, help);
            return None;
        };
        let Some(collection) = self.named(dataset, name) else {
            self.no_collection(raw, name, path, report);
            return None;
        };
        let field = self.collections.get(collection).and_then(|it| it.field(path));
        if field.is_none() {
            self.no_field(raw, collection, path, report);
        }
        Some((collection, field?))
    }

    fn named(&self, dataset: &str, name: &str) -> Option<usize> {
        let mut collections = self.collections.iter();
        collections.position(|it| it.dataset == dataset && it.name == name)
    }

    fn no_collection(&self, raw: &RawReference, name: &str, path: &str, report: &mut Report) {
        let dataset = raw.dataset.value.as_str();
        let second = path.split('.').next().unwrap_or_default();
        if name == dataset && self.named(dataset, second).is_some() {
            let message = format!("`{}` repeats the dataset", raw.field.value);
            let help = format!("write {path}");
            return report.error("reference-format", raw.field.place, message, &help);
        }
        let message = format!("dataset `{dataset}` has no collection `{name}`");
        report.error("dangling-reference", raw.field.place, message, "");
    }

    fn no_field(&self, raw: &RawReference, collection: usize, path: &str, report: &mut Report) {
        let (place, dataset) = (raw.field.place, raw.dataset.value.as_str());
        let objects = self.objects.get(collection);
        if objects.is_some_and(|objects| objects.contains(path)) {
            let message = format!("`{dataset}.{}` is an object", raw.field.value);
            return report.error("object-field", place, message, "refer to one of its fields");
        }
        let message = format!("there is no field `{dataset}.{}`", raw.field.value);
        report.error("dangling-reference", place, message, "");
    }

    pub(super) fn check_orders(&self, report: &mut Report) {
        for order in &self.orders {
            if !self.collections.iter().any(|collection| collection.id() == order.value) {
                let message = format!("there is no collection `{}`", order.value);
                report.error("dangling-reference", order.place, message, "write dataset.collection");
            }
        }
    }
}
