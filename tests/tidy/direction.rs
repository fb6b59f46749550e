//! Who may know whom: the invariants of ARCHITECTURE.md that a reader of manifests and lines can check.

use crate::cargo::{self, Package};
use crate::finding::{Finding, caught, none_of};
use crate::repository::{self, File};
use crate::words::{code_of, names};

/// The packages of the workspace that a package may depend on; those not listed are edges and may know anybody.
const MAY_KNOW: [(&str, &[&str]); 12] = [
    ("domain", &[]),
    ("clock", &[]),
    ("pii", &[]),
    ("masking", &["pii"]),
    ("archive", &["domain"]),
    ("audit-log", &[]),
    ("datamap", &["domain", "pii"]),
    ("workflow", &["domain", "clock", "datamap", "archive", "audit-log", "pii", "masking"]),
    ("connectors", &["domain", "workflow", "datamap"]),
    ("adapters-aws", &["domain", "workflow", "datamap", "archive", "audit-log"]),
    ("adapters-memory", &["domain", "workflow", "datamap", "archive", "audit-log"]),
    ("lambda-kit", &["domain", "workflow", "clock", "pii"]),
];

fn check_packages(packages: &[Package]) -> Vec<Finding> {
    let ours: Vec<&str> = packages.iter().filter(|p| p.source.is_none()).map(|p| p.name.as_str()).collect();
    let mut findings = Vec::new();
    for (name, known) in MAY_KNOW {
        for package in packages.iter().filter(|package| package.name == name) {
            for need in package.needs.iter().filter(|need| ours.contains(&need.as_str())) {
                if !known.contains(&need.as_str()) {
                    let text = format!(
                        "{name} depends on {need}, but may know only [{}]: move the code to the one that may, or turn it into an argument or a port",
                        known.join(", ")
                    );
                    findings.push(Finding::new(&format!("shared/{name}/Cargo.toml"), 1, text));
                }
            }
        }
    }
    findings
}

/// A word that only some files may write in code, and where else it is to be had.
struct Reserved {
    words: &'static [&'static str],
    allowed: fn(&File) -> bool,
    way_out: &'static str,
}

const RESERVED: [Reserved; 4] = [
    Reserved {
        words: &["adapters_aws"],
        allowed: |file| {
            let main = file.path.starts_with("functions/") && file.is("/src/main.rs");
            main || file.is_test() || ["infra/cli/", "shared/adapters-aws/"].iter().any(|at| file.path.starts_with(at))
        },
        way_out: "only a function's main.rs names the adapters: take the port of workflow as an argument",
    },
    Reserved {
        words: &["env::var", "env::vars", "env::var_os", "env::vars_os", "env::set_var"],
        allowed: |file| {
            file.is_test() || ["shared/lambda-kit/", "infra/cli/"].iter().any(|at| file.path.starts_with(at))
        },
        way_out: "only lambda-kit and the CLI read the environment: take the value as an argument",
    },
    Reserved {
        words: &["Timestamp::now", "Zoned::now", "SystemTime::now"],
        allowed: |file| {
            const CLOCKS: [&str; 3] =
                ["shared/lambda-kit/src/time.rs", "shared/lambda-kit/src/logging.rs", "infra/cli/src/waiting.rs"];
            file.is_test() || CLOCKS.contains(&file.path.as_str())
        },
        way_out: "only the clock of lambda-kit and the CLI's waiting.rs read the time: take it as an argument",
    },
    Reserved {
        words: &["async fn", "async move", ".await"],
        allowed: |file| !["shared/domain/", "shared/clock/"].iter().any(|at| file.path.starts_with(at)),
        way_out: "rules do not wait: leave the waiting to workflow",
    },
];

fn check_words(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for reserved in RESERVED.iter().filter(|reserved| !(reserved.allowed)(file)) {
        for (line, text) in file.lines_before_tests() {
            let code = code_of(text);
            for word in reserved.words.iter().filter(|word| names(code, word)) {
                findings.push(Finding::new(&file.path, line, format!("`{word}`: {}", reserved.way_out)));
            }
        }
    }
    findings
}

#[test]
fn packages_know_only_whom_they_may() {
    let packages = cargo::packages();
    for (name, _) in MAY_KNOW {
        assert!(packages.iter().any(|package| package.name == name), "{name} is listed here but is no package");
    }
    none_of(check_packages(&packages));
}

#[test]
fn environment_time_and_adapters_are_named_at_the_edges_alone() {
    none_of(repository::rust_files().iter().flat_map(check_words).collect());
}

#[test]
fn a_wrong_direction_is_found() {
    let package = |name: &str, needs: &[&str]| Package {
        name: name.to_owned(),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        ..Package::default()
    };
    let packages = [package("domain", &["workflow"]), package("workflow", &["domain"])];
    caught(&check_packages(&packages), "domain depends on workflow");
    let foreign = Package { source: Some("registry".to_owned()), ..package("serde", &[]) };
    assert!(check_packages(&[package("domain", &["serde"]), foreign]).is_empty());
}

#[test]
fn a_reserved_word_in_the_wrong_file_is_found() {
    let found = |path: &str, text: &str| check_words(&File::sample(path, text));
    caught(&found("functions/a/src/handler.rs", "use adapters_aws::Aws;\n"), ":1: `adapters_aws`");
    caught(&found("shared/workflow/src/a.rs", "\nlet x = std::env::var(\"X\");\n"), ":2: `env::var`");
    caught(&found("shared/workflow/src/a.rs", "let now = Timestamp::now();\n"), "Timestamp::now");
    caught(&found("shared/domain/src/a.rs", "pub async fn a() {}\n"), "async fn");
    let fine = [
        ("functions/a/src/main.rs", "adapters_aws::connect()"),
        ("shared/workflow/src/a.rs", "// never Timestamp::now()"),
        ("shared/workflow/src/a.rs", "#[cfg(test)]\nmod tests { Timestamp::now() }"),
        ("shared/workflow/src/a.rs", "self.clock.now()"),
        ("shared/workflow/src/a.rs", "pub async fn a() {}"),
    ];
    for (path, text) in fine {
        assert_eq!(found(path, text), [], "{path}: {text}");
    }
}
