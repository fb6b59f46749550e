//! Which file belongs to which collection: `<dataset>/<collection>.ndjson` (`.csv`, `.parquet`) for tables, `<dataset>/<collection>/…` for objects.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use datamap::{Collection, DataMap, Source};

/// The files of a folder, each with its place in the stack.
pub(in crate::commands) struct Layout<'a> {
    pub(in crate::commands) tables: Vec<TableFile<'a>>,
    pub(in crate::commands) objects: Vec<Object<'a>>,
    /// Row files that belong to no collection.
    pub(in crate::commands) strays: Vec<PathBuf>,
}

/// The rows of one table.
pub(in crate::commands) struct TableFile<'a> {
    pub(in crate::commands) path: PathBuf,
    pub(in crate::commands) collection: &'a Collection,
}

/// One object as it will be put.
pub(in crate::commands) struct Object<'a> {
    pub(in crate::commands) path: PathBuf,
    pub(in crate::commands) bucket: String,
    pub(in crate::commands) key: String,
    pub(in crate::commands) collection: &'a Collection,
    /// Rows are checked before they are put, media are not.
    pub(in crate::commands) holds_rows: bool,
}

const ROW_FILES: [&str; 4] = ["ndjson", "jsonl", "csv", "parquet"];

impl<'a> Layout<'a> {
    /// Finds the files of each collection.
    pub(in crate::commands) fn of(map: &'a DataMap, dir: &Path) -> anyhow::Result<Self> {
        let mut layout = Self { tables: Vec::new(), objects: Vec::new(), strays: Vec::new() };
        for collection in &map.collections {
            layout.add(collection, map, dir)?;
        }
        if layout.tables.is_empty() && layout.objects.is_empty() {
            anyhow::bail!(
                "{}: no file of any collection; write <dataset>/<collection>.ndjson, .csv or .parquet",
                dir.display()
            );
        }
        let taken: BTreeSet<&PathBuf> = layout
            .tables
            .iter()
            .map(|file| &file.path)
            .chain(layout.objects.iter().map(|object| &object.path))
            .collect();
        let strays = files_below(dir)?.into_iter().filter(|path| holds_rows(path) && !taken.contains(path)).collect();
        layout.strays = strays;
        Ok(layout)
    }

    fn add(&mut self, collection: &'a Collection, map: &DataMap, dir: &Path) -> anyhow::Result<()> {
        match &collection.source {
            Source::DynamoDb { .. } => {
                let paths = names(collection, map).into_iter().flat_map(|name| row_files(dir, &name));
                self.tables.extend(paths.map(|path| TableFile { path, collection }));
                Ok(())
            }
            Source::S3Objects { bucket, prefix, .. } => self.add_objects(collection, map, dir, (bucket, prefix)),
            Source::S3Media { bucket, key_template } => {
                let prefix = key_template.split('{').next().unwrap_or_default();
                self.add_objects(collection, map, dir, (bucket, prefix))
            }
        }
    }

    fn add_objects(
        &mut self,
        collection: &'a Collection,
        map: &DataMap,
        dir: &Path,
        (bucket, prefix): (&str, &str),
    ) -> anyhow::Result<()> {
        let holds_rows = matches!(collection.source, Source::S3Objects { .. });
        for name in names(collection, map) {
            let below = dir.join(&name);
            let mut found = if below.is_dir() { files_below(&below)? } else { Vec::new() };
            let root = if found.is_empty() { dir } else { &below };
            if found.is_empty() && holds_rows {
                found = row_files(dir, &name);
            }
            for path in found {
                let relative = path.strip_prefix(root).unwrap_or(&path);
                let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
                let key = format!("{prefix}{}", parts.join("/"));
                self.objects.push(Object { path, bucket: bucket.to_owned(), key, collection, holds_rows });
            }
        }
        Ok(())
    }
}

/// Where a collection may lie; its bare name serves only where no other collection has it.
fn names(collection: &Collection, map: &DataMap) -> Vec<String> {
    let Collection { dataset, name, .. } = collection;
    let mut names = vec![format!("{dataset}/{name}"), format!("{dataset}.{name}")];
    if map.collections.iter().filter(|other| other.name == *name).count() == 1 {
        names.push(name.clone());
    }
    names
}

fn row_files(dir: &Path, name: &str) -> Vec<PathBuf> {
    let named = ROW_FILES.iter().map(|extension| dir.join(format!("{name}.{extension}")));
    named.filter(|path| path.is_file()).collect()
}

fn holds_rows(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ROW_FILES.iter().any(|known| extension == *known))
}

/// All files below a folder in a fixed order; hidden ones are left out.
fn files_below(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}
