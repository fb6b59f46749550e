//! Links end with the earliest of entitlement, 15 minutes and credentials.

use std::sync::Arc;

use workflow::ports::ExportStore;

use super::*;
use crate::calls::CallCounter;
use crate::connect::Aws;
use crate::replay::{Replay, credentials};

/// A link asked for at the epoch, `until_s` seconds long; credentials are good for `credentials_s` more seconds.
fn link(until_s: i64, credentials_s: Option<u64>) -> Result<Link, PortError> {
    let real_now = PresigningConfig::expires_in(LONGEST).unwrap().start_time();
    let expiry = credentials_s.map(|seconds| real_now + Duration::from_secs(seconds));
    let calls = Arc::new(CallCounter::default());
    let aws = Aws::new(Replay::default().config(credentials(expiry)), Arc::clone(&calls));
    let store = aws.export_store("exports", "key");
    let until = Timestamp::from_second(until_s).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let link = runtime.block_on(store.sign_link("exports/a.zip", "you \"and\" me.zip", Timestamp::UNIX_EPOCH, until));
    assert!(calls.snapshot().is_empty(), "signing sends nothing");
    link
}

fn lifetime_s(until_s: i64, credentials_s: Option<u64>) -> i64 {
    let link = link(until_s, credentials_s).unwrap();
    let seconds = link.expires_at.as_second();
    assert!(link.url.expose().contains(&format!("X-Amz-Expires={seconds}&")), "the URL says the same");
    seconds
}

#[test]
fn a_link_ends_with_the_entitlement_or_after_15_minutes() {
    assert_eq!(lifetime_s(60, None), 60);
    assert_eq!(lifetime_s(86_400, None), 900);
}

#[test]
fn a_link_never_outlives_its_credentials() {
    let seconds = lifetime_s(86_400, Some(120));
    assert!((100..=120).contains(&seconds), "{seconds}");
}

#[test]
fn an_ended_entitlement_or_signer_gets_no_link() {
    assert_eq!(link(-1, None).unwrap_err().kind, PortErrorKind::Denied);
    assert_eq!(link(0, None).unwrap_err().kind, PortErrorKind::Denied);
    assert_eq!(link(60, Some(0)).unwrap_err().kind, PortErrorKind::Denied);
}

#[test]
fn a_link_saves_under_a_plain_name() {
    let url = link(60, None).unwrap().url.into_exposed();
    assert!(url.contains("response-content-disposition=attachment%3B%20filename%3D%22you__and__me.zip%22"), "{url}");
    assert_eq!(format!("{:?}", link(60, None).unwrap().url), "[redacted]");
}
