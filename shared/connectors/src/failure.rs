//! What a failed read means. Messages of AWS can quote keys and values: only codes are kept.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use workflow::ports::{PortError, PortErrorKind};

/// Why a call failed, without a word of what was sent.
#[derive(Debug, thiserror::Error)]
#[error("{code} (HTTP {status})")]
struct AwsFailure {
    code: String,
    status: u16,
}

/// Maps a failed call to what the workflow can act on.
#[expect(clippy::needless_pass_by_value, reason = "stands in map_err")]
#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum is open")]
pub(crate) fn failed<E: ProvideErrorMetadata>(operation: &'static str, error: SdkError<E, Response>) -> PortError {
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    let kind = match &error {
        SdkError::ConstructionFailure(_) => PortErrorKind::Corrupt,
        _ => code.and_then(kind_of_code).unwrap_or_else(|| kind_of_status(status)),
    };
    let code = code.unwrap_or("no code").to_owned();
    PortError::caused(kind, operation, AwsFailure { code, status })
}

/// A fault of the data or the data map, told without any of its content.
pub(crate) fn corrupt(operation: &'static str, cause: &str) -> PortError {
    PortError::caused(PortErrorKind::Corrupt, operation, cause)
}

fn kind_of_code(code: &str) -> Option<PortErrorKind> {
    Some(match code {
        "ThrottlingException"
        | "Throttling"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "LimitExceededException"
        | "SlowDown"
        | "RequestTimeout"
        | "InternalServerError"
        | "InternalError"
        | "InternalFailure"
        | "ServiceUnavailable"
        | "ExpiredToken"
        | "ExpiredTokenException" => PortErrorKind::Transient,
        "PreconditionFailed" | "ConditionalRequestConflict" => PortErrorKind::Conflict,
        "NoSuchKey" | "NoSuchUpload" | "NotFound" | "ResourceNotFoundException" | "NoSuchBucket" => {
            PortErrorKind::NotFound
        }
        "AccessDenied"
        | "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch" => PortErrorKind::Denied,
        "ValidationException" => PortErrorKind::Corrupt,
        _ => return None,
    })
}

/// No status means that the answer never came.
const fn kind_of_status(status: u16) -> PortErrorKind {
    match status {
        0 | 200..300 | 408 | 409 | 429 | 500.. => PortErrorKind::Transient,
        401 | 403 => PortErrorKind::Denied,
        404 => PortErrorKind::NotFound,
        412 => PortErrorKind::Conflict,
        _ => PortErrorKind::Corrupt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_is_worth_another_try_and_a_missing_table_is_not() {
        assert_eq!(kind_of_code("ProvisionedThroughputExceededException"), Some(PortErrorKind::Transient));
        assert_eq!(kind_of_code("ThrottlingException"), Some(PortErrorKind::Transient));
        assert_eq!(kind_of_code("ResourceNotFoundException"), Some(PortErrorKind::NotFound));
        assert_eq!(kind_of_status(412), PortErrorKind::Conflict);
        assert_eq!(kind_of_status(503), PortErrorKind::Transient);
    }

    #[test]
    fn an_error_tells_no_content() {
        let error = corrupt("read objects", "object 3, line 7: not a JSON object");
        assert_eq!(error.to_string(), "read objects failed: Corrupt");
    }
}
