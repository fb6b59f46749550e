//! `habeas down`: ends what `up` started in this checkout, by pid file.

use std::fs;
use std::process::ExitCode;

use crate::args::DownArguments;
use crate::emulator::Emulator;
use crate::home::Home;
use crate::{proxy, report};

/// Stops the proxy and the emulator; saying so twice is harmless.
pub(crate) async fn run(arguments: &DownArguments) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let spinner = report::spinner("stopping");
    let proxy = proxy::stop(&home).await;
    let emulator = Emulator::new(&home, 0).stop().await;
    spinner.finish_and_clear();
    forget(&home);
    if arguments.purge {
        purge(&home)?;
    }
    report::note(if proxy || emulator { "stopped" } else { "nothing was running" });
    Ok(ExitCode::SUCCESS)
}

/// Removes what was written down about a stack that is no longer there.
pub(crate) fn forget(home: &Home) {
    for name in ["stack.json", "deployed.json"] {
        // Absent already is what we want.
        drop(fs::remove_file(home.state(name)));
    }
}

/// Removes all of `.habeas` but the Python environment, which holds nothing of the user's.
fn purge(home: &Home) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(home.state("")) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.ends_with("venv") {
            continue;
        }
        if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
    }
    Ok(())
}
