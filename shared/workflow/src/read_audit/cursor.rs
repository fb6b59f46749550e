//! Where a list of events goes on: an id under a keyed digest of tenant and filters, so that it opens in the same list only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::EventId;
use subtle::ConstantTimeEq as _;

use super::filter::EventFilter;
use crate::keyring::TenantSecrets;

/// What is said of every other text.
pub(super) const FOREIGN: &str = "is not a cursor of this list";
const DIGITS: usize = 32;

/// Seals a place.
pub(super) fn seal(secrets: &TenantSecrets, filter: &EventFilter, id: &EventId) -> String {
    URL_SAFE_NO_PAD.encode(format!("{id}.{}", digest(secrets, filter, id)))
}

/// The place in a cursor; `None` if it was made for another tenant or other filters, or was changed.
pub(super) fn open(secrets: &TenantSecrets, filter: &EventFilter, cursor: &str) -> Option<EventId> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (id, seal) = text.split_once('.')?;
    let id: EventId = id.parse().ok()?;
    bool::from(digest(secrets, filter, &id).as_bytes().ct_eq(seal.as_bytes())).then_some(id)
}

fn digest(secrets: &TenantSecrets, filter: &EventFilter, id: &EventId) -> String {
    let parts = filter.parts();
    let mut bytes: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
    bytes.push(id.as_str().as_bytes());
    secrets.digest("audit cursor v1", &bytes)[..DIGITS].to_owned()
}
