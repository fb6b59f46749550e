//! S3: rows in objects under a prefix, and media under a key template; listed, read, and erased version by version.

pub(crate) mod erase_media;
pub(crate) mod erase_objects;
pub(crate) mod expire_rows;
pub(crate) mod media;
pub(crate) mod objects;

mod broken;
mod csv_glance;
mod csv_records;
mod cursor;
mod erase_object;
mod erase_tables;
mod expire;
mod gunzip;
mod lines;
mod list;
mod manifest;
mod packing;
mod parquet;
mod reader;
mod records;
mod rewriting;
mod template;
mod unzstd;
mod upload;
mod version;
mod versions;

pub(crate) use self::expire::WholeObjects;
pub(crate) use self::media::MediaSource;
pub(crate) use self::objects::ObjectSource;
pub use self::parquet::LocalTable;
pub use self::rewriting::rewrite_object;
