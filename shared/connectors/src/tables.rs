//! Rows of nobody written as a Parquet file: plain columns where all rows hold the same kind of value, JSON elsewhere.
//!
//! Nothing is lost: numbers that are not whole, or too large, keep their digits as JSON; a missing value is none, `null` is JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datamap::Collection;
use domain::datum::Datum;
use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::Result as ParquetResult;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use workflow::ports::{PortError, PortErrorKind, TableWriter};

/// Writes Parquet files, zstd, one row group each.
#[derive(Debug, Clone, Copy, Default)]
pub struct ParquetTables;

impl TableWriter for ParquetTables {
    fn parquet(&self, collection: &Collection, rows: &[&Datum]) -> Result<Vec<u8>, PortError> {
        written(collection, rows).map_err(|cause| PortError::caused(PortErrorKind::Corrupt, "write a table", cause))
    }
}

/// What all values of a column are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Whole,
    Truth,
    Json,
}

struct Column<'a> {
    name: &'a str,
    kind: Kind,
    values: Vec<Option<&'a Datum>>,
}

fn written(collection: &Collection, rows: &[&Datum]) -> ParquetResult<Vec<u8>> {
    let columns = columns(collection, rows);
    let fields = columns.iter().map(field).collect::<ParquetResult<Vec<_>>>()?;
    let schema = Type::group_type_builder("rows").with_fields(fields).build()?;
    let settings = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?)).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(settings))?;
    let mut group = writer.next_row_group()?;
    for column in &columns {
        match column.kind {
            Kind::Text => put::<ByteArrayType>(&mut group, column, |it| Some(it.as_text()?.into()))?,
            Kind::Whole => put::<Int64Type>(&mut group, column, whole)?,
            Kind::Truth => put::<BoolType>(&mut group, column, truth)?,
            Kind::Json => put::<ByteArrayType>(&mut group, column, |it| Some(ByteArray::from(it.to_json())))?,
        }
    }
    group.close()?;
    writer.into_inner()
}

/// Every name that a row has: in the order of the map, then all others by name.
fn columns<'a>(collection: &'a Collection, rows: &[&'a Datum]) -> Vec<Column<'a>> {
    let mapped = collection.fields.iter().map(|field| field.path.split('.').next().unwrap_or_default());
    let places: BTreeMap<&str, usize> = mapped.enumerate().map(|(place, name)| (name, place)).rev().collect();
    let mut names: BTreeSet<(usize, &str)> = BTreeSet::new();
    for row in rows {
        let Datum::Map(fields) = row else { continue };
        for (name, _) in fields {
            names.insert((places.get(name.as_str()).copied().unwrap_or(usize::MAX), name));
        }
    }
    let of = |name: &'a str| {
        let values: Vec<Option<&Datum>> = rows.iter().map(|row| row.get(name)).collect();
        let mut kinds = values.iter().flatten().map(|value| kind(value));
        let first = kinds.next().unwrap_or(Kind::Json);
        Column { name, kind: if kinds.all(|kind| kind == first) { first } else { Kind::Json }, values }
    };
    names.into_iter().map(|(_, name)| of(name)).collect()
}

fn kind(value: &Datum) -> Kind {
    match value {
        Datum::Text(_) => Kind::Text,
        Datum::Bool(_) => Kind::Truth,
        Datum::Number(_) if whole(value).is_some() => Kind::Whole,
        Datum::Null | Datum::Number(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => Kind::Json,
    }
}

/// The number, where it is written as such a number is.
fn whole(value: &Datum) -> Option<i64> {
    let Datum::Number(digits) = value else { return None };
    digits.parse().ok().filter(|number: &i64| number.to_string() == *digits)
}

const fn truth(value: &Datum) -> Option<bool> {
    if let Datum::Bool(truth) = value { Some(*truth) } else { None }
}

fn field(column: &Column<'_>) -> ParquetResult<Arc<Type>> {
    let (physical, converted) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
        Kind::Whole => (Physical::INT64, ConvertedType::NONE),
        Kind::Truth => (Physical::BOOLEAN, ConvertedType::NONE),
        Kind::Json => (Physical::BYTE_ARRAY, ConvertedType::JSON),
    };
    let it = Type::primitive_type_builder(column.name, physical).with_converted_type(converted);
    it.with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
}

fn put<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    column: &Column<'_>,
    value: impl Fn(&Datum) -> Option<T::T>,
) -> ParquetResult<()> {
    let levels: Vec<i16> = column.values.iter().map(|it| i16::from(it.is_some())).collect();
    let values: Vec<T::T> = column.values.iter().flatten().filter_map(|it| value(it)).collect();
    let Some(mut writer) = group.next_column()? else { return Ok(()) };
    writer.typed::<T>().write_batch(&values, Some(&levels), None)?;
    writer.close()
}
