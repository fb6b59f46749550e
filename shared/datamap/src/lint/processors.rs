//! Rules about processors, and issuers of tokens: names, addresses, secrets by reference, and that what they receive is in the map.

use std::collections::BTreeSet;

use crate::compile::Compiled;
use crate::finding::{Located, Report};
use crate::manifest::Manifests;
use crate::manifest::processor::RawProcessor;
use crate::model::ProcessorProtocol;
use crate::taxonomy;

/// Steps that tell them are made in one transaction.
const MOST: usize = 30;
const LONGEST_URL: usize = 2_048;
const LONGEST_NAME: usize = 100;

/// Runs every rule.
pub(super) fn check(manifests: &Manifests, compiled: &Compiled, report: &mut Report) {
    let mut seen = BTreeSet::new();
    for (number, raw) in manifests.processors.iter().enumerate() {
        if !seen.insert(&raw.key.value) {
            let message = format!("a second processor `{}`", raw.key.value);
            report.error("duplicate-processor", raw.key.place, message, "");
        }
        if number == MOST {
            let message = format!("more than {MOST} processors");
            report.error("too-many-processors", raw.key.place, message, "tell one that passes it on");
        }
        names(raw, report);
        address(&raw.url, report);
        scope(raw, compiled, report);
        super::categories(&raw.categories, &manifests.categories, report);
        identities(raw, compiled, report);
    }
    let entries = manifests.connections.iter().flat_map(|connection| &connection.collections);
    for revoke in entries.filter_map(|entry| entry.revoke.as_ref()) {
        address(&revoke.url, report);
        secret_name(&revoke.secret, report);
    }
}

fn names(raw: &RawProcessor, report: &mut Report) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let fits = |text: &str| !text.is_empty() && text.len() <= LONGEST_NAME;
    if !fits(&raw.key.value) || !raw.key.value.bytes().all(|byte| plain(byte) || byte == b'.') {
        let message = "a processor's key has letters, digits and `_-.`, at most 100".to_owned();
        report.error("invalid-name", raw.key.place, message, "");
    }
    secret_name(&raw.secret, report);
    if let Some(key) = &raw.public_key
        && !(key.value.starts_with("-----BEGIN PUBLIC KEY-----") && key.value.contains("-----END PUBLIC KEY-----"))
    {
        let message = "`public_key` is no PEM block of a public key".to_owned();
        report.error("processor-key", key.place, message, "openssl x509 -pubkey -noout -in certificate.pem");
    }
    if raw.processor.protocol == ProcessorProtocol::OpenDsr && raw.public_key.is_none() {
        let message = format!("`{}` signs its answers, and nothing says with which key", raw.key.value);
        report.warning("processor-key", raw.key.place, message, "add `public_key`, that of its certificate");
    }
}

/// The name of a secret, never the secret itself.
fn secret_name(secret: &Located<String>, report: &mut Report) {
    let text = secret.value.as_str();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let is_path = text.split('/').all(|part| !part.is_empty() && part.bytes().all(plain));
    if !is_path || text.len() > LONGEST_NAME {
        let message = "`secret` is the name of a secret, never the secret itself".to_owned();
        let help = "letters, digits, `_-` and `/`: the part of its name behind habeas/<tenant>/";
        report.error("processor-secret", secret.place, message, help);
    }
}

/// What can be said without resolving the name; whoever calls looks at every address again.
fn address(url: &Located<String>, report: &mut Report) {
    let text = url.value.as_str();
    let mut fail = |message: &str| report.error("processor-address", url.place, message.to_owned(), "");
    if text.len() > LONGEST_URL || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return fail("the address is not one of at most 2,048 visible ASCII characters");
    }
    let loopback = ["http://127.0.0.1", "http://localhost"].iter().find_map(|start| text.strip_prefix(start));
    if loopback.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])) {
        let message = "an address of this machine is called by a local stack only".to_owned();
        return report.warning("processor-address", url.place, message, "deployed stacks call https alone");
    }
    let Some(rest) = text.strip_prefix("https://") else { return fail("the address must begin with https://") };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return fail("the address must not hold a user name or password");
    }
    if !authority.contains('.') && !authority.starts_with('[') {
        fail("the address names no machine on the public internet");
    }
}

/// Datasets and collections must be there.
fn scope(raw: &RawProcessor, compiled: &Compiled, report: &mut Report) {
    for name in &raw.datasets {
        let known = |it: &crate::model::Collection| it.dataset == name.value || it.id() == name.value;
        if !compiled.map.collections.iter().any(known) {
            let message = format!("there is no dataset or collection `{}`", name.value);
            report.error("unknown-dataset", name.place, message, "write dataset or dataset.collection");
        }
    }
    if raw.processor.datasets.is_empty() && raw.processor.data_categories.is_empty() {
        return;
    }
    if !compiled.map.collections.iter().any(|collection| raw.processor.receives(collection)) {
        let message = format!("nothing in the map is received by `{}`", raw.key.value);
        report.warning("processor-scope", raw.key.place, message, "it is never told of an erasure");
    }
}

fn identities(raw: &RawProcessor, compiled: &Compiled, report: &mut Report) {
    for kind in &raw.identities {
        if !taxonomy::knows_identity(&kind.value) {
            let message = format!("unknown kind of identity `{}`", kind.value);
            report.error("unknown-identity", kind.place, message, &format!("known: {}", taxonomy::identities()));
        } else if compiled.map.identities(&kind.value).next().is_none() {
            let message = format!("no field of the map holds a `{}`", kind.value);
            report.warning("unknown-identity", kind.place, message, "only what a request names can be told");
        }
    }
}
