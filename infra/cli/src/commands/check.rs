//! Placeholder for `check`.

use std::process::ExitCode;

use crate::args::CheckArguments;

/// Not built yet.
pub(crate) fn run(_arguments: &CheckArguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("check is not built yet")
}
