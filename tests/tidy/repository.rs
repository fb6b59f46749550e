//! The files of the checkout, as text with their paths relative to its root.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the repository.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Path from the root, with `/` between its parts.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) text: String,
}

impl File {
    /// A file that is nowhere on disk, to try a check on.
    pub(crate) fn sample(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether the path ends so.
    pub(crate) fn is(&self, ending: &str) -> bool {
        self.path.ends_with(ending)
    }

    /// Whether it is test code as a whole: a suite, its support, a bench or a `tests.rs`.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || ["/tests/", "/benches/"].iter().any(|part| self.path.contains(part))
            || self.is("/tests.rs")
    }

    /// The lines before the unit tests, numbered from 1.
    pub(crate) fn lines_before_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        numbered.take_while(|(_, line)| *line != "#[cfg(test)]")
    }
}

/// The root of the checkout: the nearest directory upwards that holds the template.
pub(crate) fn root() -> PathBuf {
    let here = std::env::current_dir().unwrap();
    here.ancestors().find(|directory| directory.join("infra/template.yaml").is_file()).unwrap().to_path_buf()
}

/// Every text file that belongs to the repository: not what is built, hidden state or version control.
pub(crate) fn files() -> Vec<File> {
    let root = root();
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The Rust files among them.
pub(crate) fn rust_files() -> Vec<File> {
    files().into_iter().filter(|file| file.is(".rs")).collect()
}

/// The text of one file, or none if it is not there.
pub(crate) fn read(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

/// The names of the functions: the directories under `functions/`.
pub(crate) fn function_names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<File>) {
    const SKIPPED: [&str; 5] = [".git", ".habeas", "target", "__pycache__", "node_modules"];
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if SKIPPED.contains(&name) || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            files.push(File { path, text });
        }
    }
}
