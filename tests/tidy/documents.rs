//! The documents: links lead somewhere, README opens with the two commands, the changelog has a place for what is new.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::finding::{Finding, caught, none_of};
use crate::repository::{self, File};

const README: &str = "README.md";
const CHANGELOG: &str = "CHANGELOG.md";
/// The two commands a newcomer copies; CI runs them as they stand here.
const COMMANDS: [&str; 2] = ["cargo habeas demo", "cargo test --workspace"];

/// The targets of inline links and of reference definitions, with their lines; code blocks are left out.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code || line.starts_with("    ") {
            continue;
        }
        let inline = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        let reference = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target.trim());
        links.extend(inline.chain(reference).map(|target| (index + 1, target)));
    }
    links
}

fn check_links(file: &File, known: &BTreeSet<String>, heads: &dyn Fn(&str) -> Option<Vec<String>>) -> Vec<Finding> {
    let directory = Path::new(&file.path).parent().unwrap();
    let mut findings = Vec::new();
    for (line, target) in links(&file.text) {
        if ["https://", "http://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)) {
            continue;
        }
        let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
        let path = if path.is_empty() { file.path.clone() } else { joined(directory, path) };
        if !known.contains(&path) {
            findings.push(Finding::new(
                &file.path,
                line,
                format!("the link {target} leads nowhere: {path} is not there"),
            ));
            continue;
        }
        let Some((anchor, heads)) = anchor.zip(heads(&path)) else { continue };
        if !heads.iter().any(|head| head == anchor) {
            let text = format!("the link {target} leads nowhere: {path} has no such heading");
            findings.push(Finding::new(&file.path, line, text));
        }
    }
    findings
}

fn joined(directory: &Path, path: &str) -> String {
    let mut joined = PathBuf::new();
    for part in directory.join(path).components() {
        match part {
            Component::ParentDir => drop(joined.pop()),
            Component::CurDir => {}
            Component::Normal(_) | Component::RootDir | Component::Prefix(_) => joined.push(part),
        }
    }
    joined.to_str().unwrap().replace('\\', "/")
}

/// The anchors of a document's headings.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |character: &char| character.is_alphanumeric() || "-_ ".contains(*character);
    headings.map(|head| head.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

fn check_readme(text: &str) -> Option<Finding> {
    let opening: Vec<&str> = text.lines().take(12).map(|line| line.split(" #").next().unwrap_or(line).trim()).collect();
    let at: Vec<_> = COMMANDS.iter().map(|command| opening.iter().position(|line| line == command)).collect();
    let in_order = at.iter().all(Option::is_some) && at.is_sorted();
    let text = format!("opens without the two commands: write `{}` and `{}`, a line each", COMMANDS[0], COMMANDS[1]);
    (!in_order).then(|| Finding::new(README, 1, text))
}

fn check_changelog(text: &str) -> Option<Finding> {
    let has = text.lines().any(|line| line == "## [Unreleased]" || line == "## Unreleased");
    (!has).then(|| Finding::new(CHANGELOG, 1, "no heading `## Unreleased`: add it, with a line for what you changed"))
}

#[test]
fn every_link_leads_somewhere() {
    let files = repository::files();
    let mut known: BTreeSet<String> = BTreeSet::new();
    for file in &files {
        known.extend(Path::new(&file.path).ancestors().map(|path| path.to_str().unwrap().to_owned()));
    }
    let heads = |path: &str| {
        let file = files.iter().find(|file| file.path == path && file.is(".md"))?;
        Some(anchors(&file.text))
    };
    let documents = files.iter().filter(|file| file.is(".md"));
    none_of(documents.flat_map(|file| check_links(file, &known, &heads)).collect());
}

#[test]
fn readme_opens_with_the_two_commands() {
    none_of(check_readme(&repository::read(README).unwrap_or_default()).into_iter().collect());
}

#[test]
fn changelog_has_a_place_for_what_is_new() {
    none_of(check_changelog(&repository::read(CHANGELOG).unwrap_or_default()).into_iter().collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let known = ["docs/a.md", "b.md"].map(str::to_owned).into();
        let heads = |_: &str| Some(vec!["one-two".to_owned()]);
        let found = |text: &str| check_links(&File::sample("docs/a.md", text), &known, &heads);
        caught(&found("x\n[b](c.md)\n"), "docs/a.md:2: the link c.md leads nowhere");
        caught(&found("[b](../b.md#two)"), "no such heading");
        caught(&found("[b]: ../c.md\n"), "../c.md");
        let fine = "[b](../b.md) [c](a.md#one-two) [d](#one-two) [e](https://example.com)\n    [f](code.md)\n```\n[g](code.md)\n```\n";
        assert_eq!(found(fine), []);
    }

    #[test]
    fn a_heading_becomes_its_anchor() {
        assert_eq!(anchors("# One: `two`, three?\ntext\n"), ["one-two-three"]);
    }

    #[test]
    fn a_readme_without_its_commands_is_found() {
        let good = "# Habeas\n\n    cargo habeas demo          # one\n    cargo test --workspace     # two\n";
        assert_eq!(check_readme(good), None);
        assert!(check_readme(&good.replace("demo", "up")).is_some());
        assert!(check_readme(&format!("{}{good}", "\n".repeat(12))).is_some());
        let turned = "    cargo test --workspace\n    cargo habeas demo\n";
        assert!(check_readme(turned).is_some());
    }

    #[test]
    fn a_changelog_without_a_place_is_found() {
        assert_eq!(check_changelog("# Changelog\n\n## Unreleased\n"), None);
        assert!(check_changelog("# Changelog\n\n## 0.1.0\n").is_some());
    }
}
