//! Reads, and erases in, the systems that hold personal data: `DynamoDB` tables, rows in S3 objects and media in S3.
//!
//! Each kind is one module; [`Connectors`] picks it by the collection's source. Only its `Eraser` and `RetentionSource` halves write, and nothing
//! here knows what a request or a job is.

mod clients;
mod dynamodb;
mod failure;
mod pace;
mod registry;
mod s3;
mod scope;
mod tables;
mod wanted;

pub use registry::Connectors;
pub use s3::{LocalTable, rewrite_object};
pub use tables::ParquetTables;
