//! The worker processes of this stack's emulator, and their sudden end.

use std::collections::HashMap;
use std::fs;
use std::process::Command;

use crate::harness::Stack;

/// Ends each living worker by `kill -9`; how many there were.
pub(crate) fn kill_workers(stack: &Stack) -> usize {
    kill(stack, &["ExportWorker", "NotificationWorker"])
}

/// Ends each living process of these functions by `kill -9`; how many there were.
pub(crate) fn kill(stack: &Stack, functions: &[&str]) -> usize {
    let pid_file = fs::read_to_string(stack.home.join(".habeas/emulator.pid")).unwrap();
    let emulator: u32 = pid_file.trim().parse().unwrap();
    let workers: Vec<&str> = functions.iter().map(|name| stack.resource(name)).collect();
    let ours = descendants(emulator).into_iter().filter(|pid| is_bootstrap(*pid) && runs_one_of(*pid, &workers));
    ours.filter(|pid| end(*pid)).count()
}

fn end(pid: u32) -> bool {
    let script = format!("kill -9 {pid}");
    Command::new("sh").args(["-c", &script]).stderr(std::process::Stdio::null()).status().unwrap().success()
}

fn is_bootstrap(pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| program.ends_with("bootstrap"))
}

fn runs_one_of(pid: u32, functions: &[&str]) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let mut variables = environment.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    variables.any(|it| it.strip_prefix("AWS_LAMBDA_FUNCTION_NAME=").is_some_and(|name| functions.contains(&name)))
}

/// All processes below one.
fn descendants(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Some(parent) = parent(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        let below = children.remove(&pid).unwrap_or_default();
        found.extend(&below);
        open.extend(below);
    }
    found
}

/// The parent, from the fields after the name, which may itself hold brackets and spaces.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
