//! What the stack's mail service was given to send.

use serde_json::Value;

use crate::harness::{Stack, pause};
use crate::http::get;

/// Texts of all mails to an address, oldest first.
pub(crate) async fn texts_to(stack: &Stack, address: &str) -> Vec<String> {
    let answer = get(&format!("{}/_ministack/ses/messages", stack.endpoint_url)).await.expect(200).json();
    let is_to = |mail: &&Value| mail["To"].to_string().to_lowercase().contains(&address.to_lowercase());
    let mails = all(&answer);
    mails.into_iter().filter(is_to).filter_map(|mail| mail["BodyText"].as_str().map(str::to_owned)).collect()
}

/// The code in the newest verification mail of a job.
pub(crate) async fn code(stack: &Stack, address: &str, job: &str) -> String {
    wait(stack, address, job, |text| {
        let is_code = |line: &&str| line.len() >= 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        text.lines().map(str::trim).find(is_code).map(str::to_owned)
    })
    .await
}

/// The link in the mail that says the archive is ready.
pub(crate) async fn link(stack: &Stack, address: &str, job: &str) -> String {
    let is_link = |line: &&str| line.starts_with("http") && line.contains("/download");
    wait(stack, address, job, |text| text.lines().map(str::trim).find(is_link).map(str::to_owned)).await
}

async fn wait(stack: &Stack, address: &str, job: &str, find: impl Fn(&str) -> Option<String>) -> String {
    for _ in 0..120 {
        let texts = texts_to(stack, address).await;
        if let Some(found) = texts.iter().rev().filter(|text| text.contains(job)).find_map(|text| find(text)) {
            return found;
        }
        pause(500).await;
    }
    panic!("no such mail about {job} came within 60 s")
}

/// The service groups mails by account and region, or lists them; both are a list to us.
fn all(answer: &Value) -> Vec<&Value> {
    match answer {
        Value::Array(mails) => mails.iter().collect(),
        Value::Object(fields) if fields.contains_key("BodyText") => vec![answer],
        Value::Object(fields) => fields.values().flat_map(all).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
