//! What is read and written: the field names of the HTTP contract, and nothing else.

mod content;
mod dataset;

pub use content::{AnonymizeForm, AnonymizedBody, MatchBody, MethodName, ScanForm, ScannedBody};
pub use dataset::{DatasetForm, DatasetMethod, Names, PublishedBody};
