//! The order of fields in a row: as the map has them, then the others by name. `DynamoDB` itself knows no order.

use datamap::Collection;
use domain::datum::Datum;

/// The order of the names of one map, and of the maps inside.
#[derive(Debug, Default)]
pub(super) struct Order {
    names: Vec<(String, Self)>,
}

impl Order {
    pub(super) fn of(collection: &Collection) -> Self {
        let mut order = Self::default();
        for field in &collection.fields {
            order.add(&field.path);
        }
        order
    }

    fn add(&mut self, path: &str) {
        if path.is_empty() {
            return;
        }
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let position = self.names.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.names.push((name.to_owned(), Self::default()));
            self.names.len() - 1
        });
        self.names[position].1.add(rest);
    }

    fn find(&self, name: &str) -> Option<(usize, &Self)> {
        let found = self.names.iter().enumerate().find(|(_, (known, _))| known == name);
        found.map(|(position, (_, inner))| (position, inner))
    }

    /// Puts the fields of a value in order, at every depth.
    pub(super) fn sort(&self, value: &mut Datum) {
        match value {
            Datum::List(items) => items.iter_mut().for_each(|item| self.sort(item)),
            Datum::Map(fields) => {
                fields.sort_by_cached_key(|(name, _)| {
                    (self.find(name).map_or(usize::MAX, |(position, _)| position), name.clone())
                });
                let unknown = Self::default();
                for (name, value) in fields {
                    self.find(name).map_or(&unknown, |(_, inner)| inner).sort(value);
                }
            }
            Datum::Null | Datum::Bool(_) | Datum::Number(_) | Datum::Text(_) | Datum::Bytes(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_map_come_first_then_the_others_by_name() {
        let mut order = Order::default();
        for path in ["id", "home.street", "home.city", "email"] {
            order.add(path);
        }
        let row = br#"{"z":1,"email":"e","home":[{"a":1,"city":"c","street":"s"}],"b":{"y":1,"x":2},"id":7}"#;
        let mut row = Datum::parse_json(row).unwrap();
        order.sort(&mut row);
        let expected = r#"{"id":7,"home":[{"street":"s","city":"c","a":1}],"email":"e","b":{"x":2,"y":1},"z":1}"#;
        assert_eq!(String::from_utf8(row.to_json()).unwrap(), expected);
    }
}
