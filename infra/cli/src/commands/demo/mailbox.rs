//! The person's mailbox: what the emulator's mail service was given to send.

use anyhow::bail;
use serde_json::Value;

use crate::api;
use crate::waiting::pause;

/// How long to wait for a mail, in tenths of a second.
const PATIENCE: u32 = 900;

/// Mails to one address.
pub(super) struct Mailbox {
    url: String,
    address: String,
}

impl Mailbox {
    /// The mailbox of an address on a local stack.
    pub(super) fn new(endpoint_url: &str, address: &str) -> Self {
        Self { url: format!("{endpoint_url}/_ministack/ses/messages"), address: address.to_lowercase() }
    }

    /// The code in the verification mail of a job.
    pub(super) async fn code(&self, job: &str) -> anyhow::Result<String> {
        self.wait(job, "a verification mail", |text| {
            let digits = |line: &&str| line.len() >= 6 && line.bytes().all(|byte| byte.is_ascii_digit());
            text.lines().map(str::trim).find(digits).map(str::to_owned)
        })
        .await
    }

    /// The link in the mail that says the archive is ready.
    pub(super) async fn link(&self, job: &str) -> anyhow::Result<String> {
        self.wait(job, "the mail with the link", |text| {
            text.lines()
                .map(str::trim)
                .find(|line| line.starts_with("http") && line.contains("/download"))
                .map(str::to_owned)
        })
        .await
    }

    /// The newest mail about a job in which `find` finds what is wanted.
    async fn wait(&self, job: &str, what: &str, find: impl Fn(&str) -> Option<String>) -> anyhow::Result<String> {
        for _ in 0..PATIENCE {
            let mails = all_mails(api::json(&self.url).await?);
            let about =
                mails.iter().rev().filter(|mail| self.is_mine(mail)).filter_map(|mail| mail["BodyText"].as_str());
            if let Some(found) = about.filter(|text| text.contains(job)).find_map(&find) {
                return Ok(found);
            }
            pause(100).await;
        }
        bail!(
            "no {what} came within {} s: the address is not on record in the data, or a worker fails (see .habeas/emulator.log)",
            PATIENCE / 10
        )
    }

    fn is_mine(&self, mail: &Value) -> bool {
        let to = mail["To"].as_array().map(Vec::as_slice).unwrap_or_default();
        to.iter().filter_map(Value::as_str).any(|address| address.to_lowercase().contains(&self.address))
    }
}

/// The service groups mails by account, or lists them; both are a list to us.
fn all_mails(answer: Value) -> Vec<Value> {
    match answer {
        Value::Array(mails) => mails,
        Value::Object(fields) if fields.contains_key("BodyText") => vec![Value::Object(fields)],
        Value::Object(fields) => fields.into_iter().flat_map(|(_, value)| all_mails(value)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
