//! Finding values inside a row by dotted path. Lists are looked through, however many and wherever.

use super::Datum;

impl Datum {
    /// The value of one name of a map; `None` for everything that is not a map with that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(fields) => fields.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            Self::Null | Self::Bool(_) | Self::Number(_) => None,
            Self::Text(_) | Self::Bytes(_) | Self::List(_) => None,
        }
    }

    /// All values at a dotted path, in order, with lists flattened: `a.b` and `a[].b` mean the same.
    ///
    /// Nulls that are there are returned; a path that leads nowhere gives nothing.
    #[must_use]
    pub fn values_at(&self, path: &str) -> Vec<&Self> {
        let mut found = Vec::new();
        collect(self, path, &mut found);
        found
    }
}

fn collect<'a>(value: &'a Datum, path: &str, found: &mut Vec<&'a Datum>) {
    if let Datum::List(items) = value {
        for item in items {
            collect(item, path, found);
        }
        return;
    }
    if path.is_empty() {
        found.push(value);
        return;
    }
    let (segment, rest) = path.split_once('.').unwrap_or((path, ""));
    let name = segment.trim_end_matches("[]");
    if name.is_empty() {
        collect(value, rest, found);
    } else if let Some(inner) = value.get(name) {
        collect(inner, rest, found);
    }
}

#[cfg(test)]
mod tests {
    use super::Datum;

    fn check(path: &str, expected: &[&str]) {
        let row = br#"{"a":{"b":1},"l":[{"b":2},{"b":[3,4]},[{"b":5}],6],"n":null,"m":[[7],[8]]}"#;
        let row = Datum::parse_json(row).unwrap();
        let found: Vec<String> =
            row.values_at(path).into_iter().map(|value| String::from_utf8(value.to_json()).unwrap()).collect();
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn a_path_looks_through_lists() {
        check("a.b", &["1"]);
        check("a[].b", &["1"]);
        check("l.b", &["2", "3", "4", "5"]);
        check("l[].b[]", &["2", "3", "4", "5"]);
        check("m", &["7", "8"]);
        check("m[][]", &["7", "8"]);
        check("n", &["null"]);
    }

    #[test]
    fn a_path_to_nowhere_finds_nothing() {
        check("x", &[]);
        check("a.b.c", &[]);
        check("l.x", &[]);
    }
}
