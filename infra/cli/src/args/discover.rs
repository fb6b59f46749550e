//! What `habeas discover` is told.

use std::path::PathBuf;

use clap::Args;

/// Which sources are looked at, and how the report is printed.
#[derive(Clone, Debug, Args)]
pub(crate) struct DiscoverArguments {
    /// Directory with a data map and its NDJSON, CSV and Parquet files, as `load` takes them; the stack of this checkout
    /// looks at its own sources where nothing is said.
    pub(crate) dir: Option<PathBuf>,
    /// Tenant whose map and rows are meant; the stack's own by default, and of files all rows.
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// Rows of each collection of files, from their beginning.
    #[arg(long, default_value_t = 100, requires = "dir")]
    pub(crate) rows: usize,
    /// End with a failure where the map says less than there is, or a source can't be read.
    #[arg(long)]
    pub(crate) check: bool,
    /// Print the report as one JSON object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}
