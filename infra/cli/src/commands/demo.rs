//! Placeholder for `demo`.

use std::process::ExitCode;

use crate::args::DemoArguments;

/// Not built yet.
pub(crate) async fn run(_arguments: &DemoArguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("demo is not built yet")
}
