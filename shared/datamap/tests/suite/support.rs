//! Rows in memory and a reader that does with a walk what the workers do.

use std::collections::BTreeMap;

use datamap::{DataMap, Lookup, RowOwner, Walk, canonical, values_at};
use domain::datum::Datum;
use serde_json::Value;

/// Rows by collection id.
#[derive(Debug, Default)]
pub(crate) struct Store(pub(crate) BTreeMap<String, Vec<Datum>>);

impl Store {
    /// Adds rows written as a JSON list.
    pub(crate) fn with(mut self, id: &str, rows: &Value) -> Self {
        let rows = rows.as_array().expect("a list of rows").iter().map(datum).collect();
        self.0.insert(id.to_owned(), rows);
        self
    }

    /// The rows a source would answer with.
    pub(crate) fn ask(&self, map: &DataMap, lookup: &Lookup) -> Vec<Datum> {
        let id = map.collections[lookup.collection].id();
        let holds = |row: &&Datum| {
            let mut holds = false;
            values_at(row, &lookup.field, &mut |value| {
                holds |= lookup.values.contains(&canonical(value));
            });
            holds
        };
        self.0.get(&id).into_iter().flatten().filter(holds).cloned().collect()
    }

    /// Walks to the end, with the rows of each wave in reverse order if asked.
    pub(crate) fn walk(&self, map: &DataMap, seeds: &[(String, Datum)], reverse: bool) -> Walk {
        let mut walk = Walk::start(map, seeds);
        for _ in 0..1_000 {
            let mut wave = walk.next_wave(map);
            if wave.is_empty() {
                return walk;
            }
            if reverse {
                wave.reverse();
            }
            for lookup in &wave {
                let mut rows = self.ask(map, lookup);
                if reverse {
                    rows.reverse();
                }
                for row in &rows {
                    walk.absorb(map, lookup, &projected(row, &lookup.projection));
                }
            }
            walk = serde_json::from_slice(&serde_json::to_vec(&walk).unwrap()).unwrap();
        }
        panic!("the walk does not end");
    }

    /// Every row of the subject, each once, by collection id.
    pub(crate) fn collect(&self, map: &DataMap, seeds: &[(String, Datum)]) -> BTreeMap<String, Vec<Datum>> {
        let lookups = self.walk(map, seeds, false).lookups(map);
        let mut found: BTreeMap<String, Vec<Datum>> = BTreeMap::new();
        for (index, collection) in map.collections.iter().enumerate() {
            let own: Vec<Lookup> = lookups.iter().filter(|lookup| lookup.collection == index).cloned().collect();
            let owner = RowOwner::new(&own);
            for (position, lookup) in own.iter().enumerate() {
                let rows = self.ask(map, lookup).into_iter().filter(|row| owner.owner(row) == Some(position));
                found.entry(collection.id()).or_default().extend(rows);
            }
        }
        found.retain(|_, rows| !rows.is_empty());
        found
    }

    /// The number of rows by collection id.
    pub(crate) fn counts(&self, map: &DataMap, seeds: &[(String, Datum)]) -> BTreeMap<String, usize> {
        self.collect(map, seeds).into_iter().map(|(id, rows)| (id, rows.len())).collect()
    }
}

/// One seed.
pub(crate) fn seed(kind: &str, value: &str) -> (String, Datum) {
    (kind.to_owned(), Datum::Text(value.to_owned()))
}

/// A row from JSON.
pub(crate) fn datum(value: &Value) -> Datum {
    match value {
        Value::Null => Datum::Null,
        Value::Bool(flag) => Datum::Bool(*flag),
        Value::Number(number) => Datum::Number(number.to_string()),
        Value::String(text) => Datum::Text(text.clone()),
        Value::Array(items) => Datum::List(items.iter().map(datum).collect()),
        Value::Object(entries) => Datum::Map(entries.iter().map(|(key, value)| (key.clone(), datum(value))).collect()),
    }
}

/// The top-level entries that a projection keeps: what is not asked for must not be needed.
fn projected(row: &Datum, projection: &[String]) -> Datum {
    let Datum::Map(entries) = row else { panic!("a row is a map") };
    let kept = |key: &String| projection.iter().any(|path| path.split('.').next() == Some(key));
    Datum::Map(entries.iter().filter(|(key, _)| kept(key)).cloned().collect())
}

/// The compiled map of one text, which must have no errors.
pub(crate) fn map(text: &str) -> DataMap {
    let checked = datamap::read_strs(&[("map.yml", text)]);
    checked.map.unwrap_or_else(|| panic!("{:#?}", checked.findings))
}

/// A Fideslang dataset in short. A line is `name[ key][ id=KIND][ type=T][ to=C.F | from=C.F | ref=C.F]...`; `# name` opens a collection.
pub(crate) fn dataset(short: &str) -> String {
    let mut out = "dataset:\n- fides_key: d\n  collections:\n".to_owned();
    for line in short.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("# ") {
            out.push_str(&format!("  - name: {name}\n    fields:\n"));
            continue;
        }
        let mut words = line.split_whitespace();
        out.push_str(&format!("    - name: {}\n      fides_meta:\n", words.next().unwrap()));
        let mut references = String::new();
        for word in words {
            match word.split_once('=') {
                None => out.push_str("        primary_key: true\n"),
                Some(("id", kind)) => out.push_str(&format!("        identity: {kind}\n")),
                Some(("type", kind)) => out.push_str(&format!("        data_type: {kind}\n")),
                Some(("ref", field)) => {
                    references.push_str(&format!("        - {{dataset: d, field: {field}}}\n"));
                }
                Some((direction, field)) => {
                    references.push_str(&format!("        - {{dataset: d, field: {field}, direction: {direction}}}\n"));
                }
            }
        }
        if !references.is_empty() {
            out.push_str("        references:\n");
            out.push_str(&references);
        }
    }
    out
}
