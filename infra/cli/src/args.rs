//! The command line as types. What each command does is in `commands/<name>.rs`.

mod anonymize;
mod discover;
mod export;
mod notice;
mod verify;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use anonymize::AnonymizeArguments;
pub(crate) use discover::DiscoverArguments;
pub(crate) use export::{ExportCommand, ExportLogArguments};
pub(crate) use notice::{NoticeCommand, PreviewArguments};
pub(crate) use verify::{VerifyCommand, VerifyLogArguments, VerifyProofArguments, VerifyReceiptArguments};

/// Privacy workers for AWS: deploy, try and look after a Habeas stack.
#[derive(Debug, Parser)]
#[command(name = "habeas", version)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands of the program.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the local stack (or use the one of `AWS_ENDPOINT_URL`), deploy to it and load the sample company.
    Up(UpArguments),
    /// Stop what `up` started; --purge removes its state and this checkout's keys too.
    Down(DownArguments),
    /// Run one access request from submission to the verified archive.
    Demo(DemoArguments),
    /// Print a token signed with the local key.
    Token(TokenArguments),
    /// Check or publish a data map.
    #[command(subcommand)]
    Datamap(DatamapCommand),
    /// Load NDJSON, CSV and Parquet files into the tables and buckets of a data map.
    Load(LoadArguments),
    /// Build the functions and make one zip for each.
    Package(PackageArguments),
    /// Format, lint, licence and tidy checks, as CI runs them.
    Check(CheckArguments),
    /// Measure, and print each figure beside its limit.
    Bench(BenchArguments),
    /// The legal due date of a request, and how it comes about.
    Due(DueArguments),
    /// Say which columns of mapped sources hold personal data, and where the data map doesn't say so.
    Discover(DiscoverArguments),
    /// Find personal data in text, NDJSON, JSON, CSV and Parquet; prints where it is, never what it is.
    Scan(ScanArguments),
    /// Make personal data in text, NDJSON, JSON, CSV and Parquet unreadable, or a table anonymous as a whole.
    Anonymize(AnonymizeArguments),
    /// Take something away from the stack.
    #[command(subcommand)]
    Export(ExportCommand),
    /// Check an audit log, a proof or a receipt, offline, with the public key alone.
    #[command(subcommand)]
    Verify(VerifyCommand),
    /// Look at the notices people are sent.
    #[command(subcommand)]
    Notice(NoticeCommand),
    /// Pass plain HTTP through to the API of the local stack.
    #[command(hide = true)]
    Proxy(ProxyArguments),
}

/// How `up` starts and deploys.
#[derive(Clone, Debug, Args)]
pub(crate) struct UpArguments {
    /// Return when the stack answers, and leave it running.
    #[arg(long)]
    pub(crate) detach: bool,
    /// Cargo profile of the functions: `dev` (one build with the CLI and the tests), `local` (optimised) or `release` (AWS).
    #[arg(long, default_value = "dev")]
    pub(crate) profile: String,
    /// Port of the emulator.
    #[arg(long, default_value_t = 4566)]
    pub(crate) port: u16,
    /// Port of the plain HTTP address of the API.
    #[arg(long, default_value_t = 8787)]
    pub(crate) proxy_port: u16,
    /// A stack that runs already: nothing is started.
    #[arg(long, env = "AWS_ENDPOINT_URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Region to deploy to.
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    pub(crate) region: String,
    /// Template parameter to override, as Name=Value; may be repeated.
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<String>,
    /// Leave the sample company out.
    #[arg(long)]
    pub(crate) no_sample: bool,
    /// Take the binaries that are in target/lambda already.
    #[arg(long)]
    pub(crate) no_build: bool,
}

/// How much `down` removes.
#[derive(Clone, Debug, Args)]
pub(crate) struct DownArguments {
    /// Remove the state directory `.habeas` too, but for the Python environment.
    #[arg(long)]
    pub(crate) purge: bool,
}

/// Whose data `demo` exports.
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArguments {
    /// Print one JSON object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Erase a person in place of exporting: plan, approval, erasure, receipt, and an export that is empty.
    #[arg(long)]
    pub(crate) erase: bool,
    /// A directory with a data map and NDJSON or CSV files, in place of the sample company.
    #[arg(long, requires = "subject")]
    pub(crate) data: Option<PathBuf>,
    /// E-mail address of the person.
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// How to start the stack if it does not run.
    #[command(flatten)]
    pub(crate) up: UpArguments,
}

/// What the token says.
#[derive(Clone, Debug, Args)]
pub(crate) struct TokenArguments {
    /// Tenant the bearer belongs to.
    #[arg(long)]
    pub(crate) tenant: String,
    /// Role of the bearer.
    #[arg(long, value_enum)]
    pub(crate) role: Role,
    /// E-mail address of the bearer, taken as verified.
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// Organisation of the bearer.
    #[arg(long)]
    pub(crate) org: Option<String>,
    /// Seconds the token lives.
    #[arg(long, default_value_t = 3600)]
    pub(crate) ttl: u32,
}

/// Roles a token may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// May do everything within the tenant.
    Owner,
    /// The data protection officer.
    Dpo,
    /// Handles requests.
    Operator,
    /// Works on data: scans, anonymises.
    Developer,
    /// Reads only.
    Auditor,
    /// The person whose data it is.
    #[value(name = "data_subject", alias = "subject")]
    DataSubject,
}

impl Role {
    /// The word used in the `roles` claim.
    pub(crate) const fn claim(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Dpo => "dpo",
            Self::Operator => "operator",
            Self::Developer => "developer",
            Self::Auditor => "auditor",
            Self::DataSubject => "data_subject",
        }
    }
}

/// Work on a data map.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DatamapCommand {
    /// Report every mistake with file and line.
    Lint(DatamapLintArguments),
    /// Lint, compile and make it the tenant's current map.
    Publish(DatamapPublishArguments),
}

/// Which map to check.
#[derive(Clone, Debug, Args)]
pub(crate) struct DatamapLintArguments {
    /// Directory of the data map.
    pub(crate) dir: PathBuf,
    /// Print the findings as one JSON array on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which map to publish, for whom.
#[derive(Clone, Debug, Args)]
pub(crate) struct DatamapPublishArguments {
    /// Directory of the data map.
    pub(crate) dir: PathBuf,
    /// Tenant the map belongs to; the stack's own by default.
    #[arg(long)]
    pub(crate) tenant: Option<String>,
}

/// What to load.
#[derive(Clone, Debug, Args)]
pub(crate) struct LoadArguments {
    /// Directory with a data map and its NDJSON, CSV and Parquet files.
    pub(crate) dir: PathBuf,
}

/// How to build the functions.
#[derive(Clone, Debug, Args)]
pub(crate) struct PackageArguments {
    /// Cargo profile.
    #[arg(long, default_value = "release")]
    pub(crate) profile: String,
}

/// Which checks to run.
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArguments {
    /// Repair what can be repaired (formatting) instead of reporting it.
    #[arg(long)]
    pub(crate) fix: bool,
}

/// What to measure.
#[derive(Clone, Debug, Args)]
pub(crate) struct BenchArguments {
    /// Print one JSON object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Only the figures whose name contains this text; `big exports` alone writes and exports a gigabyte, `proofs` builds the tests.
    pub(crate) filter: Option<String>,
}

/// Which clock to compute.
#[derive(Clone, Debug, Args)]
pub(crate) struct DueArguments {
    /// When the request was received: a date, or an RFC 3339 instant.
    #[arg(long, value_name = "DATE|INSTANT")]
    pub(crate) received: String,
    /// Law the request is made under: `gdpr`, `uk_gdpr`, `ccpa`, `ccpa_opt_out`, `hipaa`, `lgpd` or `breach`.
    #[arg(long, default_value = "gdpr")]
    pub(crate) regime: String,
    /// Time zone of the controller.
    #[arg(long, default_value = "UTC")]
    pub(crate) timezone: String,
    /// Public holidays, such as eu/de, uk/england or weekends; the usual ones of the law by default.
    #[arg(long)]
    pub(crate) calendar: Option<String>,
    /// Count the extension in.
    #[arg(long)]
    pub(crate) extended: bool,
    /// A wait for proof of the person's identity, two dates or instants; may be repeated.
    #[arg(long, value_name = "FROM/TO")]
    pub(crate) paused: Vec<String>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to scan, and how to say what was found.
#[derive(Clone, Debug, Args)]
pub(crate) struct ScanArguments {
    /// A file, a directory, or - for standard input.
    pub(crate) source: String,
    /// Print one JSON object per find on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Take every line as plain text, whatever the name or the first line says.
    #[arg(long)]
    pub(crate) text: bool,
    /// Look for names and places in free text too: slower, and less sure.
    #[arg(long)]
    pub(crate) people: bool,
}

/// Where the proxy listens and what it passes through to.
#[derive(Clone, Debug, Args)]
pub(crate) struct ProxyArguments {
    /// Port to listen on, on 127.0.0.1.
    #[arg(long)]
    pub(crate) port: u16,
    /// Host and port of the stack.
    #[arg(long)]
    pub(crate) upstream: String,
    /// Host header the stack knows the API by.
    #[arg(long)]
    pub(crate) host: String,
}
