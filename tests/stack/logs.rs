//! What the functions have logged, as the log service keeps it. No SDK crate is worth two calls: they are signed by hand.

use std::time::SystemTime;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::Method;
use serde_json::{Value, json};

use crate::harness::Stack;
use crate::http::send;

/// Outputs of the template that name the functions.
pub(crate) const FUNCTIONS: [&str; 14] = [
    "RequestApi",
    "AuditApi",
    "ExportWorker",
    "ErasureWorker",
    "NotificationWorker",
    "JobSweep",
    "AuditSealer",
    "MaskingStream",
    "DiscoverySweep",
    "AuditVerifier",
    "DeadlineSweep",
    "RetentionSweep",
    "AnonymizeApi",
    "RestoreReplay",
];

/// Lines of a function since a time in milliseconds, in the order they were written.
pub(crate) async fn lines(stack: &Stack, function: &str, since_millis: u64) -> Vec<String> {
    let group = format!("/aws/lambda/{}", stack.resource(function));
    let mut lines = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut body = json!({ "logGroupName": group, "startTime": since_millis, "limit": 10_000 });
        if !token.is_null() {
            body["nextToken"] = token;
        }
        let page = call(stack, "FilterLogEvents", &body).await;
        let events = page["events"].as_array().unwrap_or_else(|| panic!("{page}"));
        lines.extend(events.iter().filter_map(|event| event["message"].as_str()).map(str::to_owned));
        token = page["nextToken"].clone();
        if token.is_null() || events.is_empty() {
            return lines;
        }
    }
}

/// What each invocation of a function since then has counted of its calls, in the order they ended.
pub(crate) async fn aws_calls(stack: &Stack, function: &str, since_millis: u64) -> Vec<Value> {
    let lines = lines(stack, function, since_millis).await;
    let told = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line.trim()).ok());
    told.filter(|line| line["message"] == "aws_calls").collect()
}

async fn call(stack: &Stack, action: &str, body: &Value) -> Value {
    let body = serde_json::to_vec(body).unwrap();
    let url = format!("{}/", stack.endpoint_url);
    let host = stack.endpoint_url.trim_start_matches("http://");
    let target = format!("Logs_20140328.{action}");
    let headers = [("host", host), ("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)];
    let identity = aws_sdk_s3::config::Credentials::new("test", "test", None, None, "local stack").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&stack.region)
        .name("logs")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let request = SignableRequest::new("POST", &url, headers.into_iter(), SignableBody::Bytes(&body)).unwrap();
    let (signed, _) = sign(request, &parameters.into()).unwrap().into_parts();
    let added: Vec<(&str, &str)> = signed.headers().collect();
    let headers: Vec<(&str, &str)> = headers[1..].iter().copied().chain(added).collect();
    send(Method::POST, &url, &headers, body).await.expect(200).json()
}
