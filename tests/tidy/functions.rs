//! What each function brings with it: a card, a sample event, its place in template and map, an alarm, a dead-letter queue.

use std::collections::BTreeMap;

use crate::cargo::{self, Package};
use crate::finding::{Finding, caught, none_of};
use crate::repository::{self, File, function_names};
use crate::yaml::{self, Node};

const TEMPLATE: &str = "infra/template.yaml";
const MAP: &str = "ARCHITECTURE.md";
/// What the card of a function answers, in any order and on any line.
const CARD: [&str; 4] = ["Trigger:", "Reads:", "Writes:", "If run twice:"];
/// What a template says above a function without a queue: why nothing of it can be given up.
const NO_QUEUE: &str = "No dead-letter queue: ";

fn check_card(file: &File) -> Vec<Finding> {
    let card: String = file.text.lines().take_while(|line| line.starts_with("//!")).collect();
    let missing = CARD.iter().filter(|word| !card.contains(*word));
    missing
        .map(|word| Finding::new(&file.path, 1, format!("the card lacks `{word}`: say it in the `//!` lines")))
        .collect()
}

fn check_events(name: &str, files: &[File]) -> Vec<Finding> {
    let directory = format!("functions/{name}/events");
    let samples: Vec<&File> =
        files.iter().filter(|file| file.path.starts_with(&format!("{directory}/")) && file.is(".json")).collect();
    if samples.is_empty() {
        return vec![Finding::new(&directory, 1, "no sample event: put one as it arrives into a .json file")];
    }
    let broken = samples.into_iter().filter_map(|file| {
        let error = serde_json::from_str::<serde_json::Value>(&file.text).err()?;
        Some(Finding::new(&file.path, error.line(), format!("the sample event does not parse: {error}")))
    });
    broken.collect()
}

fn check_map(name: &str, map: &str) -> Option<Finding> {
    let row = map.lines().any(|line| line.starts_with('|') && line.contains(&format!("functions/{name})")));
    let text = format!("no row for {name} in the table of functions: add `| [`{name}`](functions/{name}) | …`");
    (!row).then(|| Finding::new(MAP, 1, text))
}

fn check_template(name: &str, text: &str) -> Vec<Finding> {
    let template = yaml::parse(text);
    let id = logical_id(name);
    let Some(function) = template.at(&format!("Resources/{id}")) else {
        return vec![Finding::new(
            TEMPLATE,
            1,
            format!("no function {id} for functions/{name}: add its block in flow order"),
        )];
    };
    let mut findings = Vec::new();
    let at = |text: String| Finding::new(TEMPLATE, function.line, text);
    let code = function.at("Properties/CodeUri").map(Node::text).unwrap_or_default();
    if code != format!("../target/lambda/{name}/") {
        findings.push(at(format!("CodeUri of {id} is not ../target/lambda/{name}/, where `package` leaves it")));
    }
    if !has_alarm(&template, &id) {
        findings.push(at(format!("no alarm names {id}: add {id}Errors beside the others")));
    }
    if !has_dead_letters(&template, &id, function) && !has_reason(text, &id) {
        let text = format!("{id} has no dead-letter queue: add one, or write `# {NO_QUEUE}…` above the function");
        findings.push(at(text));
    }
    findings
}

/// `export-worker` is `ExportWorker` in the template.
pub(crate) fn logical_id(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capital).collect()
}

fn has_alarm(template: &Node, id: &str) -> bool {
    let resources = template.get("Resources").unwrap().entries();
    let mut alarms = resources
        .iter()
        .filter(|(_, node)| node.get("Type").is_some_and(|kind| kind.text() == "AWS::CloudWatch::Alarm"));
    alarms.any(|(_, alarm)| {
        let dimensions = alarm.at("Properties/Dimensions").map(Node::items).unwrap_or_default();
        dimensions.iter().any(|dimension| dimension.get("Value").is_some_and(|value| value.text() == id))
    })
}

/// The queue of its event source redrives to another, or it has a destination of its own.
fn has_dead_letters(template: &Node, id: &str, function: &Node) -> bool {
    let own = function.at("Properties/DeadLetterQueue").is_some();
    let queue = template.at(&format!("Resources/{id}Queue/Properties/RedrivePolicy/deadLetterTargetArn"));
    own || queue.is_some_and(|target| target.text().ends_with(".Arn"))
}

/// The comment lines right above the function give the reason.
fn has_reason(text: &str, id: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.starts_with(&format!("  {id}:"))).unwrap_or_default();
    let comments = lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with('#'));
    comments.filter_map(|line| line.split_once(NO_QUEUE)).any(|(_, reason)| reason.len() > 10)
}

fn check_programs(packages: &[Package]) -> Vec<Finding> {
    let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages.iter().filter(|package| package.source.is_none()) {
        for program in &package.programs {
            owners.entry(program).or_default().push(&package.name);
        }
    }
    let wrong = owners.into_iter().filter(|(program, owners)| owners.len() > 1 || *program == "bootstrap");
    wrong
        .map(|(program, owners)| {
            let text =
                format!("the program {program} of {} overwrites another: name it as its package", owners.join(", "));
            Finding::new("Cargo.toml", 1, text)
        })
        .collect()
}

#[test]
fn every_function_has_its_card() {
    let cards = function_names().into_iter().map(|name| format!("functions/{name}/src/lib.rs"));
    none_of(
        cards.flat_map(|path| check_card(&File::sample(&path, &repository::read(&path).unwrap_or_default()))).collect(),
    );
}

#[test]
fn every_function_has_a_sample_event() {
    let files = repository::files();
    none_of(function_names().iter().flat_map(|name| check_events(name, &files)).collect());
}

#[test]
fn every_function_is_on_the_map() {
    let map = repository::read(MAP).unwrap();
    none_of(function_names().iter().filter_map(|name| check_map(name, &map)).collect());
}

#[test]
fn every_function_is_deployed_watched_and_keeps_what_it_gave_up() {
    let template = repository::read(TEMPLATE).unwrap();
    none_of(function_names().iter().flat_map(|name| check_template(name, &template)).collect());
}

#[test]
fn program_names_are_unique() {
    none_of(check_programs(&cargo::packages()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
Resources:
  AWorkerQueue: { Properties: { RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn } } }
  AWorker: { Properties: { CodeUri: ../target/lambda/a-worker/ } }
  AWorkerErrors: { Type: AWS::CloudWatch::Alarm, Properties: { Dimensions: [{ Value: !Ref AWorker }] } }
";

    #[test]
    fn a_gap_in_a_card_is_found() {
        let card = |text: &str| check_card(&File::sample("lib.rs", text));
        assert_eq!(card("//! A.\n//!\n//! Trigger: x. Reads: y.\n//! Writes: z. If run twice: fine.\nmod a;\n"), []);
        caught(&card("//! Trigger: x. Reads: y. Writes: z.\n\n// If run twice: fine.\n"), "lacks `If run twice:`");
    }

    #[test]
    fn a_missing_and_a_broken_event_are_found() {
        caught(&check_events("a", &[]), "no sample event");
        caught(&check_events("a", &[File::sample("functions/a/events/x.json", "{")]), "does not parse");
        assert_eq!(check_events("a", &[File::sample("functions/a/events/x.json", "{}")]), []);
    }

    #[test]
    fn a_function_missing_on_the_map_is_found() {
        assert_eq!(check_map("a", "| [`a`](functions/a) | x |\n"), None);
        caught(&Vec::from_iter(check_map("a", "| [`ab`](functions/ab) | x |\nsee functions/a)\n")), "no row for a");
    }

    #[test]
    fn a_gap_in_the_template_is_found() {
        assert_eq!(check_template("a-worker", GOOD), []);
        caught(&check_template("b-worker", GOOD), "no function BWorker");
        caught(&check_template("a-worker", &GOOD.replace("lambda/a-", "lambda/b-")), "CodeUri");
        caught(&check_template("a-worker", &GOOD.replace("!Ref AWorker", "!Ref BWorker")), "no alarm");
        let without = GOOD.replace("RedrivePolicy", "Other");
        caught(&check_template("a-worker", &without), "no dead-letter queue");
        let reason = "  # No dead-letter queue: the caller hears of it.\n  AWorker:";
        assert_eq!(check_template("a-worker", &without.replace("  AWorker:", reason)), []);
    }

    #[test]
    fn a_program_of_two_packages_is_found() {
        let package = |name: &str, program: &str| Package {
            name: name.to_owned(),
            programs: vec![program.to_owned()],
            ..Package::default()
        };
        caught(&check_programs(&[package("a", "x"), package("b", "x")]), "program x of a, b");
        caught(&check_programs(&[package("a", "bootstrap")]), "bootstrap");
        assert_eq!(check_programs(&[package("a", "a"), package("b", "b")]), []);
    }
}
