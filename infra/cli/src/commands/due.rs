//! Placeholder for `due`.

use std::process::ExitCode;

use crate::args::DueArguments;

/// Not built yet.
pub(crate) fn run(_arguments: &DueArguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("due is not built yet")
}
