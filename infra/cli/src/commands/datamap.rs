//! Placeholder for `datamap`.

use std::path::Path;
use std::process::ExitCode;

use crate::args::DatamapCommand;
use crate::stack::Stack;

/// Not built yet.
pub(crate) async fn run(_command: &DatamapCommand) -> anyhow::Result<ExitCode> {
    anyhow::bail!("datamap is not built yet")
}

/// Not built yet.
pub(crate) async fn publish(_stack: &Stack, _dir: &Path, _tenant: &str) -> anyhow::Result<()> {
    Ok(())
}
