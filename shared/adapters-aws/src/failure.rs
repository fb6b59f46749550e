//! What a refused or lost call means. Messages of AWS can quote addresses and keys: only codes are kept.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_smithy_runtime_api::http::Response;
use workflow::ports::{PortError, PortErrorKind};

/// Why a call failed, without a word of what was sent.
#[derive(Debug, thiserror::Error)]
#[error("{code} (HTTP {status}, request {request_id})")]
pub(crate) struct AwsFailure {
    code: String,
    status: u16,
    request_id: String,
}

/// Maps a failed call to what the workflow can act on.
#[expect(clippy::needless_pass_by_value, reason = "stands in map_err")]
pub(crate) fn failed<E>(operation: &'static str, error: SdkError<E, Response>) -> PortError
where
    E: ProvideErrorMetadata,
{
    failure(operation, &error)
}

/// As [`failed`], for an error that is still needed.
pub(crate) fn failure<E>(operation: &'static str, error: &SdkError<E, Response>) -> PortError
where
    E: ProvideErrorMetadata,
{
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    let kind = kind_of(error, code, status);
    let source = AwsFailure {
        code: code.unwrap_or_else(|| phase(error)).to_owned(),
        status,
        request_id: error.request_id().unwrap_or("unknown").to_owned(),
    };
    PortError::caused(kind, operation, source)
}

fn kind_of<E>(error: &SdkError<E, Response>, code: Option<&str>, status: u16) -> PortErrorKind {
    if matches!(error, SdkError::ConstructionFailure(_)) {
        return PortErrorKind::Corrupt;
    }
    code.and_then(kind_of_code).unwrap_or_else(|| kind_of_status(status))
}

/// What the codes of DynamoDB, S3, SQS, KMS and SES mean; `None` where the status says enough.
fn kind_of_code(code: &str) -> Option<PortErrorKind> {
    let kind = match code {
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
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
        | "TransactionConflictException"
        | "TransactionInProgressException"
        | "ConditionalRequestConflict"
        | "OperationAborted"
        | "KMSInternalException"
        | "DependencyTimeoutException"
        | "KeyUnavailableException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "OverLimit" => PortErrorKind::Transient,
        "ConditionalCheckFailedException" | "PreconditionFailed" => PortErrorKind::Conflict,
        "NoSuchKey" | "NoSuchUpload" | "NotFound" => PortErrorKind::NotFound,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "DisabledException"
        | "KMSInvalidStateException"
        | "MessageRejected"
        | "MailFromDomainNotVerifiedException"
        | "AccountSuspendedException"
        | "SendingPausedException" => PortErrorKind::Denied,
        "ResourceNotFoundException"
        | "NotFoundException"
        | "NoSuchBucket"
        | "QueueDoesNotExist"
        | "InvalidCiphertextException"
        | "IncorrectKeyException" => PortErrorKind::Corrupt,
        _ => return None,
    };
    Some(kind)
}

/// No status at all means that the answer never came, or could not be read.
const fn kind_of_status(status: u16) -> PortErrorKind {
    match status {
        0 | 408 | 409 | 429 | 500.. => PortErrorKind::Transient,
        200..300 => PortErrorKind::Transient,
        401 | 403 => PortErrorKind::Denied,
        404 => PortErrorKind::NotFound,
        412 => PortErrorKind::Conflict,
        _ => PortErrorKind::Corrupt,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum is open")]
const fn phase<E>(error: &SdkError<E, Response>) -> &'static str {
    match error {
        SdkError::ConstructionFailure(_) => "request not built",
        SdkError::TimeoutError(_) => "timed out",
        SdkError::DispatchFailure(_) => "not reached",
        SdkError::ResponseError(_) => "answer not readable",
        _ => "no error code",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_win_over_status() {
        assert_eq!(kind_of_code("ThrottlingException"), Some(PortErrorKind::Transient));
        assert_eq!(kind_of_code("SomethingNew"), None);
        assert_eq!(kind_of_status(503), PortErrorKind::Transient);
        assert_eq!(kind_of_status(400), PortErrorKind::Corrupt);
    }
}
