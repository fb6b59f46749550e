//! Bans, licences and sources of `deny.toml` over what cargo resolved.

use std::collections::BTreeSet;

use semver::{Version, VersionReq};
use serde_json::Value;

use crate::cargo::{self, Package};
use crate::finding::{Finding, caught, none_of};
use crate::{licences, repository};

const DENY: &str = "deny.toml";
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A package that is refused, but for those who may depend on it.
#[derive(Debug)]
struct Ban {
    name: String,
    versions: VersionReq,
    /// Empty where nobody may.
    wrappers: Vec<String>,
}

fn bans(deny: &Value) -> Vec<Ban> {
    let entries = deny["bans"]["deny"].as_array().unwrap();
    entries.iter().map(ban).collect()
}

fn ban(entry: &Value) -> Ban {
    let versions = entry["version"].as_str().unwrap_or("*");
    Ban {
        name: entry["name"].as_str().unwrap().to_owned(),
        versions: VersionReq::parse(versions).unwrap_or_else(|error| panic!("{DENY}: version {versions}: {error}")),
        wrappers: entry.get("wrappers").map(texts).unwrap_or_default(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn check_bans(deny: &str, packages: &[Package], built: &BTreeSet<(String, String)>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ban in bans(&basic_toml::from_str(deny).unwrap()) {
        let line = line_of(deny, &format!("\"{}\"", ban.name));
        for package in packages.iter().filter(|package| package.name == ban.name) {
            let version = Version::parse(&package.version).unwrap();
            if !ban.versions.matches(&version) || !built.contains(&(package.name.clone(), package.version.clone())) {
                continue;
            }
            let users = packages.iter().filter(|user| uses(user, &ban.name)).map(|user| user.name.as_str());
            let users: Vec<&str> = users.filter(|user| !ban.wrappers.iter().any(|wrapper| wrapper == user)).collect();
            if ban.wrappers.is_empty() || !users.is_empty() {
                let text = format!(
                    "{} {version} is banned but used by {}: use it through a package that may, or drop the feature that brings it",
                    ban.name,
                    users.join(", ")
                );
                findings.push(Finding::new(DENY, line, text));
            }
        }
    }
    findings
}

fn uses(user: &Package, name: &str) -> bool {
    user.needs.contains(name) || user.needs_for_tests.contains(name)
}

fn check_licences(deny: &str, packages: &[Package]) -> Vec<Finding> {
    let parsed: Value = basic_toml::from_str(deny).unwrap();
    let allowed = texts(&parsed["licenses"]["allow"]);
    let line = line_of(deny, "allow = [");
    let refused = packages.iter().filter_map(|package| {
        let expression = package.licence.as_deref().unwrap_or_default();
        let why = match licences::check(expression, &allowed) {
            Ok(()) => return None,
            Err(licences::Refused::NotAllowed) => "is not within the allowed licences",
            Err(licences::Refused::Unreadable) => "is no licence expression",
        };
        let text = format!("{} {}: {expression:?} {why}: take another package", package.name, package.version);
        Some(Finding::new(DENY, line, text))
    });
    refused.collect()
}

fn check_sources(packages: &[Package]) -> Vec<Finding> {
    let foreign = packages.iter().filter(|package| package.source.as_deref().is_some_and(|source| source != REGISTRY));
    let found = foreign.map(|package| {
        let source = package.source.as_deref().unwrap_or_default();
        let text =
            format!("{} comes from {source}: take it from crates.io or keep it in this repository", package.name);
        Finding::new("Cargo.lock", 1, text)
    });
    found.collect()
}

fn line_of(text: &str, part: &str) -> usize {
    text.lines().position(|line| line.contains(part)).map_or(1, |index| index + 1)
}

#[test]
fn no_banned_package_is_built() {
    none_of(check_bans(&repository::read(DENY).unwrap(), &cargo::packages(), &cargo::built()));
}

#[test]
fn every_licence_is_allowed() {
    none_of(check_licences(&repository::read(DENY).unwrap(), &cargo::packages()));
}

#[test]
fn every_package_comes_from_crates_io_or_from_here() {
    none_of(check_sources(&cargo::packages()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str, needs: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
            ..Package::default()
        }
    }

    fn found(deny: &str, packages: &[Package]) -> Vec<Finding> {
        let built = packages.iter().map(|package| (package.name.clone(), package.version.clone())).collect();
        check_bans(&format!("[bans]\ndeny = [{deny}]"), packages, &built)
    }

    #[test]
    fn a_banned_version_is_found_and_a_later_one_is_not() {
        let ban = "{ name = \"old\", version = \"<1\" }";
        caught(&found(ban, &[package("old", "0.14.3", &[]), package("me", "1.0.0", &["old"])]), "old 0.14.3 is banned");
        assert!(found(ban, &[package("old", "1.0.0", &[])]).is_empty());
    }

    #[test]
    fn only_a_wrapper_may_use_what_is_banned() {
        let ban = "{ name = \"sdk\", wrappers = [\"edge\"] }";
        let edge = package("edge", "1.0.0", &["sdk"]);
        assert!(found(ban, &[package("sdk", "1.0.0", &[]), edge.clone()]).is_empty());
        let packages = [package("sdk", "1.0.0", &[]), edge, package("inner", "1.0.0", &["sdk"])];
        caught(&found(ban, &packages), "used by inner:");
    }

    #[test]
    fn a_package_that_nobody_switched_on_is_not_built() {
        let deny = "[bans]\ndeny = [{ name = \"ring\" }]";
        assert!(check_bans(deny, &[package("ring", "0.17.14", &[])], &BTreeSet::new()).is_empty());
        caught(&found("{ name = \"ring\" }", &[package("ring", "0.17.14", &[])]), "ring 0.17.14");
    }

    #[test]
    fn a_foreign_licence_and_a_missing_one_are_found() {
        let deny = "[licenses]\nallow = [\"MIT\"]";
        let with =
            |licence: Option<&str>| Package { licence: licence.map(str::to_owned), ..package("a", "1.0.0", &[]) };
        assert!(check_licences(deny, &[with(Some("MIT OR GPL-3.0"))]).is_empty());
        caught(&check_licences(deny, &[with(Some("GPL-3.0"))]), "GPL-3.0");
        caught(&check_licences(deny, &[with(None)]), "no licence expression");
    }

    #[test]
    fn a_git_source_is_found() {
        let git = Package { source: Some("git+https://example.com/a".to_owned()), ..package("a", "1.0.0", &[]) };
        caught(&check_sources(&[git]), "git+https");
    }
}
