//! `habeas bench`: measures, and prints each figure beside its limit or peer from the same run.

mod cold_start;
mod export;
mod export_memory;
mod proofs;
mod retention;

use std::process::ExitCode;

use serde::Serialize;

use crate::args::BenchArguments;
use crate::home::Home;
use crate::report;

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: String,
    /// The figure.
    pub(crate) value: f64,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// What stands beside it: the limit or the peer of the same run, and the bar to reach.
    pub(crate) beside: String,
}

/// Runs every bench whose name contains the filter.
pub(crate) async fn run(arguments: &BenchArguments) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let wanted = |name: &str| arguments.filter.as_deref().is_none_or(|filter| name.contains(filter));
    let mut figures = Vec::new();
    if wanted("cold start") {
        figures.extend(cold_start::measure(&home).await?);
    }
    if wanted("export") {
        figures.extend(export::measure(&home)?);
    }
    if wanted("retention") {
        figures.extend(retention::measure(&home)?);
    }
    // Writes a gigabyte and exports it: only when asked for by name.
    if arguments.filter.as_deref() == Some("big exports") {
        figures.extend(export_memory::measure(&home).await?);
    }
    // Builds the tests optimised: only when asked for by name too.
    if arguments.filter.as_deref() == Some("proofs") {
        figures.extend(proofs::measure(&home)?);
    }
    if arguments.json {
        report::line(&serde_json::to_string_pretty(&figures)?);
    } else {
        for figure in &figures {
            report::line(&format!("{:44} {:>10.1} {:8} {}", figure.name, figure.value, figure.unit, figure.beside));
        }
    }
    Ok(ExitCode::SUCCESS)
}
