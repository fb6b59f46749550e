//! The data map: where personal data lives, and how one subject's rows are found.
//!
//! Reads Fideslang datasets beside our own connections, erasure rules and controller, lints them with file and line,
//! compiles them to one canonical document, and walks its references as a pure value.
//! No AWS, no async; [`read_dir`] is the only function that touches a file.

mod compile;
mod connect;
mod correction;
mod erasure;
mod finding;
mod graph;
mod lint;
mod manifest;
mod model;
mod object;
mod owner;
mod read;
mod retention;
mod taxonomy;
mod value;
mod walk;
mod yaml;

pub use erasure::{Exemption, FieldRewrite, Masker, Treatment, rewrite};
pub use finding::{Finding, Severity};
pub use model::{
    Access, Collection, Connection, ConnectorKind, ConsentRecords, Controller, DataMap, DataType, Direction,
    ErasureRule, Field, FieldReference, Flow, LAST_MODIFIED, Masking, Partitions, Processing, Processor,
    ProcessorProtocol, Quarantine, Retention, RetentionAct, Revocation, RowFormat, Source, Strategy, TimeIndex,
    TimeUnit, VERSION, fields_of_key,
};
pub use owner::{RowOwner, owner_input};
pub use read::{Checked, ReadError, read_dir, read_strs};
pub use retention::SubjectField;
pub use taxonomy::{ORGANIZATION, is_organization};
pub use value::{canonical, values_at};
pub use walk::{Lookup, Walk};

/// The dotted path of a field inside its collection; arrays on the way are entered without a mark.
pub type FieldPath = String;
