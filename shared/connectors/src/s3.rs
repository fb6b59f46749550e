//! S3: rows in objects under a prefix, and media under a key template. Listing and reading only.

pub(crate) mod media;
pub(crate) mod objects;

mod broken;
mod csv_records;
mod cursor;
mod gunzip;
mod lines;
mod list;
mod reader;
mod records;
mod template;

pub(crate) use self::media::MediaSource;
pub(crate) use self::objects::ObjectSource;
