//! The managed policies that let the workers read, and the erasure worker alone change, exactly the tables, indexes and
//! prefixes of a data map.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_sdk_iam::Client;
use aws_sdk_iam::error::DisplayErrorContext;
use aws_sdk_iam::types::PolicyVersion;
use datamap::{Collection, Connection, DataMap, Source};
use serde_json::{Value, json};

/// IAM keeps five versions of a managed policy.
const MAX_VERSIONS: usize = 5;

/// IAM's limit for a managed policy, white space not counted.
const MAX_CHARACTERS: usize = 6144;

/// What a policy lets a worker do with the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// Read them.
    Read,
    /// Erase in them; reading is another policy.
    Erase,
}

/// Where the sources are.
struct Account {
    partition: String,
    id: String,
    region: String,
}

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

/// What reading the map's sources takes, or erasing in them, and nothing else.
fn document(map: &DataMap, account: &Account, rights: Rights) -> Value {
    let mut needs = Needs::default();
    for collection in map.collections.iter().filter(|collection| !collection.skip) {
        if let Some(connection) = map.connection(collection) {
            needs.add(collection, connection, account);
        }
    }
    let statements = match rights {
        Rights::Read => needs.reading(account),
        Rights::Erase => needs.erasing(account),
    };
    json!({"Version": "2012-10-17", "Statement": statements})
}

#[derive(Default)]
struct Needs {
    /// Tables that are asked; the connector also asks each for its keys.
    tables: BTreeSet<String>,
    /// Indexes that are asked.
    indexes: BTreeSet<String>,
    /// Tables that may be read whole.
    scanned: BTreeSet<String>,
    /// Objects that are read.
    objects: BTreeSet<String>,
    /// Prefixes that are listed, by bucket.
    listed: BTreeMap<String, BTreeSet<String>>,
    /// Roles of other accounts; these hold the rights there.
    roles: BTreeSet<String>,
}

impl Needs {
    fn add(&mut self, collection: &Collection, connection: &Connection, account: &Account) {
        if let Some(role) = &connection.role_arn {
            self.roles.insert(role.clone());
            return;
        }
        match &collection.source {
            Source::DynamoDb { table, indexes, scan, segments: _ } => {
                let region = connection.region.as_ref().unwrap_or(&account.region);
                let table = format!("arn:{}:dynamodb:{region}:{}:table/{table}", account.partition, account.id);
                self.indexes.extend(indexes.values().map(|index| format!("{table}/index/{index}")));
                if *scan {
                    self.scanned.insert(table.clone());
                }
                self.tables.insert(table);
            }
            Source::S3Objects { bucket, prefix, format: _ } => self.add_prefix(bucket, prefix, account),
            Source::S3Media { bucket, key_template } => {
                self.add_prefix(bucket, key_template.split('{').next().unwrap_or_default(), account);
            }
        }
    }

    fn add_prefix(&mut self, bucket: &str, prefix: &str, account: &Account) {
        self.objects.insert(format!("arn:{}:s3:::{bucket}/{prefix}*", account.partition));
        self.listed.entry(bucket.to_owned()).or_default().insert(format!("{prefix}*"));
    }

    /// Rows go by single conditional statements; objects are rewritten as they were, and their versions go.
    fn erasing(&self, account: &Account) -> Vec<Value> {
        let buckets: BTreeSet<String> =
            self.listed.keys().map(|bucket| format!("arn:{}:s3:::{bucket}", account.partition)).collect();
        let mut statements = vec![
            allow("EraseRows", &ERASE_ROWS, &self.tables),
            allow("EraseObjects", &ERASE_OBJECTS, &self.objects),
            allow("SeeVersions", &["s3:GetBucketVersioning", "s3:ListBucketVersions"], &buckets),
        ];
        statements.retain(has_resources);
        statements
    }

    fn reading(&self, account: &Account) -> Vec<Value> {
        let mut statements = vec![
            allow("AskTables", &["dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:DescribeTable"], &self.tables),
            allow("AskIndexes", &["dynamodb:Query"], &self.indexes),
            allow("ReadTablesWhole", &["dynamodb:Scan"], &self.scanned),
            allow("ReadObjects", &["s3:GetObject"], &self.objects),
            allow("ReachOtherAccounts", &["sts:AssumeRole"], &self.roles),
        ];
        statements.retain(has_resources);
        for (place, (bucket, prefixes)) in self.listed.iter().enumerate() {
            statements.push(json!({
                "Sid": format!("ListObjects{place}"),
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": [format!("arn:{}:s3:::{bucket}", account.partition)],
                "Condition": {"StringLike": {"s3:prefix": prefixes}},
            }));
        }
        statements
    }
}

const ERASE_ROWS: [&str; 4] =
    ["dynamodb:DeleteItem", "dynamodb:PartiQLDelete", "dynamodb:PartiQLUpdate", "dynamodb:UpdateItem"];
const ERASE_OBJECTS: [&str; 8] = [
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
    "s3:PutObject",
    "s3:PutObjectTagging",
];

fn allow(name: &str, actions: &[&str], resources: &BTreeSet<String>) -> Value {
    json!({"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resources})
}

fn has_resources(statement: &Value) -> bool {
    statement["Resource"].as_array().is_some_and(|resources| !resources.is_empty())
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

    #[test]
    fn the_sample_is_readable_by_exact_resources_only() {
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../sample");
        let map = datamap::read_dir(std::path::Path::new(sample)).unwrap().map.unwrap();
        let account =
            Account { partition: "aws".to_owned(), id: "123456789012".to_owned(), region: "eu-west-1".to_owned() };
        let erasing = document(&map, &account, Rights::Erase).to_string();
        assert!(erasing.len() <= MAX_CHARACTERS, "{}", erasing.len());
        assert!(!erasing.contains("feature_flags") && !erasing.contains("BatchWrite") && !erasing.contains(":*\""));
        let text = document(&map, &account, Rights::Read).to_string();
        assert!(text.len() <= MAX_CHARACTERS, "{}", text.len());
        assert!(text.contains("table/sample.messages/index/by-author"));
        assert!(!text.contains("feature_flags"), "a collection passed by needs no rights");
        assert!(!text.contains(":*\""), "no action or resource is open");
        for write in ["Put", "Update", "Delete", "BatchWrite"] {
            assert!(!text.contains(write), "{write}");
        }
    }
}
