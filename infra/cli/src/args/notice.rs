//! The command line of `habeas notice`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with notices.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum NoticeCommand {
    /// Write notices with made-up values, as a mail would show them.
    Preview(PreviewArguments),
}

/// Which notices, and where they go.
#[derive(Clone, Debug, Args)]
pub(crate) struct PreviewArguments {
    /// Name of a notice, such as `request_received`; all if not said.
    #[arg(long)]
    pub(crate) notice: Option<String>,
    /// Language, such as `de`; all if not said.
    #[arg(long)]
    pub(crate) language: Option<String>,
    /// The HTML part only.
    #[arg(long, conflicts_with = "text")]
    pub(crate) html: bool,
    /// The text part only.
    #[arg(long)]
    pub(crate) text: bool,
    /// JSON file of own templates, in the form of `templates` in `PUT /privacy/notices`; they are checked first.
    #[arg(long)]
    pub(crate) templates: Option<PathBuf>,
    /// Directory for one file per notice, language and part; standard output if not said.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}
