//! Processes we leave running: each known by a pid file and recognised by its command line before it is ended.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::waiting::pause;

/// Starts a process in a group of its own, with its output in `log` and its pid in `pid_file`.
pub(crate) fn start(command: &mut Command, log: &Path, pid_file: &Path) -> anyhow::Result<()> {
    if let Some(directory) = pid_file.parent() {
        fs::create_dir_all(directory)?;
    }
    let output = fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let child = command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
    fs::write(pid_file, child.id().to_string()).with_context(|| format!("cannot write {}", pid_file.display()))
}

/// The pid in the file, if that process lives and its command line still holds `marker`.
pub(crate) fn running(pid_file: &Path, marker: &str) -> Option<u32> {
    let pid = fs::read_to_string(pid_file).ok()?.trim().parse().ok()?;
    command_line(pid)?.contains(marker).then_some(pid)
}

/// Ends the process and waits for it; false if it did not run. A foreign process with a reused pid is left alone.
pub(crate) async fn stop(pid_file: &Path, marker: &str) -> bool {
    let was_running = running(pid_file, marker).is_some();
    for (signal, tries) in [("TERM", 100), ("KILL", 20)] {
        let Some(pid) = running(pid_file, marker) else { break };
        send(signal, pid);
        for _ in 0..tries {
            if running(pid_file, marker).is_none() {
                break;
            }
            pause(100).await;
        }
    }
    // Absent already is what we want.
    drop(fs::remove_file(pid_file));
    was_running
}

/// The living processes of a deployed function, which carry its name in their environment; none where there is no `/proc`.
pub(crate) fn of_function(name: &str) -> Vec<u32> {
    let variable = format!("AWS_LAMBDA_FUNCTION_NAME={name}");
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let carries = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|it| it == variable.as_bytes())
    };
    pids.filter(carries).collect()
}

/// The most memory a process has had (`VmHWM`), in MiB; none if it has ended or tells nothing.
pub(crate) fn peak_mebibytes(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

/// The shell's own `kill`, since slim images carry no such program.
fn send(signal: &str, pid: u32) {
    let script = format!("kill -{signal} {pid}");
    drop(Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status());
}

fn command_line(pid: u32) -> Option<String> {
    if Path::new("/proc/self/cmdline").exists() {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        return Some(String::from_utf8_lossy(&bytes).replace('\0', " "));
    }
    let output = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
