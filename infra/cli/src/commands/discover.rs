//! `habeas discover`: what mapped sources hold beside what the data map says, by the stack's sweep or over local files.
//!
//! It prints masked examples and a diff of the map to be judged by a person; it changes no map.

mod files;
mod shown;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use aws_sdk_lambda::primitives::Blob;
use domain::ids::TenantId;
use serde_json::{Value, json};
use workflow::discover::{Survey, survey};

use self::files::Files;
use self::shown::Report;
use super::load::{data_dir, read_map};
use crate::args::DiscoverArguments;
use crate::home::Home;
use crate::stack::Stack;
use crate::{report, waiting};

/// The tenant of files where nobody is named.
const NOBODY: &str = "files";

/// Looks, and prints what was found.
pub(crate) async fn run(arguments: &DiscoverArguments) -> anyhow::Result<ExitCode> {
    let found = match &arguments.dir {
        Some(dir) => of_files(dir, arguments).await?,
        None => of_stack(arguments.tenant.as_deref()).await?,
    };
    let told: Report = serde_json::from_value(found.clone()).context("the report can't be read")?;
    if arguments.json {
        report::line(&found.to_string());
    } else {
        report::line(told.to_string().trim_end());
    }
    report::note(&told.summary());
    Ok(if arguments.check && !told.is_clean() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn of_files(dir: &Path, arguments: &DiscoverArguments) -> anyhow::Result<Value> {
    ensure!(arguments.rows > 0, "--rows must be at least 1");
    let named = arguments.tenant.as_deref();
    let tenant = named.unwrap_or(NOBODY);
    let tenant: TenantId = tenant.parse().with_context(|| format!("{tenant} is not the name of a tenant"))?;
    let map = Arc::new(read_map(dir)?);
    let files = Files::of(&map, &data_dir(dir)?, named.is_some())?;
    let at = jiff::Timestamp::from_second(waiting::epoch_seconds())?;
    let order = Survey { tenant, hash: map.hash()?, map, rows: arguments.rows, at };
    Ok(serde_json::to_value(survey(&files, order).await)?)
}

/// Lets the sweep look, as its schedule does: the report is stored and recorded there as well.
async fn of_stack(tenant: Option<&str>) -> anyhow::Result<Value> {
    let stack = Stack::load(&Home::find()?)?;
    let tenant = tenant.unwrap_or(&stack.tenant);
    let waiting = report::spinner("the stack looks at its sources");
    let client = aws_sdk_lambda::Client::new(&stack.aws_config().await);
    let order = Blob::new(json!({ "tenant": tenant }).to_string());
    let called = client.invoke().function_name(stack.resource("DiscoverySweep")?).payload(order).send().await;
    waiting.finish_and_clear();
    let answer = called.context("the discovery sweep could not be called")?;
    let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
    ensure!(
        answer.function_error.is_none(),
        "the sources of {tenant} could not be looked at (is a data map published for it?): {}",
        String::from_utf8_lossy(&payload)
    );
    let mut answer: Value = serde_json::from_slice(&payload).context("the answer of the discovery sweep")?;
    let report = answer["reports"].get_mut(0).map(Value::take);
    report.with_context(|| format!("{tenant} is not the name of a tenant"))
}
