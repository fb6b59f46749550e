//! `load DIR`: NDJSON, CSV and Parquet files into the tables and buckets of a data map. Every file is checked before anything is written.

pub(super) mod layout;
mod objects;
pub(super) mod rows;
mod shape;
mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use aws_config::Region;
use datamap::{Collection, DataMap, Severity};

use crate::args::LoadArguments;
use crate::home::Home;
use crate::stack::{Stack, is_loopback};
use crate::{report, sample};
use layout::Layout;

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// Rows put into tables.
    pub(crate) rows: u64,
    /// Objects put into buckets.
    pub(crate) objects: u64,
}

/// Loads a folder into the stack of this checkout.
pub(crate) async fn run(arguments: &LoadArguments) -> anyhow::Result<ExitCode> {
    let stack = Stack::load(&Home::find()?)?;
    let loaded = load(&stack, &arguments.dir).await?;
    report::note(&format!("loaded {} rows and {} objects", loaded.rows, loaded.objects));
    Ok(ExitCode::SUCCESS)
}

/// Loads the folder's data, or the generated company if the folder holds `generate.json`; running it again changes nothing.
pub(crate) async fn load(stack: &Stack, dir: &Path) -> anyhow::Result<Loaded> {
    let map = read_map(dir)?;
    let data = data_dir(dir)?;
    let layout = Layout::of(&map, &data)?;
    for stray in &layout.strays {
        report::note(&format!("{}: belongs to no collection of the map, left out", stray.display()));
    }
    let (tables, total) = check(&layout)?;
    let config = stack.aws_config().await;
    let may_create = is_loopback(&stack.endpoint_url);
    let bar = report::bar(total, "loading rows");
    for (region, tables) in by_region(&map, tables, |load| &load.collection, &stack.region) {
        let here = config.to_builder().region(Region::new(region.clone())).build();
        let client = aws_sdk_dynamodb::Client::new(&here);
        if may_create {
            let is_here = |collection: &Collection| region_of(&map, collection, &stack.region) == region;
            tables::create_empty(&client, &map, &tables, is_here).await?;
        }
        tables::write(&client, tables, &bar, may_create).await?;
    }
    let rows = bar.position();
    bar.finish_and_clear();
    let bar = report::bar(u64::try_from(layout.objects.len())?, "loading objects");
    for (region, objects) in by_region(&map, layout.objects, |object| object.collection, &stack.region) {
        let here = config.to_builder().region(Region::new(region)).build();
        objects::write(&crate::stack::s3_client(&here), objects, &bar, may_create).await?;
    }
    let objects = bar.position();
    bar.finish_and_clear();
    Ok(Loaded { rows, objects })
}

/// Makes a bucket of a local stack that is missing.
pub(crate) async fn ensure_bucket(client: &aws_sdk_s3::Client, bucket: &str) -> anyhow::Result<()> {
    objects::ensure_bucket(client, bucket, true).await
}

/// The region of a collection: its connection's, or the stack's own.
fn region_of(map: &DataMap, collection: &Collection, own: &str) -> String {
    let named = map.connection(collection).and_then(|connection| connection.region.clone());
    named.unwrap_or_else(|| own.to_owned())
}

/// The files of each region; a region whose collections are all empty has none, and is named all the same.
fn by_region<T>(
    map: &DataMap,
    files: Vec<T>,
    collection: impl Fn(&T) -> &Collection,
    own: &str,
) -> BTreeMap<String, Vec<T>> {
    let regions = map.collections.iter().map(|collection| region_of(map, collection, own));
    let mut sorted: BTreeMap<String, Vec<T>> = regions.map(|region| (region, Vec::new())).collect();
    for file in files {
        sorted.entry(region_of(map, collection(&file), own)).or_default().push(file);
    }
    sorted
}

/// The compiled map of a folder; findings go to standard error, errors end here.
pub(crate) fn read_map(dir: &Path) -> anyhow::Result<DataMap> {
    let checked = datamap::read_dir(dir).with_context(|| format!("cannot read the data map in {}", dir.display()))?;
    let errors = checked.findings.iter().filter(|finding| finding.severity == Severity::Error);
    for finding in errors {
        report::note(&finding.to_string());
    }
    checked.map.with_context(|| {
        let dir = dir.display();
        format!("the data map in {dir} has errors: `cargo habeas datamap lint {dir}` lists all findings")
    })
}

/// Where the data of a folder lie: in it, or made anew where it holds `generate.json`.
pub(crate) fn data_dir(dir: &Path) -> anyhow::Result<PathBuf> {
    let Some(settings) = sample::Settings::beside(dir)? else { return Ok(dir.to_owned()) };
    let made = Home::find()?.state("sample");
    let spinner = report::spinner("making the sample company");
    sample::generate(&settings, &made).with_context(|| format!("cannot write {}", made.display()))?;
    spinner.finish_and_clear();
    Ok(made)
}

/// Reads every file once; the mistakes of all files are told together, at most one of each file.
fn check(layout: &Layout<'_>) -> anyhow::Result<(Vec<tables::Load>, u64)> {
    let spinner = report::spinner("checking the files");
    let mut mistakes = Vec::new();
    let mut loads = Vec::new();
    let mut total = 0;
    for file in &layout.tables {
        match rows::check_table(&file.path, file.collection) {
            Ok((shape, count)) => {
                total += count;
                loads.push(tables::Load { path: file.path.clone(), collection: file.collection.clone(), shape });
            }
            Err(mistake) => mistakes.push(mistake.to_string()),
        }
    }
    for object in layout.objects.iter().filter(|object| object.holds_rows) {
        if let Err(mistake) = rows::check_object(&object.path, object.collection) {
            mistakes.push(mistake.to_string());
        }
    }
    spinner.finish_and_clear();
    anyhow::ensure!(mistakes.is_empty(), "nothing was loaded:\n{}", mistakes.join("\n"));
    Ok((loads, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "
dataset:
  - fides_key: lake
    collections:
      - name: here
        fields: [{ name: id, fides_meta: { primary_key: true, identity: user_id } }]
  - fides_key: far
    collections:
      - name: away
        fields: [{ name: id, fides_meta: { primary_key: true, identity: user_id } }]
connection:
  - fides_key: own
    datasets: [lake]
    connector: s3
    collections: { here: { bucket: b, prefix: here/, format: ndjson } }
  - fides_key: other
    datasets: [far]
    connector: s3
    region: eu-west-1
    collections: { away: { bucket: b, prefix: away/, format: ndjson } }
";

    #[test]
    fn files_go_to_the_region_their_connection_names() {
        let map = datamap::read_strs(&[("m.yml", MAP)]).map.unwrap();
        let of = |id: &str| &map.collections[map.collection(id).unwrap()];
        let files = vec![of("far.away"), of("lake.here"), of("far.away")];
        let sorted = by_region(&map, files, |file| file, "eu-central-1");
        let ids = |region: &str| sorted[region].iter().map(|file| file.id()).collect::<Vec<_>>();
        assert_eq!(ids("eu-west-1"), ["far.away", "far.away"]);
        assert_eq!(ids("eu-central-1"), ["lake.here"]);
    }
}
