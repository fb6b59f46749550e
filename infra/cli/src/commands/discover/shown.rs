//! A report of discovery for a human: one table per collection, what drifted, and the proposal.

use std::fmt;

use serde::Deserialize;

/// A report, from the stack or of files.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    map: String,
    sources: Vec<Source>,
    failed: Vec<Failed>,
    proposal: String,
}

#[derive(Debug, Deserialize)]
struct Source {
    collection: String,
    rows: usize,
    columns: Vec<Column>,
}

#[derive(Debug, Deserialize)]
struct Column {
    path: String,
    r#type: String,
    percent: usize,
    confidence: f64,
    by_value: bool,
    example: Option<String>,
    categories: Option<Vec<String>>,
    drift: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Failed {
    collection: String,
    error: String,
}

impl Report {
    /// Whether the map says all there is, and all of it was looked at.
    pub(super) fn is_clean(&self) -> bool {
        self.failed.is_empty() && self.drifts() == 0
    }

    /// Counts for one line.
    pub(super) fn summary(&self) -> String {
        let rows: usize = self.sources.iter().map(|source| source.rows).sum();
        let columns: usize = self.sources.iter().map(|source| source.columns.len()).sum();
        let (sources, failed, drifts) = (self.sources.len(), self.failed.len(), self.drifts());
        format!("{rows} rows of {sources} collections, {columns} finds, {drifts} of them drift, {failed} not read")
    }

    fn drifts(&self) -> usize {
        self.sources.iter().flat_map(|source| &source.columns).filter(|column| column.drift.is_some()).count()
    }
}

impl Column {
    fn cells(&self) -> [String; 6] {
        let said = match &self.categories {
            None => "column unknown".to_owned(),
            Some(categories) if categories.is_empty() => "nothing".to_owned(),
            Some(categories) => categories.join(", "),
        };
        let told = if self.by_value { "value" } else { "name" };
        [
            self.path.clone(),
            self.r#type.clone(),
            format!("{} %", self.percent),
            format!("{:.0} % by {told}", self.confidence * 100.0),
            self.example.clone().unwrap_or_else(|| "-".to_owned()),
            said,
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "data map {}", self.map)?;
        for source in &self.sources {
            writeln!(out, "\n{}, {} rows", source.collection, source.rows)?;
            if source.columns.is_empty() {
                writeln!(out, "  no personal data seen")?;
                continue;
            }
            let header = ["column", "type", "rows", "sure", "example", "the map says"].map(str::to_owned);
            let rows: Vec<_> = std::iter::once(header).chain(source.columns.iter().map(Column::cells)).collect();
            let width = |at: usize| rows.iter().map(|row: &[String; 6]| row[at].chars().count()).max().unwrap_or(0);
            let widths: [usize; 5] = std::array::from_fn(width);
            for row in &rows {
                write!(out, " ")?;
                for (cell, width) in row.iter().zip(widths) {
                    write!(out, " {cell:width$} ")?;
                }
                writeln!(out, " {}", row[5])?;
            }
        }
        for failed in &self.failed {
            writeln!(out, "\n{} could not be read: {}", failed.collection, failed.error)?;
        }
        if self.drifts() > 0 {
            writeln!(out, "\ndrift")?;
        }
        for (source, column) in self.sources.iter().flat_map(|it| it.columns.iter().map(move |column| (it, column))) {
            if let Some(drift) = &column.drift {
                writeln!(out, "  {}: {drift}", source.collection)?;
            }
        }
        if self.proposal.is_empty() { Ok(()) } else { write!(out, "\nproposal\n{}", self.proposal) }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use clap::Parser as _;
    use serde_json::Value;

    use super::super::{of_files, run};
    use super::*;
    use crate::args::{Arguments, Command, DiscoverArguments};

    const MAP: &str = "dataset:
  - fides_key: shop
    collections:
      - name: customers
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true, identity: customer_id}}
          - {name: email, data_categories: [user.contact.email]}
          - {name: notes, data_categories: [system.operations]}
";

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("habeas-discover-{}-{name}", std::process::id()));
        fs::create_dir_all(dir.join("shop")).unwrap();
        fs::write(dir.join("map.yml"), MAP).unwrap();
        let row = |at: usize| {
            let note = if at.is_multiple_of(4) { format!("write to canary{at}@example.com") } else { "new".to_owned() };
            format!("{{\"id\":\"c-{at}\",\"email\":\"canary{at}@example.com\",\"notes\":\"{note}\"}}\n")
        };
        fs::write(dir.join("shop/customers.ndjson"), (0..300).map(row).collect::<String>()).unwrap();
        dir
    }

    fn arguments(dir: &std::path::Path, more: &[&str]) -> DiscoverArguments {
        let words = ["habeas", "discover", dir.to_str().unwrap()].into_iter().chain(more.iter().copied());
        let Command::Discover(arguments) = Arguments::parse_from(words).command else { unreachable!() };
        arguments
    }

    #[tokio::test]
    async fn local_files_are_compared_with_their_map_and_no_value_is_shown() {
        let dir = folder("drift");
        let found = of_files(&dir, &arguments(&dir, &["--rows", "200"])).await.unwrap();
        let told: Report = serde_json::from_value(found.clone()).unwrap();
        let text = told.to_string();
        assert!(text.contains("shop.customers, 200 rows"), "{text}");
        assert!(text.contains("column `notes` holds email in 25 % of rows; the map says none"), "{text}");
        assert!(text.contains("+    data_categories: [user.contact.email]"), "{text}");
        assert!(!text.contains("canary") && !found.to_string().contains("canary"), "{text}");
        let clean = run(&arguments(&dir, &[])).await.unwrap();
        assert_eq!(format!("{clean:?}"), format!("{:?}", std::process::ExitCode::SUCCESS));
        let checked = run(&arguments(&dir, &["--check", "--json"])).await.unwrap();
        assert_eq!(format!("{checked:?}"), format!("{:?}", std::process::ExitCode::FAILURE));
        fs::remove_dir_all(dir).unwrap();
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_named_and_stops_nothing() {
        let dir = folder("broken");
        fs::write(dir.join("shop/customers.ndjson"), "{\"id\":\"c-1\"}\n{\"id\":\n").unwrap();
        let found: Value = of_files(&dir, &arguments(&dir, &[])).await.unwrap();
        assert_eq!(found["failed"][0]["error"], "Corrupt", "{found}");
        assert!(of_files(&dir, &arguments(&dir, &["--rows", "0"])).await.is_err());
        assert!(of_files(&dir, &arguments(&dir, &["--tenant", "No Tenant"])).await.is_err());
        fs::remove_dir_all(dir).unwrap();
    }
}
