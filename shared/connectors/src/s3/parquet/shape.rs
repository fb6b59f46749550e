//! The schema of an object as rows see it, and rows put together from the entries of their columns.

use std::ops::Range;

use domain::datum::Datum;
use parquet::basic::{ConvertedType, LogicalType, Repetition};
use parquet::schema::types::Type;

/// What one column says of one record: levels, and a value where there is one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) definition: i16,
    pub(super) repetition: i16,
    pub(super) value: Option<Datum>,
}

/// The entries of one column for one record, gone through once.
#[derive(Debug)]
pub(super) struct Entries {
    all: Vec<Entry>,
    at: usize,
}

impl Entries {
    pub(super) const fn new(all: Vec<Entry>) -> Self {
        Self { all, at: 0 }
    }

    fn definition(&self) -> i16 {
        self.all.get(self.at).map_or(0, |entry| entry.definition)
    }

    fn goes_on(&self, repetition: i16) -> bool {
        self.all.get(self.at).is_some_and(|entry| entry.repetition == repetition)
    }

    fn take(&mut self) -> Option<Datum> {
        let entry = self.all.get_mut(self.at)?;
        self.at += 1;
        entry.value.take()
    }
}

/// The fields of a row, with the path of each column as the data map names it.
#[derive(Debug)]
pub(super) struct Shape {
    fields: Vec<Field>,
    /// By column: names with dots between them, without those that only make up a list.
    pub(super) paths: Vec<String>,
}

#[derive(Debug)]
struct Field {
    name: String,
    is_optional: bool,
    columns: Range<usize>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Value,
    Map(Vec<Field>),
    List(Box<Field>),
}

impl Shape {
    pub(super) fn of(root: &Type) -> Self {
        let mut paths = Vec::new();
        let fields = root.get_fields().iter().map(|field| Field::of(field, "", &mut paths)).collect();
        Self { fields, paths }
    }

    /// The row that the entries of all its columns make.
    pub(super) fn row(&self, columns: &mut [Entries]) -> Datum {
        Datum::Map(self.fields.iter().map(|field| (field.name.clone(), field.read(columns, 0, 0))).collect())
    }
}

impl Field {
    fn of(node: &Type, above: &str, paths: &mut Vec<String>) -> Self {
        let path = if above.is_empty() { node.name().to_owned() } else { format!("{above}.{}", node.name()) };
        let first = paths.len();
        let kind = Kind::of(node, path, paths);
        let info = node.get_basic_info();
        let repetition = if info.has_repetition() { info.repetition() } else { Repetition::REQUIRED };
        let columns = first..paths.len();
        let name = node.name().to_owned();
        if repetition == Repetition::REPEATED {
            let element = Self { name: String::new(), is_optional: false, columns: columns.clone(), kind };
            return Self { name, is_optional: false, columns, kind: Kind::List(Box::new(element)) };
        }
        Self { name, is_optional: repetition == Repetition::OPTIONAL, columns, kind }
    }

    /// The next value of this field below something that is there at these levels.
    fn read(&self, columns: &mut [Entries], definition: i16, repetition: i16) -> Datum {
        let is_absent =
            |columns: &[Entries]| columns.get(self.columns.start).is_none_or(|first| first.definition() <= definition);
        if self.is_optional && is_absent(columns) {
            self.pass(columns);
            return Datum::Null;
        }
        let definition = definition + i16::from(self.is_optional);
        match &self.kind {
            Kind::Value => columns.get_mut(self.columns.start).and_then(Entries::take).unwrap_or(Datum::Null),
            Kind::Map(fields) => {
                let read = |field: &Self| (field.name.clone(), field.read(columns, definition, repetition));
                Datum::Map(fields.iter().map(read).collect())
            }
            Kind::List(element) => {
                if columns.get(self.columns.start).is_none_or(|first| first.definition() <= definition) {
                    self.pass(columns);
                    return Datum::List(Vec::new());
                }
                let mut items = vec![element.read(columns, definition + 1, repetition + 1)];
                while columns.get(self.columns.start).is_some_and(|first| first.goes_on(repetition + 1)) {
                    items.push(element.read(columns, definition + 1, repetition + 1));
                }
                Datum::List(items)
            }
        }
    }

    /// Goes past one entry in each column below.
    fn pass(&self, columns: &mut [Entries]) {
        for column in columns.get_mut(self.columns.clone()).unwrap_or_default() {
            drop(column.take());
        }
    }
}

impl Kind {
    fn of(node: &Type, path: String, paths: &mut Vec<String>) -> Self {
        if node.is_primitive() {
            paths.push(path);
            return Self::Value;
        }
        if let Some(repeated) = list_of(node) {
            // The names in between only make up the list, and are no part of the path.
            let first = paths.len();
            let (kind, is_optional) = match element_of(node, repeated) {
                Some(element) => (Self::of(element, path, paths), element.is_optional()),
                None => (Self::of(repeated, path, paths), false),
            };
            let element = Field { name: String::new(), is_optional, columns: first..paths.len(), kind };
            return Self::List(Box::new(element));
        }
        Self::Map(node.get_fields().iter().map(|field| Field::of(field, &path, paths)).collect())
    }
}

/// The repeated field of a group that is a list.
fn list_of(node: &Type) -> Option<&Type> {
    let info = node.get_basic_info();
    let is_list = info.logical_type_ref() == Some(&LogicalType::List) || info.converted_type() == ConvertedType::LIST;
    let [only] = node.get_fields() else { return None };
    let is_repeated = only.get_basic_info().has_repetition();
    let is_repeated = is_repeated && only.get_basic_info().repetition() == Repetition::REPEATED;
    (is_list && is_repeated).then(|| only.as_ref())
}

/// The element where the repeated field is only its frame (by the rules of the format for older writers).
fn element_of<'a>(list: &Type, repeated: &'a Type) -> Option<&'a Type> {
    if repeated.is_primitive() || repeated.name() == "array" || repeated.name() == format!("{}_tuple", list.name()) {
        return None;
    }
    let [only] = repeated.get_fields() else { return None };
    let info = only.get_basic_info();
    let is_frame = !(info.has_repetition() && info.repetition() == Repetition::REPEATED);
    is_frame.then(|| only.as_ref())
}
