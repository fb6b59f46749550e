//! What a policy says: exactly the tables, indexes and prefixes of a data map, nothing open.

use std::collections::{BTreeMap, BTreeSet};

use datamap::{Collection, Connection, DataMap, Source};
use serde_json::{Value, json};

/// What a policy lets a worker do with the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    /// Read them.
    Read,
    /// Look at some rows of each.
    Sample,
    /// Erase in them; reading is another policy.
    Erase,
}

/// Where the sources are.
pub(super) struct Account {
    pub(super) partition: String,
    pub(super) id: String,
    pub(super) region: String,
    /// Whether an emulator judges: it knows statements in bulk by a name of its own, for every table at once.
    pub(super) emulated: bool,
}

/// What reading the map's sources takes, or erasing in them, and nothing else.
pub(super) fn document(map: &DataMap, account: &Account, rights: Rights) -> Value {
    let mut needs = Needs::default();
    let is_reached = |collection: &&Collection| !collection.skip || collection.retention.is_some();
    for collection in map.collections.iter().filter(is_reached) {
        if let Some(connection) = map.connection(collection) {
            needs.add(collection, connection, account);
        }
    }
    let statements = match rights {
        Rights::Read => needs.reading(account),
        Rights::Sample => needs.sampling(account),
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
                let by_time = collection.retention.as_ref().and_then(|retention| retention.index.as_ref());
                let region = connection.region.as_ref().unwrap_or(&account.region);
                let table = format!("arn:{}:dynamodb:{region}:{}:table/{table}", account.partition, account.id);
                let indexes = indexes.values().chain(by_time.map(|index| &index.name));
                self.indexes.extend(indexes.map(|index| format!("{table}/index/{index}")));
                if *scan {
                    self.scanned.insert(table.clone());
                }
                self.tables.insert(table);
            }
            Source::S3Objects { bucket, prefix, format: _, manifest: _ } => {
                self.add_prefix(bucket, prefix.split('{').next().unwrap_or_default(), account);
            }
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
            allow(
                "SeeVersions",
                &["s3:GetBucketVersioning", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"],
                &buckets,
            ),
        ];
        statements.retain(has_resources);
        if account.emulated {
            statements.push(allow("Emulated", &["dynamodb:BatchExecuteStatement"], &BTreeSet::from(["*".to_owned()])));
        }
        statements
    }

    fn sampling(&self, account: &Account) -> Vec<Value> {
        let mut statements = vec![
            allow("SampleTables", &["dynamodb:Scan"], &self.tables),
            allow("SampleObjects", &["s3:GetObject"], &self.objects),
        ];
        statements.retain(has_resources);
        statements.extend(self.listing(account));
        statements
    }

    fn reading(&self, account: &Account) -> Vec<Value> {
        let mut statements = vec![
            allow("AskTables", &ASK_TABLES, &self.tables),
            allow("AskIndexes", &["dynamodb:Query"], &self.indexes),
            allow("ReadTablesWhole", &["dynamodb:Scan"], &self.scanned),
            allow("ReadObjects", &["s3:GetObject"], &self.objects),
            allow("ReachOtherAccounts", &["sts:AssumeRole"], &self.roles),
        ];
        statements.retain(has_resources);
        statements.extend(self.listing(account));
        statements
    }

    /// Listing, of the prefixes alone.
    fn listing(&self, account: &Account) -> impl Iterator<Item = Value> {
        self.listed.iter().enumerate().map(|(place, (bucket, prefixes))| {
            json!({
                "Sid": format!("ListObjects{place}"),
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": [format!("arn:{}:s3:::{bucket}", account.partition)],
                "Condition": {"StringLike": {"s3:prefix": prefixes}},
            })
        })
    }
}

const ASK_TABLES: [&str; 4] =
    ["dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:DescribeTable", "dynamodb:ListTagsOfResource"];
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

    #[test]
    fn the_sample_is_readable_by_exact_resources_only() {
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../sample");
        let map = datamap::read_dir(std::path::Path::new(sample)).unwrap().map.unwrap();
        let account = Account {
            partition: "aws".to_owned(),
            id: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            emulated: false,
        };
        let erasing = document(&map, &account, Rights::Erase).to_string();
        assert!(erasing.len() <= super::super::MAX_CHARACTERS, "{}", erasing.len());
        assert!(!erasing.contains("feature_flags") && !erasing.contains("BatchWrite") && !erasing.contains(":*\""));
        let sampling = document(&map, &account, Rights::Sample).to_string();
        assert!(sampling.contains("dynamodb:Scan") && !sampling.contains("Put") && !sampling.contains(":*\""));
        let text = document(&map, &account, Rights::Read).to_string();
        assert!(text.len() <= super::super::MAX_CHARACTERS, "{}", text.len());
        assert!(text.contains("table/sample.messages/index/by-author"));
        assert!(!text.contains("feature_flags"), "a collection passed by needs no rights");
        assert!(!text.contains(":*\""), "no action or resource is open");
        for write in ["Put", "Update", "Delete", "BatchWrite"] {
            assert!(!text.contains(write), "{write}");
        }
    }
}
