//! The deployed stack as the other commands see it: `.habeas/stack.json`, and clients that reach it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::Credentials;
use serde::{Deserialize, Serialize};

use crate::home::Home;

/// What `up` has deployed, and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stack {
    /// Address of the HTTP API, without a slash at the end.
    pub(crate) api_url: String,
    /// Endpoint of the AWS services; empty for AWS itself.
    pub(crate) endpoint_url: String,
    /// Region of the stack.
    pub(crate) region: String,
    /// Name of the CloudFormation stack.
    pub(crate) stack_name: String,
    /// Tenant the sample and the tokens belong to.
    pub(crate) tenant: String,
    /// Tokens by short role: owner, dpo, operator, auditor, subject.
    pub(crate) tokens: BTreeMap<String, String>,
    /// Outputs of the template by name, such as `JobsTable` or `ExportsBucket`.
    pub(crate) resources: BTreeMap<String, String>,
}

impl Stack {
    /// Reads the stack that `up` wrote down in this checkout.
    pub(crate) fn load(home: &Home) -> anyhow::Result<Self> {
        let path = home.state("stack.json");
        let text =
            fs::read_to_string(&path).with_context(|| format!("no {}: run `cargo habeas up` first", path.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not readable: run `cargo habeas up` again", path.display()))
    }

    /// Writes the stack down, whole or not at all.
    pub(crate) fn save(&self, home: &Home) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        write_whole(&home.state("stack.json"), text.as_bytes())
    }

    /// The output `name` of the template.
    pub(crate) fn resource(&self, name: &str) -> anyhow::Result<&str> {
        self.resources
            .get(name)
            .map(String::as_str)
            .with_context(|| format!("the stack has no output {name}: run `cargo habeas up` again"))
    }

    /// Configuration for any AWS client: the stack's endpoint and region, test credentials if it is local.
    pub(crate) async fn aws_config(&self) -> SdkConfig {
        aws_config(&self.endpoint_url, &self.region).await
    }
}

/// Configuration for a given endpoint; empty means AWS with the user's own credentials.
pub(crate) async fn aws_config(endpoint_url: &str, region: &str) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(region.to_owned()));
    if !endpoint_url.is_empty() {
        loader = loader.endpoint_url(endpoint_url);
    }
    if is_loopback(endpoint_url) {
        let credentials = Credentials::new("test", "test", None, None, "local stack");
        loader = loader.credentials_provider(credentials);
    }
    loader.load().await
}

/// An S3 client that addresses buckets by path wherever an endpoint is set.
pub(crate) fn s3_client(config: &SdkConfig) -> aws_sdk_s3::Client {
    let builder = aws_sdk_s3::config::Builder::from(config);
    aws_sdk_s3::Client::from_conf(builder.force_path_style(config.endpoint_url().is_some()).build())
}

/// True if the URL's host is this machine; LocalStack's public name resolves to it too.
pub(crate) fn is_loopback(url: &str) -> bool {
    let authority = url.split("://").nth(1).unwrap_or_default();
    let host = authority.split(['/', ':']).next().unwrap_or_default();
    let named = ["localhost", "localhost.localstack.cloud"].contains(&host) || host.ends_with(".localhost");
    named || host.starts_with("127.") || authority.starts_with("[::1]")
}

/// Writes a file by renaming, so that a reader never meets half of it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let directory = path.parent().context("a file in a directory")?;
    fs::create_dir_all(directory)?;
    let partial = path.with_extension("partial");
    fs::write(&partial, bytes).with_context(|| format!("cannot write {}", partial.display()))?;
    fs::rename(&partial, path).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_addresses_of_this_machine_are_local() {
        for url in [
            "http://127.0.0.1:4566",
            "http://localhost:4566/x",
            "http://[::1]:1",
            "http://a.localhost",
            "http://localhost.localstack.cloud:4566",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in ["", "https://s3.amazonaws.com", "http://10.0.0.1:4566", "http://localhost.example.com"] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
