//! Fideslang `dataset` manifests, exactly as Fides writes them; keys we have no use for are accepted.

use crate::finding::{Located, Place, Report};
use crate::model::{DataType, Direction, Masking};
use crate::object::Object;

/// A dataset as written.
#[derive(Debug)]
pub(crate) struct RawDataset {
    pub(crate) key: Located<String>,
    pub(crate) data_categories: Vec<Located<String>>,
    pub(crate) collections: Vec<RawCollection>,
}

/// A collection as written.
#[derive(Debug)]
pub(crate) struct RawCollection {
    pub(crate) name: Located<String>,
    pub(crate) description: Option<String>,
    pub(crate) data_categories: Vec<Located<String>>,
    pub(crate) fields: Vec<RawField>,
    pub(crate) skip: bool,
    pub(crate) after: Vec<Located<String>>,
    pub(crate) erase_after: Vec<Located<String>>,
    pub(crate) masking: Option<Masking>,
}

/// A field as written; an object has fields of its own.
#[derive(Debug)]
pub(crate) struct RawField {
    pub(crate) name: Located<String>,
    pub(crate) description: Option<String>,
    pub(crate) data_categories: Vec<Located<String>>,
    pub(crate) data_type: Option<DataType>,
    pub(crate) array: bool,
    pub(crate) identity: Option<Located<String>>,
    pub(crate) primary_key: Option<Place>,
    pub(crate) references: Vec<RawReference>,
    pub(crate) masking: Option<Masking>,
    pub(crate) read_only: bool,
    pub(crate) fields: Vec<Self>,
}

/// A reference as written.
#[derive(Debug)]
pub(crate) struct RawReference {
    pub(crate) dataset: Located<String>,
    pub(crate) field: Located<String>,
    pub(crate) direction: Direction,
}

/// Keys that Fideslang allows on every level and that don't matter to us.
const FIDES: &[&str] =
    &["name", "description", "data_categories", "data_uses", "data_purposes", "data_subjects", "fides_meta"];

fn expect(object: Object<'_>, more: &[&str], report: &mut Report) {
    let known: Vec<&str> = FIDES.iter().chain(more).copied().collect();
    object.expect(&known, report);
}

fn meta<'a>(object: Object<'a>, report: &mut Report) -> Option<Object<'a>> {
    object
        .object("fides_meta", "fides_meta", report)
        .or_else(|| object.object("fidesops_meta", "fidesops_meta", report))
}

/// Reads one dataset.
pub(crate) fn read(object: Object<'_>, report: &mut Report) -> Option<RawDataset> {
    let more = ["fides_key", "collections", "meta", "organization_fides_key", "tags", "fidesops_meta", "version"];
    expect(object, &more, report);
    if let Some(meta) = meta(object, report) {
        meta.expect(&["resource_id", "after", "namespace", "redact"], report);
    }
    object.require("collections", report);
    let key = object.required("fides_key", report);
    let collections = object.objects("collections", "collection", report);
    let collections = collections.into_iter().filter_map(|it| collection(it, report)).collect();
    let data_categories = object.texts("data_categories", report);
    Some(RawDataset { key: named(key?, "dataset", report), data_categories, collections })
}

fn collection(object: Object<'_>, report: &mut Report) -> Option<RawCollection> {
    expect(object, &["fields", "fidesops_meta"], report);
    let meta = meta(object, report);
    if let Some(meta) = meta {
        let known = ["after", "erase_after", "skip_processing", "masking_strategy_override", "partitioning", "redact"];
        meta.expect(&known, report);
    }
    object.require("fields", report);
    let name = object.required("name", report);
    let masking = meta.and_then(|meta| meta.object("masking_strategy_override", "masking_strategy_override", report));
    let read = RawCollection {
        description: object.plain("description", report),
        data_categories: object.texts("data_categories", report),
        fields: fields(object, report),
        skip: meta.and_then(|meta| meta.flag("skip_processing", report)).unwrap_or(false),
        after: meta.map(|meta| meta.texts("after", report)).unwrap_or_default(),
        erase_after: meta.map(|meta| meta.texts("erase_after", report)).unwrap_or_default(),
        masking: masking.and_then(|masking| super::masking(masking, report)),
        name: named(name?, "collection", report),
    };
    Some(read)
}

fn fields(object: Object<'_>, report: &mut Report) -> Vec<RawField> {
    let fields = object.objects("fields", "field", report);
    fields.into_iter().filter_map(|it| field(it, report)).collect()
}

fn field(object: Object<'_>, report: &mut Report) -> Option<RawField> {
    expect(object, &["fields", "fidesops_meta"], report);
    let name = object.required("name", report);
    let meta = meta(object, report);
    let mut read = RawField {
        description: object.plain("description", report),
        data_categories: object.texts("data_categories", report),
        fields: fields(object, report),
        data_type: None,
        array: false,
        identity: None,
        primary_key: None,
        references: Vec::new(),
        masking: None,
        read_only: false,
        name: named(name?, "field", report),
    };
    if let Some(meta) = meta {
        field_meta(&mut read, meta, report);
    }
    Some(read)
}

fn field_meta(field: &mut RawField, meta: Object<'_>, report: &mut Report) {
    let known = [
        "references",
        "identity",
        "primary_key",
        "data_type",
        "length",
        "return_all_elements",
        "read_only",
        "custom_request_field",
        "masking_strategy_override",
        "redact",
    ];
    meta.expect(&known, report);
    field.identity = meta.text("identity", report);
    let primary_key = meta.flag("primary_key", report).unwrap_or(false);
    field.primary_key = meta.node("primary_key").filter(|_| primary_key).map(|node| node.place);
    field.read_only = meta.flag("read_only", report).unwrap_or(false);
    let masking = meta.object("masking_strategy_override", "masking_strategy_override", report);
    field.masking = masking.and_then(|masking| super::masking(masking, report));
    let references = meta.objects("references", "reference", report);
    field.references = references.into_iter().filter_map(|it| reference(it, report)).collect();
    if let Some(declared) = meta.text("data_type", report) {
        data_type(field, &declared, report);
    }
}

fn data_type(field: &mut RawField, declared: &Located<String>, report: &mut Report) {
    let one = declared.value.strip_suffix("[]");
    field.array = one.is_some();
    field.data_type = DataType::parse(one.unwrap_or(&declared.value));
    if field.data_type.is_none() {
        let help = "known: string, integer, float, boolean, object_id, object, each with or without []";
        report.error("unknown-data-type", declared.place, format!("unknown data_type `{}`", declared.value), help);
    } else if !field.fields.is_empty() && field.data_type != Some(DataType::Object) {
        let message = format!("a field with fields of its own can't be `{}`", declared.value);
        report.error("unknown-data-type", declared.place, message, "write object or object[]");
    }
}

fn reference(object: Object<'_>, report: &mut Report) -> Option<RawReference> {
    object.expect(&["dataset", "field", "direction"], report);
    let dataset = object.required("dataset", report);
    let field = object.required("field", report);
    let direction = object.text("direction", report).map(|direction| match direction.value.as_str() {
        "to" => Some(Direction::To),
        "from" => Some(Direction::From),
        other => {
            let message = format!("direction is `to` or `from`, not `{other}`");
            report.error(
                "invalid-direction",
                direction.place,
                message,
                "leave it out to let values flow away from the identities",
            );
            None
        }
    });
    Some(RawReference { dataset: dataset?, field: field?, direction: direction.unwrap_or(Some(Direction::Both))? })
}

/// A name may not hold what paths are made of.
fn named(name: Located<String>, what: &str, report: &mut Report) -> Located<String> {
    if name.value.contains(['.', '[', ']', '{', '}']) {
        let message = format!("the {what} name `{}` holds one of . [ ] {{ }}", name.value);
        report.error("invalid-name", name.place, message, "paths are made of these; nested fields go under `fields`");
    }
    name
}
