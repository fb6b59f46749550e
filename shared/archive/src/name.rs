//! Names of entries. They are generated from the data map and counters, never taken from data.

use std::fmt::Write as _;

use thiserror::Error;

/// Longest encoded `dataset.collection` that still leaves room on every file system.
const LONGEST_STEM: usize = 160;

/// The collection that entries come from, as `dataset.collection` with every unusual byte encoded.
///
/// Two different pairs never give the same text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source(String);

/// Why a dataset and collection can't name an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SourceError {
    /// A part is empty.
    #[error("a dataset or collection without a name")]
    Empty,
    /// The name does not fit.
    #[error("the names of dataset and collection are too long for a file name")]
    TooLong,
}

impl Source {
    /// Names a collection; letters, digits, `_` and `-` stay, any other byte becomes `~` and two hex digits.
    ///
    /// # Errors
    /// [`SourceError`] if a part is empty or the result is too long.
    pub fn new(dataset: &str, collection: &str) -> Result<Self, SourceError> {
        if dataset.is_empty() || collection.is_empty() {
            return Err(SourceError::Empty);
        }
        let stem = format!("{}.{}", encode(dataset), encode(collection));
        if stem.len() > LONGEST_STEM {
            return Err(SourceError::TooLong);
        }
        Ok(Self(stem))
    }

    /// The encoded `dataset.collection`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn segment(&self, folder: &str, extension: &str, shard: u32, segment: u32) -> String {
        let stem = &self.0;
        if shard == 0 && segment == 0 {
            return format!("{folder}/{stem}.{extension}");
        }
        format!("{folder}/{stem}.{shard:04}-{segment:04}.{extension}")
    }

    /// The name of the n-th media file of a shard; the extension comes from [`media_extension`].
    #[must_use]
    pub fn media(&self, shard: u32, n: u32, content_type: &str) -> String {
        let extension = media_extension(content_type);
        format!("media/{}/{shard:04}-{n:06}{extension}", self.0)
    }
}

fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "~{byte:02x}").expect("writing to a String never fails");
        }
    }
    encoded
}

/// The extension for a content type, from a fixed list; anything else is `.bin`.
///
/// Types that a browser or shell would run (HTML, SVG, scripts, programs) are deliberately absent.
#[must_use]
pub fn media_extension(content_type: &str) -> &'static str {
    let essence = content_type.split(';').next().unwrap_or_default();
    match essence.trim().to_ascii_lowercase().as_str() {
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/gif" => ".gif",
        "image/webp" => ".webp",
        "image/avif" => ".avif",
        "image/heic" => ".heic",
        "image/tiff" => ".tiff",
        "image/bmp" => ".bmp",
        "audio/mpeg" => ".mp3",
        "audio/mp4" => ".m4a",
        "audio/ogg" => ".ogg",
        "audio/wav" | "audio/x-wav" => ".wav",
        "audio/flac" => ".flac",
        "video/mp4" => ".mp4",
        "video/webm" => ".webm",
        "video/quicktime" => ".mov",
        "application/pdf" => ".pdf",
        "application/json" => ".json",
        "application/zip" => ".zip",
        "text/plain" => ".txt",
        "text/csv" => ".csv",
        _ => ".bin",
    }
}

#[cfg(test)]
mod tests {
    use super::{Source, media_extension};

    fn check(dataset: &str, collection: &str, expected: &str) {
        assert_eq!(Source::new(dataset, collection).unwrap().as_str(), expected);
    }

    #[test]
    fn no_name_leaves_its_folder_or_meets_another() {
        check("shop", "orders-1", "shop.orders-1");
        check("a.b", "c", "a~2eb.c");
        check("a", "b.c", "a.b~2ec");
        check("..", "/etc/passwd", "~2e~2e.~2fetc~2fpasswd");
        check("é", "~", "~c3~a9.~7e");
        assert!(Source::new("", "a").is_err());
        assert!(Source::new("a", &"x".repeat(200)).is_err());
    }

    #[test]
    fn the_first_segment_has_the_plain_name() {
        let source = Source::new("shop", "orders").unwrap();
        assert_eq!(source.segment("json", "ndjson", 0, 0), "json/shop.orders.ndjson");
        assert_eq!(source.segment("csv", "csv", 1, 0), "csv/shop.orders.0001-0000.csv");
        assert_eq!(source.media(2, 7, "image/PNG; x=1"), "media/shop.orders/0002-000007.png");
    }

    #[test]
    fn types_that_run_become_bin() {
        for risky in ["text/html", "image/svg+xml", "application/x-msdownload", "", "../x"] {
            assert_eq!(media_extension(risky), ".bin", "{risky}");
        }
    }
}
