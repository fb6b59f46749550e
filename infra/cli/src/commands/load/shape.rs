//! What a table asks of its rows: keys, indexed fields, and the limits of an item.

use std::fmt;

use aws_sdk_dynamodb::types::ScalarAttributeType;
use datamap::{Collection, DataType, Source};
use domain::datum::Datum;

/// The fields of one row in the order they came.
pub(super) type Row = Vec<(String, Datum)>;

/// The type of a key, which a table fixes for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// Text.
    Text,
    /// Number.
    Number,
}

/// One field that is part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyField {
    pub(super) name: String,
    pub(super) kind: KeyKind,
}

/// The keys of a table and of its indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) table: String,
    pub(super) partition: KeyField,
    pub(super) sort: Option<KeyField>,
    /// Index name and its only key.
    pub(super) indexes: Vec<(String, KeyField)>,
}

/// Why a row can't be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unfit(pub(super) String);

impl fmt::Display for Unfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Shape {
    /// The shape of a collection's table; where the map declares no type the first row decides.
    pub(super) fn of(collection: &Collection, first: &Row) -> Result<Self, Unfit> {
        let Source::DynamoDb { table, indexes, scan: _, segments: _ } = &collection.source else {
            return Err(Unfit(format!("{} is no table", collection.id())));
        };
        let key = |path: &str| KeyField { name: path.to_owned(), kind: kind(collection, path, first) };
        let mut keys = collection.primary_key().map(|field| key(&field.path));
        let Some(partition) = keys.next() else {
            return Err(Unfit(format!("{} has no primary key", collection.id())));
        };
        let sort = keys.next();
        if keys.next().is_some() || partition.name.contains('.') {
            return Err(Unfit(format!("{}: a table's key is one or two fields of the top level", collection.id())));
        }
        let indexes = indexes.iter().map(|(path, index)| (index.clone(), key(path))).collect();
        Ok(Self { table: table.clone(), partition, sort, indexes })
    }

    /// The fields of the primary key.
    pub(super) fn keys(&self) -> impl Iterator<Item = &KeyField> {
        std::iter::once(&self.partition).chain(&self.sort)
    }

    /// Checks one row, and takes out nulls of indexed fields, which a table refuses.
    pub(super) fn fit(&self, row: &mut Row) -> Result<(), Unfit> {
        row.retain(|(name, value)| *value != Datum::Null || !self.is_indexed(name));
        for key in self.keys() {
            let value =
                value(row, &key.name).ok_or_else(|| Unfit(format!("the key field `{}` is missing", key.name)))?;
            key.accepts(value)?;
        }
        for (_, key) in &self.indexes {
            value(row, &key.name).map_or(Ok(()), |value| key.accepts(value))?;
        }
        row.iter().try_for_each(|(name, value)| storable(name, value))
    }

    /// The primary key of a row as one text, to find rows that replace each other.
    pub(super) fn key_text(&self, row: &Row) -> String {
        let values = self.keys().filter_map(|key| value(row, &key.name));
        values.map(|value| String::from_utf8_lossy(&value.to_json()).into_owned()).collect::<Vec<_>>().join(",")
    }

    fn is_indexed(&self, name: &str) -> bool {
        self.indexes.iter().any(|(_, key)| key.name == name)
    }
}

impl KeyField {
    /// The type as `DynamoDB` names it.
    pub(super) fn scalar(&self) -> ScalarAttributeType {
        match self.kind {
            KeyKind::Text => ScalarAttributeType::S,
            KeyKind::Number => ScalarAttributeType::N,
        }
    }

    fn accepts(&self, value: &Datum) -> Result<(), Unfit> {
        let fits = match value {
            Datum::Text(text) => self.kind == KeyKind::Text && !text.is_empty(),
            Datum::Number(_) => self.kind == KeyKind::Number,
            Datum::Null | Datum::Bool(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => false,
        };
        let wanted = match self.kind {
            KeyKind::Text => "a text that is not empty",
            KeyKind::Number => "a number",
        };
        if fits { Ok(()) } else { Err(Unfit(format!("the key field `{}` must hold {wanted}", self.name))) }
    }
}

fn kind(collection: &Collection, path: &str, first: &Row) -> KeyKind {
    let declared = collection.field(path).and_then(|field| collection.fields.get(field)?.data_type);
    match declared {
        Some(DataType::Integer | DataType::Float) => KeyKind::Number,
        Some(DataType::String | DataType::ObjectId | DataType::Boolean | DataType::Object) => KeyKind::Text,
        None if matches!(value(first, path), Some(Datum::Number(_))) => KeyKind::Number,
        None => KeyKind::Text,
    }
}

fn value<'a>(row: &'a Row, name: &str) -> Option<&'a Datum> {
    row.iter().find(|(field, _)| field == name).map(|(_, value)| value)
}

/// The limits of a stored value: 38 significant digits, magnitude below 1e126.
fn storable(name: &str, value: &Datum) -> Result<(), Unfit> {
    match value {
        Datum::Number(digits) if !number_fits(digits) => {
            Err(Unfit(format!("`{name}` has more than 38 digits or is too large for a table")))
        }
        Datum::List(items) => items.iter().try_for_each(|item| storable(name, item)),
        Datum::Map(entries) => entries.iter().try_for_each(|(inner, item)| storable(inner, item)),
        Datum::Null | Datum::Bool(_) | Datum::Number(_) | Datum::Text(_) | Datum::Bytes(_) => Ok(()),
    }
}

fn number_fits(digits: &str) -> bool {
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = whole.trim_start_matches('-');
    let all = format!("{whole}{fraction}");
    let significant = all.trim_matches('0').len();
    let Ok(exponent) = exponent.parse::<i64>() else { return false };
    let leading_zeros = i64::try_from(all.len() - all.trim_start_matches('0').len()).unwrap_or(i64::MAX);
    let magnitude =
        exponent.saturating_add(i64::try_from(whole.len()).unwrap_or(i64::MAX)).saturating_sub(leading_zeros);
    significant == 0 || (significant <= 38 && (-129..=126).contains(&magnitude))
}

#[cfg(test)]
mod tests {
    use super::number_fits;

    #[test]
    fn numbers_that_a_table_would_refuse_are_known_before() {
        for fits in ["0", "-0.00", "19.90", "1e125", "12345678901234567890123456789012345678", "0.00001", "100e-3"] {
            assert!(number_fits(fits), "{fits}");
        }
        for refused in ["123456789012345678901234567890123456789", "1e126", "1e-131", "1e99999999999999999999"] {
            assert!(!number_fits(refused), "{refused}");
        }
    }
}
