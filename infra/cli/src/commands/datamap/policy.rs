//! The managed policies that let the workers read, and the erasure worker alone change, exactly the tables, indexes and
//! prefixes of a data map.

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_sdk_iam::Client;
use aws_sdk_iam::error::DisplayErrorContext;
use aws_sdk_iam::types::PolicyVersion;
use datamap::DataMap;
use serde_json::Value;

pub(super) use self::document::Rights;
use self::document::{Account, document};

mod document;

/// IAM keeps five versions of a managed policy.
const MAX_VERSIONS: usize = 5;

/// IAM's limit for a managed policy, white space not counted.
const MAX_CHARACTERS: usize = 6144;

/// Makes the policy say what the map needs, and gives back its ARN; a policy that says it already stays as it is.
pub(super) async fn refresh(config: &SdkConfig, name: &str, map: &DataMap, rights: Rights) -> anyhow::Result<String> {
    let account = account(config).await?;
    let wanted = document(map, &account, rights);
    let length = wanted.to_string().len();
    anyhow::ensure!(
        length <= MAX_CHARACTERS,
        "policy {name} would have {length} characters, IAM takes {MAX_CHARACTERS}: put fewer sources behind one stack"
    );
    let client = Client::new(config);
    let arn = format!("arn:{}:iam::{}:policy/{name}", account.partition, account.id);
    match client.get_policy().policy_arn(&arn).send().await {
        Ok(found) => {
            let current = found.policy().and_then(|policy| policy.default_version_id()).unwrap_or_default();
            if says(&client, &arn, current).await? != Some(wanted.clone()) {
                renew(&client, &arn, &wanted).await?;
            }
            Ok(arn)
        }
        Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_entity_exception()) => {
            create(&client, name, &wanted).await
        }
        Err(error) => anyhow::bail!("cannot look at policy {name}: {}", DisplayErrorContext(&error)),
    }
}

/// Gives a role the policy; a role that has it already stays as it is.
pub(super) async fn attach(config: &SdkConfig, arn: &str, role: &str) -> anyhow::Result<()> {
    let attached = Client::new(config).attach_role_policy().policy_arn(arn).role_name(role).send().await;
    attached.map_err(|error| anyhow::anyhow!("cannot give {arn} to role {role}: {}", DisplayErrorContext(&error)))?;
    Ok(())
}

async fn account(config: &SdkConfig) -> anyhow::Result<Account> {
    let caller = aws_sdk_sts::Client::new(config).get_caller_identity().send().await;
    let caller = caller.map_err(|error| anyhow::anyhow!("cannot tell the account: {}", DisplayErrorContext(&error)))?;
    let partition = caller.arn().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws").to_owned();
    let id = caller.account().context("the account has no number")?.to_owned();
    let region = config.region().context("no region is set")?.to_string();
    Ok(Account { partition, id, region })
}

async fn create(client: &Client, name: &str, document: &Value) -> anyhow::Result<String> {
    let request = client.create_policy().policy_name(name).policy_document(document.to_string());
    let request =
        request.description("Reaches the sources of the published data map; written by habeas datamap publish.");
    let made = request.send().await;
    let made = made.map_err(|error| anyhow::anyhow!("cannot make policy {name}: {}", DisplayErrorContext(&error)))?;
    made.policy().and_then(|policy| policy.arn()).map(str::to_owned).context("the new policy has no ARN")
}

/// Adds a version as the default one; the oldest others make room.
async fn renew(client: &Client, arn: &str, document: &Value) -> anyhow::Result<()> {
    let versions = client.list_policy_versions().policy_arn(arn).send().await;
    let versions =
        versions.map_err(|error| anyhow::anyhow!("cannot list versions of {arn}: {}", DisplayErrorContext(&error)))?;
    for version in superfluous(versions.versions()) {
        let removed = client.delete_policy_version().policy_arn(arn).version_id(version).send().await;
        removed.map_err(|error| {
            anyhow::anyhow!("cannot remove version {version} of {arn}: {}", DisplayErrorContext(&error))
        })?;
    }
    let request = client.create_policy_version().policy_arn(arn).policy_document(document.to_string());
    let made = request.set_as_default(true).send().await;
    made.map_err(|error| anyhow::anyhow!("cannot renew policy {arn}: {}", DisplayErrorContext(&error)))?;
    Ok(())
}

fn superfluous(versions: &[PolicyVersion]) -> Vec<&str> {
    let number = |version: &PolicyVersion| {
        version.version_id().and_then(|id| id.trim_start_matches('v').parse::<u32>().ok()).unwrap_or_default()
    };
    let mut others: Vec<&PolicyVersion> = versions.iter().filter(|version| !version.is_default_version()).collect();
    others.sort_by_key(|version| number(version));
    let excess = (versions.len() + 1).saturating_sub(MAX_VERSIONS);
    others.into_iter().take(excess).filter_map(PolicyVersion::version_id).collect()
}

async fn says(client: &Client, arn: &str, version: &str) -> anyhow::Result<Option<Value>> {
    let found = client.get_policy_version().policy_arn(arn).version_id(version).send().await;
    let found = found.map_err(|error| anyhow::anyhow!("cannot read policy {arn}: {}", DisplayErrorContext(&error)))?;
    let document = found.policy_version().and_then(|version| version.document());
    Ok(document.and_then(|document| serde_json::from_str(&percent_decoded(document)).ok()))
}

/// IAM answers documents percent-encoded (RFC 3986).
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: &str, default: bool) -> PolicyVersion {
        PolicyVersion::builder().version_id(id).is_default_version(default).build()
    }

    #[test]
    fn the_oldest_version_that_is_not_the_default_makes_room() {
        let five = [
            version("v11", true),
            version("v10", false),
            version("v2", false),
            version("v9", false),
            version("v3", false),
        ];
        assert_eq!(superfluous(&five), ["v2"]);
        assert_eq!(superfluous(&five[..4]), Vec::<&str>::new());
        let default_is_oldest = [
            version("v1", true),
            version("v2", false),
            version("v3", false),
            version("v4", false),
            version("v5", false),
        ];
        assert_eq!(superfluous(&default_is_oldest), ["v2"]);
    }

    #[test]
    fn percent_encoding_is_undone() {
        assert_eq!(percent_decoded("%7B%22a%22%3A%20%22100%25%22%7D"), r#"{"a": "100%"}"#);
        assert_eq!(percent_decoded("plain %zz %"), "plain %zz %");
    }
}
