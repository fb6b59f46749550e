//! `datamap lint` and `datamap publish`: the map is checked, compiled, stored under its hash and made current.

mod policy;

use std::path::Path;
use std::process::ExitCode;

use adapters_aws::{Aws, CallCounter};
use anyhow::Context as _;
use datamap::Severity;
use domain::ids::{OpNonce, TenantId};

use self::policy::Rights;
use crate::args::{DatamapCommand, DatamapLintArguments};
use crate::commands::load::read_map;
use crate::home::Home;
use crate::stack::Stack;
use crate::{report, waiting};

/// What `publish` made current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    /// SHA-256 of the canonical map.
    pub(crate) hash: String,
    /// The managed policy that lets the export worker read the map's sources.
    pub(crate) policy_arn: String,
    /// The managed policy that lets the erasure worker change them.
    pub(crate) erase_arn: String,
}

/// Runs the subcommand.
pub(crate) async fn run(command: &DatamapCommand) -> anyhow::Result<ExitCode> {
    match command {
        DatamapCommand::Lint(arguments) => lint(arguments),
        DatamapCommand::Publish(arguments) => {
            let stack = Stack::load(&Home::find()?)?;
            let tenant = arguments.tenant.as_deref().unwrap_or(&stack.tenant);
            let published = publish(&stack, &arguments.dir, tenant).await?;
            report::note(&format!("tenant {tenant} now follows data map {}", published.hash));
            report::note(&format!("its sources are readable by {}", published.policy_arn));
            report::note(&format!("and the erasure worker may erase in them by {}", published.erase_arn));
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Lints, compiles, stores and points to the map, and refreshes the read policy; running it again changes nothing.
pub(crate) async fn publish(stack: &Stack, dir: &Path, tenant: &str) -> anyhow::Result<Published> {
    let map = read_map(dir)?;
    let tenant: TenantId = tenant.parse().with_context(|| format!("{tenant} is not the name of a tenant"))?;
    let config = stack.aws_config().await;
    // One policy for each tenant, given to the worker at once: publishing for one takes nothing from another.
    let named = |rights: &str| format!("{}-{rights}-{tenant}", stack.stack_name);
    let policy_arn = policy::refresh(&config, &named("read"), &map, Rights::Read).await?;
    let erase_arn = policy::refresh(&config, &named("erase"), &map, Rights::Erase).await?;
    let sample_arn = policy::refresh(&config, &named("sample"), &map, Rights::Sample).await?;
    policy::attach(&config, &policy_arn, stack.resource("ExportWorkerRole")?).await?;
    // Records of consent are read for each batch of change events.
    policy::attach(&config, &policy_arn, stack.resource("MaskingStreamRole")?).await?;
    policy::attach(&config, &sample_arn, stack.resource("DiscoverySweepRole")?).await?;
    policy::attach(&config, &sample_arn, stack.resource("RestoreReplayRole")?).await?;
    policy::attach(&config, &sample_arn, stack.resource("AnonymizeApiRole")?).await?;
    for arn in [&policy_arn, &erase_arn] {
        policy::attach(&config, arn, stack.resource("ErasureWorkerRole")?).await?;
        policy::attach(&config, arn, stack.resource("RetentionSweepRole")?).await?;
    }
    let aws = Aws::new(config, CallCounter::process());
    let store = aws.job_store(stack.resource("JobsTable")?, stack.resource("KeyringTable")?);
    let maps = aws.data_maps(stack.resource("ConfigBucket")?);
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| anyhow::anyhow!("the system gives no random bytes"))?;
    let now = jiff::Timestamp::from_second(waiting::epoch_seconds())?;
    let published = maps.publish(&*store, &tenant, &map, OpNonce::new(random), now).await;
    Ok(Published { hash: published.context("cannot publish the data map")?, policy_arn, erase_arn })
}

fn lint(arguments: &DatamapLintArguments) -> anyhow::Result<ExitCode> {
    let dir = &arguments.dir;
    let checked = datamap::read_dir(dir).with_context(|| format!("cannot read the data map in {}", dir.display()))?;
    let errors = checked.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    if arguments.json {
        report::line(&serde_json::to_string(&checked.findings)?);
    } else {
        checked.findings.iter().for_each(|finding| report::line(&finding.to_string()));
        let warnings = checked.findings.len() - errors;
        let collections = checked.map.as_ref().map_or(0, |map| map.collections.len());
        report::note(&format!("{errors} errors, {warnings} warnings, {collections} collections compiled"));
    }
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
