//! Placeholder for `bench`.

use std::process::ExitCode;

use crate::args::BenchArguments;

/// Not built yet.
pub(crate) async fn run(_arguments: &BenchArguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("bench is not built yet")
}
