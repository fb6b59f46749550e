//! Uploads code and template, deploys them, and knows when there is nothing to do.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use aws_config::SdkConfig;
use aws_sdk_s3::primitives::ByteStream;
use serde::{Deserialize, Serialize};

use crate::cloudformation::{self, Deployed};
use crate::commands::package::{Package, sha256_hex};
use crate::home::Home;
use crate::stack;

/// What was deployed last from this checkout, in `.habeas/deployed.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Id of the stack.
    pub(crate) stack_id: String,
    /// Hash over template, programs and parameters.
    pub(crate) fingerprint: String,
    /// Hash of the sample data that was loaded and published; empty if none was.
    #[serde(default)]
    pub(crate) sample: String,
}

impl Record {
    /// Reads the record; an empty one if there is none.
    pub(crate) fn load(home: &Home) -> Self {
        let text = fs::read_to_string(home.state("deployed.json")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Writes the record.
    pub(crate) fn save(&self, home: &Home) -> anyhow::Result<()> {
        stack::write_whole(&home.state("deployed.json"), serde_json::to_string_pretty(self)?.as_bytes())
    }
}

/// Everything a deployment depends on.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Name of the stack.
    pub(crate) stack_name: String,
    /// Text of the template, as it lies in the checkout.
    pub(crate) template: String,
    /// Programs to upload.
    pub(crate) packages: Vec<Package>,
    /// Parameters of the template.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Plan {
    /// Equal plans have equal fingerprints.
    pub(crate) fn fingerprint(&self) -> String {
        let mut text = format!("{}\n{}\n", self.stack_name, self.template);
        for package in &self.packages {
            text.push_str(&format!("{} {}\n", package.function, package.sha256));
        }
        for (name, value) in &self.parameters {
            text.push_str(&format!("{name}={value}\n"));
        }
        sha256_hex(text.as_bytes())
    }

    /// Uploads what is new and deploys it.
    pub(crate) async fn deploy(&self, config: &SdkConfig) -> anyhow::Result<Deployed> {
        let bucket = format!("{}-artifacts", self.stack_name);
        let s3 = stack::s3_client(config);
        ensure_bucket(&s3, &bucket).await?;
        let mut template = self.template.clone();
        for package in &self.packages {
            let key = format!("code/{}-{}.zip", package.function, package.sha256);
            upload(&s3, &bucket, &key, &package.zip).await?;
            template = with_code(&template, package.function, &format!("s3://{bucket}/{key}"))?;
        }
        let key = format!("template/{}.yaml", sha256_hex(template.as_bytes()));
        let body = ByteStream::from(template.into_bytes());
        s3.put_object().bucket(&bucket).key(&key).body(body).send().await.context("cannot upload the template")?;
        let endpoint = config.endpoint_url().context("`up` deploys to an emulator: use `sam deploy` for AWS")?;
        let url = format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/'));
        let client = aws_sdk_cloudformation::Client::new(config);
        cloudformation::deploy(&client, &self.stack_name, &url, &self.parameters).await
    }
}

async fn ensure_bucket(s3: &aws_sdk_s3::Client, bucket: &str) -> anyhow::Result<()> {
    if s3.head_bucket().bucket(bucket).send().await.is_err() {
        s3.create_bucket().bucket(bucket).send().await.context("cannot make the bucket for the code")?;
    }
    Ok(())
}

/// The key holds the hash: what is there already need not be sent again.
async fn upload(s3: &aws_sdk_s3::Client, bucket: &str, key: &str, file: &Path) -> anyhow::Result<()> {
    if s3.head_object().bucket(bucket).key(key).send().await.is_ok() {
        return Ok(());
    }
    let body = ByteStream::from_path(file).await.with_context(|| format!("cannot read {}", file.display()))?;
    s3.put_object().bucket(bucket).key(key).body(body).send().await.context("cannot upload the code")?;
    Ok(())
}

/// What `sam package` would do: the local path becomes the uploaded one.
fn with_code(template: &str, function: &str, uri: &str) -> anyhow::Result<String> {
    let local = format!("CodeUri: ../target/lambda/{function}/\n");
    ensure!(template.contains(&local), "infra/template.yaml has no function with `{}`", local.trim());
    Ok(template.replace(&local, &format!("CodeUri: {uri}\n")))
}

#[cfg(test)]
mod tests {
    use super::with_code;

    #[test]
    fn only_the_named_function_gets_the_uploaded_code() {
        let template = "  CodeUri: ../target/lambda/a/\n  CodeUri: ../target/lambda/a-b/\n";
        let expected = "  CodeUri: s3://x/y\n  CodeUri: ../target/lambda/a-b/\n";
        assert_eq!(with_code(template, "a", "s3://x/y").unwrap(), expected);
        assert!(with_code(template, "c", "s3://x/y").is_err());
    }
}
