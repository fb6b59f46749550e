//! What every file keeps: its length, its head, its last line, and words that stay out.

use crate::finding::{Finding, caught, none_of};
use crate::repository::{self, File};
use crate::words::{code_of, names};

const USUAL_LINES: usize = 300;
const MOST_LINES: usize = 500;
const MOST_LINES_OF_MAIN: usize = 40;
const REASON: &str = "Longer than 300 lines because ";

fn check_length(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    if file.is_test() || lines <= USUAL_LINES {
        return None;
    }
    if lines > MOST_LINES {
        let text =
            format!("{lines} lines, and {MOST_LINES} are the most: split it by the things in it, `foo.rs` and `foo/`");
        return Some(Finding::new(&file.path, MOST_LINES + 1, text));
    }
    let excused = file.text.lines().any(|line| {
        let comment = line.trim_start_matches("//!").trim_start_matches("//").trim_start();
        line.starts_with("//") && comment.strip_prefix(REASON).is_some_and(|reason| reason.len() > 10)
    });
    let text = format!("{lines} lines: split it, or say `// {REASON}…` where a reader will look for it");
    (!excused).then(|| Finding::new(&file.path, USUAL_LINES + 1, text))
}

fn check_head(file: &File) -> Option<Finding> {
    let text = "opens without `//!`: say in one to four lines what is here and what deliberately is not";
    (!file.text.starts_with("//! ")).then(|| Finding::new(&file.path, 1, text))
}

fn check_name(file: &File) -> Option<Finding> {
    file.is("/mod.rs").then(|| Finding::new(&file.path, 1, "`mod.rs`: name it `foo.rs` beside `foo/`"))
}

fn check_main(file: &File) -> Vec<Finding> {
    if !(file.path.starts_with("functions/") && file.is("/src/main.rs")) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let lines = file.text.lines().count();
    if lines > MOST_LINES_OF_MAIN {
        let text = format!("{lines} lines: wiring takes at most {MOST_LINES_OF_MAIN}, the rest belongs into lib.rs");
        findings.push(Finding::new(&file.path, MOST_LINES_OF_MAIN + 1, text));
    }
    for (number, line) in numbered(&file.text) {
        for word in
            ["if", "match", "for", "while", "loop", "else"].into_iter().filter(|word| names(code_of(line), word))
        {
            let text = format!("`{word}` in main.rs: wiring has no branches, decide in the handler or the settings");
            findings.push(Finding::new(&file.path, number, text));
        }
    }
    findings
}

/// Words that stay out of Rust files, put together here so that this file does not hold them.
fn check_code(file: &File) -> Vec<Finding> {
    let ignored = ["#[", "ignore"].concat();
    let mut findings = Vec::new();
    for (number, line) in numbered(&file.text) {
        let code = code_of(line);
        for macro_name in ["todo", "unimplemented", "dbg"] {
            if names(code, &format!("{macro_name}!")) {
                let text = format!("`{macro_name}!`: finish it, or leave it out and say so in docs/limits.md");
                findings.push(Finding::new(&file.path, number, text));
            }
        }
        if code.trim_start().starts_with(&ignored) {
            let text = "an ignored test proves nothing: repair it, delete it, or skip it with a printed line";
            findings.push(Finding::new(&file.path, number, text));
        }
    }
    findings
}

fn check_text(file: &File) -> Vec<Finding> {
    let machine = ["root", "home", "work", "Users"].map(|directory| format!("/{directory}/"));
    let mut findings = Vec::new();
    for (number, line) in numbered(&file.text) {
        if line.contains('\t') {
            findings.push(Finding::new(&file.path, number, "a tab: indent with spaces (.editorconfig)"));
        }
        if line.ends_with([' ', '\r']) {
            findings.push(Finding::new(&file.path, number, "white space at the end of the line: delete it"));
        }
        if machine.iter().any(|path| begins_a_path(line, path)) {
            let text = "a path of one machine: take it relative to the repository";
            findings.push(Finding::new(&file.path, number, text));
        }
    }
    let ends_well = file.text.ends_with('\n') && !file.text.ends_with("\n\n");
    if !ends_well && !file.text.is_empty() {
        let last = file.text.lines().count();
        findings.push(Finding::new(&file.path, last, "a file ends with one newline, no more and no less"));
    }
    findings
}

/// Whether `path` stands where an absolute path begins, not in the middle of an address or a relative one.
fn begins_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric() && !"._-~}*>)".contains(before))
    })
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_terminator('\n').enumerate().map(|(index, line)| (index + 1, line))
}

#[test]
fn files_are_short_or_say_why_not() {
    none_of(repository::rust_files().iter().filter_map(check_length).collect());
}

#[test]
fn every_rust_file_says_what_it_holds() {
    let files = repository::rust_files();
    none_of(files.iter().filter_map(check_head).chain(files.iter().filter_map(check_name)).collect());
}

#[test]
fn main_files_are_wiring() {
    none_of(repository::rust_files().iter().flat_map(check_main).collect());
}

#[test]
fn nothing_is_left_unfinished() {
    none_of(repository::rust_files().iter().flat_map(check_code).collect());
}

#[test]
fn text_is_clean_and_of_no_machine() {
    let made_by_tools = |file: &&File| file.path != "Cargo.lock" && file.path != "LICENSE";
    none_of(repository::files().iter().filter(made_by_tools).flat_map(check_text).collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File::sample(path, text)
    }

    #[test]
    fn a_long_file_needs_a_reason_and_a_very_long_one_has_none() {
        let of = |lines: usize, head: &str| file("shared/a/src/a.rs", &format!("{head}\n{}", "x\n".repeat(lines - 1)));
        assert_eq!(check_length(&of(300, "//! A.")), None);
        caught(&Vec::from_iter(check_length(&of(301, "//! A."))), "301 lines");
        assert_eq!(check_length(&of(400, "// Longer than 300 lines because it is one table.")), None);
        caught(&Vec::from_iter(check_length(&of(400, "// Longer than 300 lines because"))), "400 lines");
        caught(&Vec::from_iter(check_length(&of(501, "//! Longer than 300 lines because it is one table."))), "501");
        assert_eq!(check_length(&file("shared/a/tests/a.rs", &"x\n".repeat(600))), None);
    }

    #[test]
    fn a_file_without_a_head_and_a_mod_file_are_found() {
        caught(&Vec::from_iter(check_head(&file("a.rs", "use a;\n"))), "a.rs:1");
        assert_eq!(check_head(&file("a.rs", "//! A.\n")), None);
        caught(&Vec::from_iter(check_name(&file("src/a/mod.rs", ""))), "mod.rs");
    }

    #[test]
    fn a_branch_in_wiring_is_found() {
        let main = "functions/a/src/main.rs";
        caught(&check_main(&file(main, "//! A.\nfn main() {\n    if x {}\n}\n")), ":3: `if`");
        caught(&check_main(&file(main, &"x\n".repeat(41))), "41 lines");
        assert_eq!(check_main(&file(main, "//! Starts it, if asked for.\nfn main() {}\n")), []);
        assert_eq!(check_main(&file("functions/a/src/lib.rs", "if x {}")), []);
    }

    #[test]
    fn unfinished_code_is_found() {
        for code in ["todo!()", "dbg!(x)", "unimplemented!()"] {
            caught(&check_code(&file("a.rs", &format!("    {code}\n"))), "a.rs:1");
        }
        caught(&check_code(&file("a.rs", &["#[", "ignore]\n"].concat())), "ignored test");
        assert_eq!(check_code(&file("a.rs", "// todo!()\nlet my_todo = 1;\n")), []);
    }

    #[test]
    fn unclean_text_is_found() {
        let path = ["/ho", "me/me/x"].concat();
        caught(&check_text(&file("a.md", &format!("see {path}\n"))), "path of one machine");
        caught(&check_text(&file("a.md", "a\u{9}b\n")), "tab");
        caught(&check_text(&file("a.md", "a \n")), "white space");
        caught(&check_text(&file("a.md", "a")), "one newline");
        caught(&check_text(&file("a.md", "a\n\n")), "one newline");
        assert_eq!(check_text(&file("a.md", &format!("https://example.com{path}\n"))), []);
    }
}
