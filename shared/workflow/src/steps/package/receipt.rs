//! The receipt of an export: how much of which collection was handed out, and the hash of the archive. No personal data.

use std::collections::BTreeMap;

use archive::{ArchiveInfo, EntryKind, FrozenPart};
use audit_log::receipt::{Receipt, ReceiptArchive, ReceiptSource};
use domain::job::{Archive, Job, Scope};
use domain::request::{ExportFormat, Regime, RequestType};

use crate::step_context::StepContext;
use crate::steps::collect::storing::counts_rows;

/// Rows and media of every collection that was searched, also of those where nothing was found.
pub(super) fn counts(info: &ArchiveInfo, parts: &[FrozenPart], format: ExportFormat) -> Vec<ReceiptSource> {
    let searched = info.sources.iter().map(|source| (source.source.as_str(), (0, 0)));
    let mut found: BTreeMap<&str, (u64, u64)> = searched.collect();
    for entry in parts.iter().flat_map(|part| &part.entries) {
        let (rows, media) = found.entry(&entry.source).or_default();
        if counts_rows(entry.kind, format) {
            *rows += entry.rows;
        }
        *media += u64::from(entry.kind == EntryKind::Media);
    }
    let source = |(source, (rows, media)): (&str, (u64, u64))| {
        let counts =
            [("media", media), ("rows", rows)].into_iter().filter(|(kind, count)| *kind == "rows" || *count > 0);
        ReceiptSource {
            source: source.to_owned(),
            counts: counts.map(|(kind, count)| (kind.to_owned(), count)).collect(),
            object_versions: Vec::new(),
        }
    };
    found.into_iter().map(source).collect()
}

/// What the receipt says; an export of the audit log is an answer to nobody's right and has none.
pub(super) fn of_export(context: &StepContext, archive: &Archive, counts: Vec<ReceiptSource>) -> Option<Receipt> {
    let job = &context.job;
    let legal_basis = legal_basis(job)?;
    Some(Receipt {
        v: 1,
        job: job.id.to_string(),
        tenant: job.tenant.to_string(),
        request_type: job.request_type.to_string(),
        plan_hash: String::new(),
        archive: Some(ReceiptArchive {
            sha256: archive.sha256.clone(),
            bytes: archive.bytes,
            files: archive.files,
            rows: archive.rows,
            expires_at: archive.expires_at,
        }),
        sources: counts,
        exemptions: Vec::new(),
        processors: Vec::new(),
        tokens: None,
        legal_basis: legal_basis.to_owned(),
        requested_at: job.received_at,
        completed_at: context.now,
        residual_until: None,
        log: None,
    })
}

/// The article the export answers.
fn legal_basis(job: &Job) -> Option<&'static str> {
    match job.scope {
        Scope::AuditLog | Scope::Collection => return None,
        Scope::Organization => return Some("order of the owner of the organisation"),
        Scope::Subject => {}
    }
    let is_portability = job.request_type == RequestType::Portability;
    Some(match (job.regime, is_portability) {
        (Regime::Gdpr, false) => "GDPR Art. 15",
        (Regime::Gdpr, true) => "GDPR Art. 20",
        (Regime::UkGdpr, false) => "UK GDPR Art. 15",
        (Regime::UkGdpr, true) => "UK GDPR Art. 20",
        (Regime::Ccpa, false) => "CCPA 1798.110",
        (Regime::Ccpa, true) => "CCPA 1798.130",
        (Regime::Hipaa, _) => "HIPAA 45 CFR 164.524",
        (Regime::Lgpd, false) => "LGPD Art. 18 II",
        (Regime::Lgpd, true) => "LGPD Art. 18 V",
    })
}
