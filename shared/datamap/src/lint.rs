//! Rules over a compiled map that no single line shows: words, keys, reachability, cycles. Syntax and names are checked while reading.

mod access;
mod consent;
mod cycles;
mod processors;
mod quarantine;
mod reach;
mod retention;

use crate::compile::Compiled;
use crate::finding::{Located, Place, Report};
use crate::manifest::Manifests;
use crate::manifest::dataset::RawField;
use crate::model::{Collection, Field};
use crate::{graph, taxonomy};

/// Runs every rule.
pub(crate) fn check(manifests: &Manifests, compiled: &Compiled, report: &mut Report) {
    words(manifests, report);
    if manifests.controller.is_none() {
        let message = "no file names the controller".to_owned();
        report.warning(
            "no-controller",
            Place::default(),
            message,
            "add `controller:` with name, contact, complaint_authority",
        );
    }
    if compiled.map.collections.is_empty() {
        let message = "no file holds a dataset with collections".to_owned();
        return report.error("no-dataset", Place::default(), message, "add `dataset:`");
    }
    access::check(compiled, report);
    consent::check(manifests, compiled, report);
    reach::check(compiled, report);
    cycles::check(compiled, report);
    quarantine::check(compiled, report);
    retention::check(compiled, report);
    processors::check(manifests, compiled, report);
}

/// Categories and identities that nobody knows.
fn words(manifests: &Manifests, report: &mut Report) {
    let own = &manifests.categories;
    for dataset in &manifests.datasets {
        categories(&dataset.data_categories, own, report);
        for collection in &dataset.collections {
            categories(&collection.data_categories, own, report);
            for field in &collection.fields {
                field_words(field, own, report);
            }
        }
    }
}

fn field_words(field: &RawField, own: &[String], report: &mut Report) {
    categories(&field.data_categories, own, report);
    if let Some(identity) = field.identity.as_ref().filter(|identity| !taxonomy::knows_identity(&identity.value)) {
        let message = format!("unknown kind of identity `{}`", identity.value);
        report.warning("unknown-identity", identity.place, message, &format!("known: {}", taxonomy::identities()));
    }
    for inner in &field.fields {
        field_words(inner, own, report);
    }
}

fn categories(categories: &[Located<String>], own: &[String], report: &mut Report) {
    for it in categories {
        category(it, own, report);
    }
}

/// Warns of a category outside the taxonomy and outside those that the files declare.
pub(crate) fn category(category: &Located<String>, own: &[String], report: &mut Report) {
    if !taxonomy::knows_category(&category.value) && !own.contains(&category.value) {
        let message = format!("unknown data category `{}`", category.value);
        report.warning(
            "unknown-category",
            category.place,
            message,
            "use the Fideslang taxonomy, such as user.contact.email",
        );
    }
}

/// The place of a collection, or of one of its fields.
fn place_of(compiled: &Compiled, collection: usize, field: Option<usize>) -> Place {
    let places = &compiled.places;
    let of_field = field.and_then(|field| places.fields.get(collection)?.get(field));
    of_field.or_else(|| places.collections.get(collection)).copied().unwrap_or_default()
}

/// Collections that requests look at.
fn open(compiled: &Compiled) -> impl Iterator<Item = (usize, &Collection)> {
    compiled.map.collections.iter().enumerate().filter(|(_, collection)| !collection.skip)
}

/// The kinds of identity of persons in a collection, with their fields.
fn persons(collection: &Collection) -> impl Iterator<Item = (&str, &Field)> {
    let kinds = collection.fields.iter().filter_map(|field| Some((field.identity.as_deref()?, field)));
    kinds.filter(|(kind, _)| !taxonomy::is_organization(kind))
}

/// Where a flow was declared, or the field it ends in.
fn flow_place(compiled: &Compiled, from: usize, to: usize) -> Place {
    let ends = |edge: &&crate::compile::Edge| {
        let (one, other) = (edge.declarer.0, edge.target.0);
        (one, other) == (from, to) || (other, one) == (from, to)
    };
    compiled.edges.iter().find(ends).map_or_else(|| place_of(compiled, to, None), |edge| edge.place)
}

/// Which collections each kind of walk reaches.
fn reached(compiled: &Compiled, scope: graph::Scope) -> Vec<bool> {
    graph::reachable(&compiled.map.collections, &compiled.map.flows, scope)
}
