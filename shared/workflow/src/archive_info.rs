//! What an archive says about the processing, taken from the data map (GDPR Art. 15(1)(a)-(h) and 15(2)).

use archive::{ArchiveInfo, Controller, Source, SourceInfo, Subject};
use datamap::{Collection, DataMap};
use domain::job::Job;
use domain::record::SuppressionRecord;

use crate::own_records::collections;
use crate::steps::format_of;

/// The head of the archive of a job.
#[must_use]
pub fn archive_info(job: &Job, map: &DataMap, erased: Option<&SuppressionRecord>) -> ArchiveInfo {
    let controller = map.controller.clone().unwrap_or_default();
    ArchiveInfo {
        subject: Subject::Person,
        job_id: job.id.to_string(),
        request_type: job.request_type.to_string(),
        made_at: job.created_at,
        format: format_of(job.format),
        region: job.region.clone(),
        notice: erased.map(erased_notice),
        automated_decisions: controller.automated_decisions.clone(),
        controller: Controller {
            name: controller.name,
            contact: controller.contact.or(controller.address).unwrap_or_default(),
            officer: controller.dpo_contact,
            authority: controller.complaint_authority,
        },
        sources: map
            .collections
            .iter()
            .chain(&collections(map))
            .filter(|it| !it.skip)
            .filter_map(source_info)
            .collect(),
    }
}

/// Why an archive may be empty: the data was erased before.
fn erased_notice(erased: &SuppressionRecord) -> String {
    let on: String = erased.erased_at.to_string().chars().take(10).collect();
    format!("The personal data held about you was erased on {on} at your request ({}).", erased.job)
}

fn source_info(collection: &Collection) -> Option<SourceInfo> {
    let processing = &collection.processing;
    Some(SourceInfo {
        source: Source::new(&collection.dataset, &collection.name).ok()?,
        title: collection.name.replace('_', " "),
        description: collection.description.clone().unwrap_or_default(),
        categories: collection.categories().into_iter().map(str::to_owned).collect(),
        purposes: processing.purpose.iter().cloned().collect(),
        lawful_bases: processing.lawful_basis.iter().cloned().collect(),
        recipients: processing.recipients.clone(),
        retention: processing.retention_class.clone(),
        origin: processing.source.clone(),
        transfers: processing.transfers.clone(),
    })
}
