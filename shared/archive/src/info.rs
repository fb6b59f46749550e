//! What the archive tells about itself and about the processing (GDPR Art. 15(1) and (2)).
//!
//! Plain values: whoever packs fills them from the data map.

use jiff::Timestamp;

use crate::collection::Format;
use crate::name::Source;

/// What an archive is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subject {
    /// A person or an organisation, who is told of the processing.
    #[default]
    Person,
    /// The audit log, which an auditor reads.
    AuditLog,
}

/// The head of an archive and the information of Art. 15(1) that is not bound to one source.
#[derive(Clone, Debug)]
pub struct ArchiveInfo {
    /// What it is about: decides how `README.html` speaks.
    pub subject: Subject,
    /// The job that made the archive.
    pub job_id: String,
    /// The kind of request, e.g. `access`.
    pub request_type: String,
    /// The instant the job was accepted: the same whoever packs, and however often.
    pub made_at: Timestamp,
    /// The form of the rows.
    pub format: Format,
    /// The region in which the data stays.
    pub region: String,
    /// Who answers for the processing.
    pub controller: Controller,
    /// Automated decisions and profiling (Art. 15(1)(h)), if the data map states any.
    pub automated_decisions: Option<String>,
    /// Something the reader must know first, such as an erasure in the past.
    pub notice: Option<String>,
    /// Every collection that was searched, also those without a row.
    pub sources: Vec<SourceInfo>,
}

/// Who answers for the processing and where to complain.
#[derive(Clone, Debug, Default)]
pub struct Controller {
    /// Name of the organisation.
    pub name: String,
    /// How to reach it about this archive.
    pub contact: String,
    /// The data protection officer, if there is one.
    pub officer: Option<String>,
    /// The supervisory authority to complain to (Art. 15(1)(f)), if one is named.
    pub authority: Option<String>,
}

/// What the data map says about one collection.
#[derive(Clone, Debug)]
pub struct SourceInfo {
    /// The collection.
    pub source: Source,
    /// A name a person understands.
    pub title: String,
    /// What it holds, in a sentence; may be empty.
    pub description: String,
    /// Categories of personal data (Art. 15(1)(b)).
    pub categories: Vec<String>,
    /// Purposes (Art. 15(1)(a)).
    pub purposes: Vec<String>,
    /// Lawful bases (Art. 6(1)).
    pub lawful_bases: Vec<String>,
    /// Recipients (Art. 15(1)(c)).
    pub recipients: Vec<String>,
    /// How long it is kept, or by what rule (Art. 15(1)(d)).
    pub retention: Option<String>,
    /// Where the data came from (Art. 15(1)(g)), if the data map says so.
    pub origin: Option<String>,
    /// Third countries and their safeguards (Art. 15(2)).
    pub transfers: Vec<String>,
}
