//! Data maps for one story, written short: `field`, `field key`, `field email`, `field -> dataset.collection.field`.

use std::fmt::Write;
use std::sync::Arc;

use adapters_memory::MemoryWorld;
use domain::datum::Datum;
use habeas_tests::sample::tenant;
use habeas_tests::world::World;

/// A dataset: its name and its collections.
pub(crate) fn set(name: &str, collections: &[String]) -> (String, String) {
    (name.to_owned(), collections.concat())
}

/// A collection of a dataset, every field that is looked up indexed.
pub(crate) fn table(name: &str, fields: &[&str]) -> String {
    let mut text = format!("      - name: {name}\n        fields:\n");
    for field in fields {
        let (field, rest) = field.split_once(' ').unwrap_or((field, ""));
        let meta = match rest {
            "" => String::new(),
            "key" => "primary_key: true".to_owned(),
            link if link.starts_with("-> ") || link.starts_with("key -> ") => {
                let key = if link.starts_with("key") { "primary_key: true, " } else { "" };
                let (dataset, target) = link.rsplit_once("-> ").unwrap().1.split_once('.').unwrap();
                format!("{key}references: [{{ dataset: {dataset}, field: {target}, direction: from }}]")
            }
            identity => format!("identity: {identity}"),
        };
        let categories = if field == "tenant" { "system.operations" } else { "user.content" };
        writeln!(text, "          - name: {field}\n            data_categories: [{categories}]").unwrap();
        if !meta.is_empty() {
            writeln!(text, "            fides_meta: {{ {meta} }}").unwrap();
        }
    }
    text
}

/// The map of these datasets: all tables of one connection.
pub(crate) fn map(sets: &[(String, String)]) -> String {
    let mut text = "dataset:\n".to_owned();
    for (name, collections) in sets {
        write!(text, "  - fides_key: {name}\n    name: {name}\n    collections:\n{collections}").unwrap();
    }
    let names: Vec<&str> = sets.iter().map(|(name, _)| name.as_str()).collect();
    write!(
        text,
        "connection:\n  - fides_key: tables\n    datasets: [{}]\n    connector: dynamodb\n    region: eu-central-1\n    tenant_field: tenant\n    collections:\n",
        names.join(", ")
    )
    .unwrap();
    for (name, collections) in sets {
        let mut indexes: Vec<(String, Vec<String>)> = Vec::new();
        let mut field = String::new();
        for line in collections.lines() {
            if let Some(collection) = line.strip_prefix("      - name: ") {
                indexes.push((collection.to_owned(), Vec::new()));
            } else if let Some(name) = line.strip_prefix("          - name: ") {
                name.clone_into(&mut field);
            } else if line.contains("references:") || line.contains("identity:") {
                indexes.last_mut().unwrap().1.push(format!("{field}: by-{}", field.replace('.', "-")));
            }
        }
        for (collection, fields) in indexes {
            let key = format!("{name}.{collection}");
            writeln!(text, "      {key}: {{ table: {name}-{collection}, indexes: {{ {} }} }}", fields.join(", "))
                .unwrap();
        }
    }
    text
}

/// A world with this map and empty sources.
pub(crate) fn world(map: &str) -> World {
    let checked = datamap::read_strs(&[("story.yml", map)]);
    let errors: Vec<_> = checked.findings.iter().filter(|it| it.severity == datamap::Severity::Error).collect();
    let map = Arc::new(checked.map.unwrap_or_else(|| panic!("{errors:#?}\n{map}")));
    let memory = MemoryWorld::new(11, "2026-03-02T09:00:00Z".parse().unwrap());
    for slug in ["acme", "globex"] {
        memory.publish(&tenant(slug), Arc::clone(&map)).unwrap();
    }
    memory.change_sources(|sources| sources.page_rows = 3);
    World::over(memory)
}

/// A row of texts, of a tenant.
pub(crate) fn row(tenant_slug: &str, cells: &[(&str, &str)]) -> Datum {
    let own = [("tenant", tenant_slug)];
    let cells = cells.iter().chain(&own).map(|(name, value)| ((*name).to_owned(), Datum::Text((*value).to_owned())));
    Datum::Map(cells.collect())
}
