//! Links to finished archives: short, minted on demand, never stored or logged.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_s3::presigning::PresigningConfig;
use domain::sensitive::Sensitive;
use jiff::Timestamp;
use workflow::ports::{Link, PortError, PortErrorKind};

use super::S3ExportStore;
use crate::failure::failed;

/// A link lives 15 minutes at most, whatever is left of the entitlement.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Signs a link until the earliest of `until`, 15 minutes and the end of the signer's credentials.
pub(super) async fn sign(
    store: &S3ExportStore,
    key: &str,
    file_name: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Link, PortError> {
    let over = || PortError::new(PortErrorKind::Denied, "sign link");
    let entitled = Duration::try_from(until.duration_since(now)).map_err(|_| over())?;
    // Signatures count in real time, whatever clock the jobs follow.
    let signing = PresigningConfig::expires_in(LONGEST)
        .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "sign link", source))?;
    let started = signing.start_time();
    let credentials = credentials_end(store.credentials.as_ref()).await?;
    let left = credentials.map_or(LONGEST, |end| end.duration_since(started).unwrap_or_default());
    let lifetime = Duration::from_secs(entitled.min(LONGEST).min(left).as_secs());
    if lifetime.is_zero() {
        return Err(over());
    }
    let signing = PresigningConfig::builder().start_time(started).expires_in(lifetime).build();
    let signing = signing.map_err(|source| PortError::caused(PortErrorKind::Corrupt, "sign link", source))?;
    let request = store
        .client
        .get_object()
        .bucket(&store.bucket)
        .key(key)
        .response_content_disposition(disposition(file_name))
        .presigned(signing)
        .await
        .map_err(|error| failed("sign link", error))?;
    let expires_at = now.checked_add(lifetime).map_err(|_| over())?;
    Ok(Link { url: Sensitive::new(request.uri().to_owned()), expires_at })
}

/// When the signer's credentials end; `None` where they don't say (a function's own are renewed well ahead).
pub(crate) async fn credentials_end(
    provider: Option<&SharedCredentialsProvider>,
) -> Result<Option<SystemTime>, PortError> {
    let provider = provider.ok_or(PortError::new(PortErrorKind::Denied, "sign link"))?;
    let credentials = provider.provide_credentials().await;
    let credentials = credentials.map_err(|_| PortError::new(PortErrorKind::Denied, "sign link"))?;
    Ok(credentials.expiry())
}

/// Saves as `file_name`; a name is reduced to characters that need no quoting (RFC 6266).
fn disposition(file_name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = file_name.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"{name}\"")
}

#[cfg(test)]
mod tests;
