//! Deploys one template by change set and tells why it failed. What is deployed is decided in `deployment`.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types::{
    Capability, ChangeSetStatus, ChangeSetType, Parameter, ResourceStatus, Stack, StackStatus,
};

use crate::waiting::{epoch_milliseconds, pause};

/// What a deployed stack says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Deployed {
    /// Id of the stack: another one after the stack was deleted and made again.
    pub(crate) stack_id: String,
    /// Outputs of the template.
    pub(crate) outputs: BTreeMap<String, String>,
}

/// The stack as it stands; `None` if there is none, or one that was never created whole.
pub(crate) async fn describe(client: &Client, name: &str) -> anyhow::Result<Option<Deployed>> {
    let Some(stack) = find(client, name).await? else { return Ok(None) };
    let usable = is_whole(&stack) || stack.stack_status() == Some(&StackStatus::UpdateRollbackComplete);
    Ok(usable.then(|| deployed(&stack)))
}

/// Creates or updates the stack and waits for the end; nothing to change is success.
pub(crate) async fn deploy(
    client: &Client,
    name: &str,
    template_url: &str,
    parameters: &BTreeMap<String, String>,
) -> anyhow::Result<Deployed> {
    let existing = remove_failed(client, name).await?;
    let kind = if existing { ChangeSetType::Update } else { ChangeSetType::Create };
    let change_set = format!("habeas-{}", epoch_milliseconds());
    let parameters =
        parameters.iter().map(|(key, value)| Parameter::builder().parameter_key(key).parameter_value(value).build());
    client
        .create_change_set()
        .stack_name(name)
        .change_set_name(&change_set)
        .change_set_type(kind)
        .template_url(template_url)
        .set_parameters(Some(parameters.collect()))
        .capabilities(Capability::CapabilityIam)
        .capabilities(Capability::CapabilityAutoExpand)
        .send()
        .await
        .map_err(told)
        .context("the template was refused")?;
    if !has_changes(client, name, &change_set).await? {
        return describe(client, name).await?.context("the stack has vanished while it was deployed");
    }
    client.execute_change_set().stack_name(name).change_set_name(&change_set).send().await.map_err(told)?;
    finish(client, name).await
}

/// What the service said, in one line; the whole chain where the call never reached it.
fn told<E: ProvideErrorMetadata + std::error::Error + 'static>(error: SdkError<E>) -> anyhow::Error {
    let message = error.message().map(|message| message.split_whitespace().collect::<Vec<_>>().join(" "));
    anyhow::anyhow!(message.unwrap_or_else(|| DisplayErrorContext(error).to_string()))
}

async fn has_changes(client: &Client, name: &str, change_set: &str) -> anyhow::Result<bool> {
    loop {
        let request = client.describe_change_set().stack_name(name).change_set_name(change_set);
        let found = request.send().await.map_err(told)?;
        let reason = found.status_reason().unwrap_or("no reason given");
        match found.status() {
            Some(ChangeSetStatus::CreateComplete) => return Ok(true),
            Some(ChangeSetStatus::Failed) if reason.contains("didn't contain changes") => return Ok(false),
            Some(ChangeSetStatus::Failed) => bail!("the change set failed: {reason}"),
            Some(_) | None => pause(100).await,
        }
    }
}

async fn finish(client: &Client, name: &str) -> anyhow::Result<Deployed> {
    loop {
        let stack = find(client, name).await?.context("the stack has vanished while it was deployed")?;
        let status = stack.stack_status().map_or("", StackStatus::as_str).to_owned();
        if status.ends_with("IN_PROGRESS") && status != "REVIEW_IN_PROGRESS" {
            pause(150).await;
            continue;
        }
        ensure!(is_whole(&stack), "deploying {name} ended as {status}: {}", first_failure(client, name).await);
        return Ok(deployed(&stack));
    }
}

/// The resource that failed first, and the reason it gave.
async fn first_failure(client: &Client, name: &str) -> String {
    let Ok(page) = client.describe_stack_events().stack_name(name).send().await else {
        return "no events can be read".to_owned();
    };
    let failed = page.stack_events().iter().rev().find(|event| {
        let cancelled = event.resource_status_reason().is_some_and(|reason| reason.contains("cancelled"));
        event.resource_status().is_some_and(|status| status.as_str().ends_with("FAILED")) && !cancelled
    });
    failed.map_or_else(
        || "no event names a reason".to_owned(),
        |event| {
            let resource = event.logical_resource_id().unwrap_or("?");
            let status = event.resource_status().map_or("?", ResourceStatus::as_str);
            format!("{resource} {status}: {}", event.resource_status_reason().unwrap_or("no reason given"))
        },
    )
}

/// A stack whose first creation failed can only be removed; true if a usable one is there.
async fn remove_failed(client: &Client, name: &str) -> anyhow::Result<bool> {
    let Some(stack) = find(client, name).await? else { return Ok(false) };
    match stack.stack_status().map(StackStatus::as_str) {
        Some("REVIEW_IN_PROGRESS") => Ok(false),
        Some("ROLLBACK_COMPLETE" | "CREATE_FAILED" | "ROLLBACK_FAILED") => {
            let request = client.delete_stack().stack_name(name);
            request.send().await.map_err(told)?;
            while find(client, name).await?.is_some() {
                pause(200).await;
            }
            Ok(false)
        }
        Some(_) | None => Ok(true),
    }
}

async fn find(client: &Client, name: &str) -> anyhow::Result<Option<Stack>> {
    match client.describe_stacks().stack_name(name).send().await {
        Ok(page) => Ok(page.stacks().first().filter(|stack| !is_gone(stack)).cloned()),
        Err(error) => {
            let said = told(error);
            ensure!(said.to_string().contains("does not exist"), "CloudFormation does not answer: {said}");
            Ok(None)
        }
    }
}

fn is_gone(stack: &Stack) -> bool {
    stack.stack_status() == Some(&StackStatus::DeleteComplete)
}

fn is_whole(stack: &Stack) -> bool {
    matches!(
        stack.stack_status().map(StackStatus::as_str),
        Some("CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE")
    )
}

fn deployed(stack: &Stack) -> Deployed {
    let outputs = stack
        .outputs()
        .iter()
        .filter_map(|output| Some((output.output_key()?.to_owned(), output.output_value()?.to_owned())));
    Deployed { stack_id: stack.stack_id().unwrap_or_default().to_owned(), outputs: outputs.collect() }
}
