//! Listing keys under a prefix.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::Object;
use workflow::ports::PortError;

use crate::failure::failed;
use crate::pace::Pace;

/// A page of a listing, in key order.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) objects: Vec<Object>,
    pub(super) has_more: bool,
}

/// Lists up to `limit` keys after a key.
pub(super) async fn list(
    (client, pace): (&Client, &Pace),
    bucket: &str,
    prefix: &str,
    after: Option<&str>,
    limit: i32,
) -> Result<Listing, PortError> {
    pace.request().await;
    let request = client.list_objects_v2().bucket(bucket).prefix(prefix).max_keys(limit);
    let answer = request.set_start_after(after.map(str::to_owned)).send().await;
    let answer = answer.map_err(|error| failed("list objects", error))?;
    Ok(Listing { has_more: answer.is_truncated().unwrap_or(false), objects: answer.contents.unwrap_or_default() })
}
