//! The settings: what the template gives, what lambda-kit knows and what docs/settings.md explains are the same names.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, caught, none_of};
use crate::repository;
use crate::yaml;

const TEMPLATE: &str = "infra/template.yaml";
const SETTINGS: &str = "shared/lambda-kit/src/settings.rs";
const DOCUMENT: &str = "docs/settings.md";
/// Read, but given by Lambda itself or by the CLI on a local stack, never by the template.
const NOT_OURS_TO_GIVE: [&str; 3] = ["AWS_REGION", "AWS_ENDPOINT_URL", "HABEAS_CLOCK_OFFSET"];

/// The variables that some `Environment` of the template sets, with their lines.
fn given(template: &str) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    yaml::parse(template).walk("", &mut |key, node| {
        if key == "Variables" {
            names.extend(node.entries().iter().map(|(name, node)| (name.clone(), node.line)));
        }
    });
    names
}

/// The names in capitals that the settings read: all texts of the code that look like a variable.
fn known(settings: &str) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for (index, line) in settings.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
        for text in line.split('"').skip(1).step_by(2).filter(|text| is_variable(text)) {
            names.entry(text.to_owned()).or_insert(index + 1);
        }
    }
    names
}

fn is_variable(text: &str) -> bool {
    let capitals = |character: char| character.is_ascii_uppercase() || character.is_ascii_digit() || character == '_';
    text.contains('_') && !text.ends_with('_') && text.chars().all(capitals)
}

fn check(template: &str, settings: &str) -> Vec<Finding> {
    let (given, known) = (given(template), known(settings));
    let not_read = given.iter().filter(|(name, _)| !known.contains_key(*name)).map(|(name, line)| {
        Finding::new(
            TEMPLATE,
            *line,
            format!("{name} is set but lambda-kit does not read it: add it to Settings or drop it"),
        )
    });
    let not_set =
        known.iter().filter(|(name, _)| !given.contains_key(*name) && !NOT_OURS_TO_GIVE.contains(&name.as_str()));
    let not_set = not_set.map(|(name, line)| {
        Finding::new(
            SETTINGS,
            *line,
            format!("{name} is read but the template does not set it: add it to Globals or drop it"),
        )
    });
    not_read.chain(not_set).collect()
}

fn check_document(settings: &str, document: &str) -> Vec<Finding> {
    let ours = known(settings).into_iter().filter(|(name, _)| !name.starts_with("AWS_"));
    let missing = ours.filter(|(name, _)| !document.lines().any(|line| line.starts_with(&format!("| `{name}` |"))));
    let text = |name| format!("{name} has no row in {DOCUMENT}: say its default and what it does");
    missing.map(|(name, line)| Finding::new(SETTINGS, line, text(name))).collect()
}

/// What is read but not among the known names stops every function at its start.
fn check_start(settings: &str) -> Vec<Finding> {
    let (read, list) = settings.split_once("const KNOWN").map_or((settings, ""), |(above, rest)| {
        let (list, below) = rest.split_once("];").unwrap_or((rest, ""));
        (if below.is_empty() { above } else { below }, list)
    });
    let listed = known(list);
    let ours = |name: &str| name.starts_with("HABEAS_") && !NOT_OURS_TO_GIVE.contains(&name);
    let unlisted = known(read).into_iter().filter(|(name, _)| ours(name) && !listed.contains_key(name));
    let text = |name| format!("{name} is read but is not in KNOWN: functions that are given it do not start");
    unlisted.map(|(name, _)| Finding::new(SETTINGS, 1, text(name))).collect()
}

#[test]
fn every_setting_that_is_read_may_be_given() {
    none_of(check_start(&repository::read(SETTINGS).unwrap()));
}

#[test]
fn a_setting_that_stops_functions_is_found() {
    assert_eq!(check_start("const KNOWN: [&str; 1] = [\"HABEAS_A\"];\nx(\"HABEAS_A\")"), []);
    caught(&check_start("const KNOWN: [&str; 1] = [\"HABEAS_A\"];\nx(\"HABEAS_B\")"), "HABEAS_B is read");
}

#[test]
fn every_setting_is_explained() {
    none_of(check_document(&repository::read(SETTINGS).unwrap(), &repository::read(DOCUMENT).unwrap_or_default()));
}

#[test]
fn a_setting_without_a_row_is_found() {
    assert_eq!(check_document("x(\"HABEAS_A\")", "| `HABEAS_A` | 1 |\n"), []);
    caught(&check_document("x(\"HABEAS_A\")", "see `HABEAS_A`\n"), "HABEAS_A has no row");
}

#[test]
fn template_and_settings_name_the_same_variables() {
    let (template, settings) = (repository::read(TEMPLATE).unwrap(), repository::read(SETTINGS).unwrap());
    let names: BTreeSet<String> = given(&template).into_keys().collect();
    assert!(names.contains("HABEAS_STAGE"), "the variables of the template were not found: {names:?}");
    none_of(check(&template, &settings));
}

#[test]
fn a_variable_on_one_side_only_is_found() {
    let template = "Globals:\n  Function:\n    Environment:\n      Variables:\n        HABEAS_A: x\n";
    assert_eq!(check(template, "reader.text(\"HABEAS_A\")"), []);
    caught(&check(template, "reader.text(\"HABEAS_A\"), reader.text(\"HABEAS_B\")"), "HABEAS_B is read");
    caught(&check(template, ""), "template.yaml:5: HABEAS_A is set");
    assert_eq!(check(template, "x(\"HABEAS_A\")\n/// \"HABEAS_B\"\nx(\"AWS_REGION\")"), []);
}
