//! What `habeas anonymize` is told.

use std::path::PathBuf;

use clap::Args;

/// What to make unreadable, how, and where it goes.
#[derive(Clone, Debug, Args)]
pub(crate) struct AnonymizeArguments {
    /// A file, a directory, or - for standard input.
    pub(crate) source: String,
    /// How: `redaction`, `masking`, `hashing`, `generalization`, `pseudonymization` or `noise_addition` for values;
    /// `k_anonymity`, `l_diversity` or `t_closeness` for a CSV table as a whole.
    #[arg(long, default_value = "masking")]
    pub(crate) method: String,
    /// File, or directory for a directory, that is written; standard output where nothing is said.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Only these fields, by name or path such as a.b[2].c, with commas between them.
    #[arg(long, value_delimiter = ',')]
    pub(crate) fields: Option<Vec<String>>,
    /// File with the 32 bytes of a key: with it, hashes and pseudonyms are the same in every run.
    #[arg(long)]
    pub(crate) key_file: Option<PathBuf>,
    /// Take every line as plain text, whatever the name or the first line says.
    #[arg(long)]
    pub(crate) text: bool,
    /// Look for names and places in free text too: slower, and less sure.
    #[arg(long)]
    pub(crate) people: bool,
    /// Columns that together lead to a person, with commas between them (tables).
    #[arg(long, value_delimiter = ',')]
    pub(crate) quasi_identifiers: Vec<String>,
    /// Of these, columns of numbers, which are widened to ranges (tables).
    #[arg(long, value_delimiter = ',')]
    pub(crate) numeric: Vec<String>,
    /// Columns that stay as they are (tables); columns named nowhere are left out.
    #[arg(long, value_delimiter = ',')]
    pub(crate) sensitive: Vec<String>,
    /// Rows of the smallest group (tables).
    #[arg(long, default_value_t = 5)]
    pub(crate) k: usize,
    /// Different sensitive values of each group (`l_diversity`).
    #[arg(long, default_value_t = 3)]
    pub(crate) l: usize,
    /// Distance of each group's sensitive values from those of the whole (`t_closeness`).
    #[arg(long)]
    pub(crate) t: Option<f64>,
    /// Share of rows that may lose all quasi-identifiers (tables).
    #[arg(long, default_value_t = 0.0)]
    pub(crate) suppression_limit: f64,
}
