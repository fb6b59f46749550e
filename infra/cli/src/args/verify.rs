//! The arguments of `habeas verify`: what to check, and the keys that are trusted. Nothing is looked up anywhere.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to check. The exit code is 0 if it holds, 1 if it is broken, 2 if it could not be checked.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum VerifyCommand {
    /// Re-read a whole audit log and name the first place that is broken.
    Log(VerifyLogArguments),
    /// Check that one event is in the signed log (c2sp.org/tlog-proof).
    Proof(VerifyProofArguments),
    /// Check the signature of a receipt, and its place in the log if it names one.
    Receipt(VerifyReceiptArguments),
}

/// Which log, and what is trusted.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyLogArguments {
    /// Directory with `checkpoint` and `tile/`, as `export log` writes it or the evidence bucket holds it.
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// Public key of the log: a PEM file, or a file with name+hash+key.
    #[arg(long, value_name = "PUB")]
    pub(crate) key: PathBuf,
    /// Name of the log; by default the name in the key file, else the one the checkpoint states.
    #[arg(long)]
    pub(crate) origin: Option<String>,
    /// A checkpoint kept from before, which this log must continue; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Vec<PathBuf>,
}

/// Which proof, and what is trusted.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyProofArguments {
    /// The proof.
    pub(crate) file: PathBuf,
    /// Public key of the log: a PEM file, or a file with name+hash+key.
    #[arg(long, value_name = "PUB")]
    pub(crate) key: PathBuf,
    /// Name of the log; by default the name in the key file, else the one the checkpoint states.
    #[arg(long)]
    pub(crate) origin: Option<String>,
    /// The event, if the proof doesn't carry it.
    #[arg(long, value_name = "FILE")]
    pub(crate) event: Option<PathBuf>,
}

/// Which receipt, and what is trusted.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyReceiptArguments {
    /// The receipt.
    pub(crate) file: PathBuf,
    /// Public key of the receipts, a PEM file.
    #[arg(long, value_name = "PUB")]
    pub(crate) key: PathBuf,
    /// The proof that came beside the receipt: its place in the audit log.
    #[arg(long, value_name = "FILE", requires = "log_key")]
    pub(crate) proof: Option<PathBuf>,
    /// Public key of the audit log: a PEM file, or a file with name+hash+key.
    #[arg(long, value_name = "PUB", requires = "proof")]
    pub(crate) log_key: Option<PathBuf>,
    /// Name of the log; by default the name in the key file, else the one the checkpoint states.
    #[arg(long, requires = "proof")]
    pub(crate) origin: Option<String>,
}
