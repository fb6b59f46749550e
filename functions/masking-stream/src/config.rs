//! What of the settings the masking stream uses.

use domain::ids::TenantId;
use lambda_kit::{Settings, StartError};
use masking::Method;
use workflow::ports::SinkTarget;

/// The settings of this function.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whose streams they are.
    pub tenant: TenantId,
    /// Where events go.
    pub target: SinkTarget,
    /// How values are replaced.
    pub method: Method,
    /// What the masked events are for; nothing where that needs no consent.
    pub purpose: Option<String>,
}

impl Config {
    /// Picks this function's settings.
    ///
    /// # Errors
    /// Names every setting this function can't do without.
    pub fn of(settings: &Settings) -> Result<Self, StartError> {
        let mut findings = Vec::new();
        let tenant = settings.stream_tenant.parse::<TenantId>().ok();
        if tenant.is_none() {
            findings.push("HABEAS_STREAM_TENANT is not a tenant".to_owned());
        }
        let target = target(&settings.stream_target);
        if target.is_none() {
            findings.push("HABEAS_STREAM_TARGET is not kinesis:NAME, sqs:URL or s3:BUCKET/PREFIX".to_owned());
        }
        let method = match settings.stream_method.as_str() {
            "hashing" => Method::Hashing,
            "redaction" => Method::Redaction,
            _masking => Method::Masking,
        };
        let purpose = Some(settings.stream_purpose.clone()).filter(|purpose| purpose != "essential");
        match (tenant, target) {
            (Some(tenant), Some(target)) => Ok(Self { tenant, target, method, purpose }),
            (None | Some(_), None | Some(_)) => Err(StartError { findings }),
        }
    }
}

fn target(text: &str) -> Option<SinkTarget> {
    let (kind, rest) = text.split_once(':').filter(|(_, rest)| !rest.is_empty())?;
    match kind {
        "kinesis" => Some(SinkTarget::Kinesis(rest.to_owned())),
        "sqs" => Some(SinkTarget::Sqs(rest.to_owned())),
        "s3" => {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            Some(SinkTarget::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
        }
        _unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_or_refused() {
        assert_eq!(target("kinesis:masked"), Some(SinkTarget::Kinesis("masked".to_owned())));
        assert_eq!(target("sqs:https://sqs/1/q.fifo"), Some(SinkTarget::Sqs("https://sqs/1/q.fifo".to_owned())));
        let bucket = SinkTarget::S3 { bucket: "lake".to_owned(), prefix: "masked/events".to_owned() };
        assert_eq!(target("s3:lake/masked/events"), Some(bucket));
        for wrong in ["", "kinesis:", "ftp:x", "masked"] {
            assert_eq!(target(wrong), None, "{wrong}");
        }
    }
}
