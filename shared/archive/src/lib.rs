//! The export archive: one ZIP that is a pure function of its frozen parts, and the proof that it is whole.
//!
//! Rows become *segments* (a few MiB, one ZIP entry each), segments become *parts* (one stored object each),
//! parts and a tail joined byte for byte are the ZIP. No I/O, no clock, no AWS: bytes come in, bytes go out.
//!
//! [`CollectionWriter`] and [`MediaStream`] make parts, [`archive_tail`] ends the ZIP, [`verify`] checks it.

mod collection;
mod csv_cell;
mod csv_columns;
mod csv_node;
mod csv_other;
mod directory;
mod entry;
mod header;
mod info;
mod manifest;
mod media;
mod name;
mod part;
mod readme;
mod tail;
mod verify;

pub use collection::{CollectionWriter, Format, Position};
pub use csv_columns::CsvColumns;
pub use directory::{CentralDirectory, DirectoryError};
pub use entry::{EntryKind, EntryRecord, IndexError, Method};
pub use header::DosTime;
pub use info::{ArchiveInfo, Controller, SourceInfo, Subject};
pub use manifest::{Manifest, ManifestFile, manifest};
pub use media::{MediaError, MediaStream, MediaTail};
pub use name::{Source, SourceError, media_extension};
pub use part::{PART_TARGET_BYTES, Packing, Part, PartWriter};
pub use readme::readme;
pub use tail::{FrozenPart, Tail, archive_tail, archive_tail_packing};
pub use verify::{Problem, Verified, VerifiedFile, VerifyError, verify};
