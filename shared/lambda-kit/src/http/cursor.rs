//! Where a list goes on: opaque to clients, an id to us. Lists whose filters must not change seal theirs (`workflow::read_audit`).

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Hides an id in a cursor.
#[must_use]
pub fn cursor_after(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

/// The id in a cursor; `None` if it isn't one of ours.
#[must_use]
pub fn id_in_cursor<T: FromStr>(cursor: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    String::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::JobId;

    #[test]
    fn only_our_cursors_are_read() {
        let id = JobId::new(jiff::Timestamp::UNIX_EPOCH, [1; 10]);
        assert_eq!(id_in_cursor(&cursor_after(id.as_str())), Some(id));
        for bad in ["", "x", "am9i", "%%%", "🦀"] {
            assert_eq!(id_in_cursor::<JobId>(bad), None, "{bad}");
        }
    }
}
