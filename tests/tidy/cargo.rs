//! What cargo says of the packages: `cargo metadata` for names, licences and edges, `cargo tree` for what is really built.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};

use serde_json::Value;

use crate::repository;

/// One package of the lock file that this workspace reaches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// As its author wrote it; none if there is no expression.
    pub(crate) licence: Option<String>,
    /// None for a package of this repository.
    pub(crate) source: Option<String>,
    /// Names of the programs it builds.
    pub(crate) programs: Vec<String>,
    /// Names of the packages it depends on, to run or to build.
    pub(crate) needs: BTreeSet<String>,
    /// Names of the packages it depends on for its tests only.
    pub(crate) needs_for_tests: BTreeSet<String>,
}

/// All packages, those of other platforms left out.
pub(crate) fn packages() -> Vec<Package> {
    let platform = format!("--filter-platform={}", platform());
    let output = cargo(&["metadata", "--format-version=1", "--locked", &platform]);
    read(&serde_json::from_slice(&output.stdout).unwrap())
}

/// Name and version of each package that the features in use really bring in, on any platform.
///
/// The graph of `cargo metadata` also follows `name?/feature` edges to packages that nobody switched on.
pub(crate) fn built() -> BTreeSet<(String, String)> {
    const LISTING: [&str; 8] = [
        "tree",
        "--locked",
        "--workspace",
        "--target=all",
        "--edges=normal,build,dev",
        "--prefix=none",
        "--format",
        "{p}",
    ];
    let output = cargo(&LISTING);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(tree_line).collect()
}

fn tree_line(line: &str) -> Option<(String, String)> {
    let mut words = line.split_whitespace();
    let name = words.next()?;
    Some((name.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
}

/// Without network first; a fresh checkout may lack packages that only the listing needs.
fn cargo(arguments: &[&str]) -> Output {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let run = |offline: &[&str]| {
        Command::new(&program).args(arguments).args(offline).current_dir(repository::root()).output().unwrap()
    };
    let output = run(&["--offline"]);
    if output.status.success() {
        return output;
    }
    let output = run(&[]);
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn platform() -> String {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(program).arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn read(metadata: &Value) -> Vec<Package> {
    let mut packages: BTreeMap<&str, Package> = BTreeMap::new();
    for package in list(&metadata["packages"]) {
        packages.insert(text(&package["id"]), describe(package));
    }
    let names: BTreeMap<&str, String> = packages.iter().map(|(id, package)| (*id, package.name.clone())).collect();
    for node in list(&metadata["resolve"]["nodes"]) {
        let package = packages.get_mut(text(&node["id"])).unwrap();
        for edge in list(&node["deps"]) {
            let name = names[text(&edge["pkg"])].clone();
            let for_tests = list(&edge["dep_kinds"]).iter().all(|kind| kind["kind"] == "dev");
            let needs = if for_tests { &mut package.needs_for_tests } else { &mut package.needs };
            needs.insert(name);
        }
    }
    packages.into_values().collect()
}

fn describe(package: &Value) -> Package {
    let programs = list(&package["targets"]).iter().filter(|target| target["kind"][0] == "bin");
    Package {
        name: text(&package["name"]).to_owned(),
        version: text(&package["version"]).to_owned(),
        licence: package["license"].as_str().map(ToOwned::to_owned),
        source: package["source"].as_str().map(ToOwned::to_owned),
        programs: programs.map(|target| text(&target["name"]).to_owned()).collect(),
        ..Package::default()
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn edges_for_tests_are_kept_apart() {
    let package = |id| serde_json::json!({"id": id, "name": id, "version": "1.0.0", "targets": []});
    let edge = |to, kind| serde_json::json!({"pkg": to, "dep_kinds": [{"kind": kind}]});
    let metadata = serde_json::json!({
        "packages": [package("a"), package("b"), package("c")],
        "resolve": {"nodes": [{"id": "a", "deps": [edge("b", Value::Null), edge("c", "dev".into())]}]},
    });
    let read = read(&metadata);
    assert_eq!(read[0].needs, BTreeSet::from(["b".to_owned()]));
    assert_eq!(read[0].needs_for_tests, BTreeSet::from(["c".to_owned()]));
}

#[test]
fn a_line_of_the_tree_is_a_name_and_a_version() {
    let expected = Some(("serde".to_owned(), "1.0.2".to_owned()));
    assert_eq!(tree_line("serde v1.0.2 (*)"), expected);
    assert_eq!(tree_line(""), None);
}
