//! The arguments of `habeas export`: what to take away from the stack, and where to.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to take away.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// Write a tenant's audit log as files: tiles, entries, checkpoint and public key, for `verify log`.
    Log(ExportLogArguments),
}

/// Whose log, and where to.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExportLogArguments {
    /// Tenant whose log it is.
    #[arg(long)]
    pub(crate) tenant: String,
    /// Directory to write to; made if it isn't there. What is there already stays.
    #[arg(long)]
    pub(crate) out: PathBuf,
}
