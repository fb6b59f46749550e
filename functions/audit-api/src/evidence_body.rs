//! Evidence as it is brought and shown: the field names of the HTTP contract (V8).

use domain::evidence::{CustodyEntry, EvidenceCheck, EvidenceType};
use domain::sensitive::Sensitive;
use lambda_kit::Problem;
use lambda_kit::http::cursor_after;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use workflow::evidence::{EvidencePage, EvidenceWords, NewEvidence, OpenedEvidence};

/// The most controls of one piece of evidence.
const MOST_CONTROLS: usize = 50;

/// Evidence as it is brought.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceForm {
    /// What kind it is: `system_log`, `policy`, `audit`, `training`, `ci_artifact`, `consent_record`, `retention_justification`,
    /// `configuration`, `access_review`, `scan_result`, `assessment`, `incident_report`, `screenshot`, `attestation` or `erasure_receipt`.
    #[serde(rename = "type")]
    pub evidence_type: String,
    /// A title, 1 to 255 characters.
    pub title: String,
    /// What it shows, at most 2,000 characters.
    #[serde(default)]
    pub description: String,
    /// The evidence itself; for a change, `before` and `after`.
    #[schema(value_type = Object)]
    pub content: Value,
    /// The system it comes from, 1 to 100 characters.
    pub source_system: String,
    /// The controls it is for, such as `CC6.1`.
    #[serde(default)]
    pub control_objectives: Vec<String>,
    /// The organisation it is about.
    #[serde(default)]
    pub organization_id: Option<String>,
}

impl EvidenceForm {
    /// Reads what was brought.
    ///
    /// # Errors
    /// Names the first field that is wrong.
    pub fn read(self) -> Result<NewEvidence, Problem> {
        let evidence_type = EvidenceType::parse(&self.evidence_type)
            .ok_or_else(|| Problem::invalid("/type", "must be a type of evidence, such as policy or scan_result"))?;
        check("/title", &self.title, 1, 255)?;
        check("/description", &self.description, 0, 2_000)?;
        check("/source_system", &self.source_system, 1, 100)?;
        if self.control_objectives.len() > MOST_CONTROLS {
            return Err(Problem::invalid("/control_objectives", "may hold 50 controls at most"));
        }
        for (place, control) in self.control_objectives.iter().enumerate() {
            check(&format!("/control_objectives/{place}"), control, 1, 50)?;
        }
        if let Some(organization) = &self.organization_id {
            check("/organization_id", organization, 1, 100)?;
        }
        if self.content.is_null() {
            return Err(Problem::invalid("/content", "must not be null"));
        }
        let words = EvidenceWords {
            title: Sensitive::new(self.title),
            description: Sensitive::new(self.description),
            content: Sensitive::new(self.content.to_string()),
        };
        Ok(NewEvidence {
            evidence_type,
            words,
            source_system: self.source_system,
            control_objectives: self.control_objectives,
            organization_id: self.organization_id,
        })
    }
}

fn check(pointer: &str, text: &str, least: usize, most: usize) -> Result<(), Problem> {
    let is_long_enough = (least..=most).contains(&text.chars().count());
    let is_shown = |letter: char| !letter.is_control() || letter == '\n';
    if is_long_enough && text.chars().all(is_shown) {
        Ok(())
    } else {
        Err(Problem::invalid(
            pointer,
            format!("must have {least} to {most} characters, none of them control characters"),
        ))
    }
}

/// A page of evidence.
#[derive(Serialize, ToSchema)]
pub struct EvidenceListBody {
    /// The evidence, oldest first.
    pub items: Vec<EvidenceBody>,
    /// Ids of what can't be read any more; checking one of them says more.
    pub damaged: Vec<String>,
    /// Where the next page starts; null at the end.
    pub next_cursor: Option<String>,
}

impl EvidenceListBody {
    /// A page as it is shown.
    #[must_use]
    pub fn of(page: &EvidencePage) -> Self {
        Self {
            items: page.items.iter().map(EvidenceBody::of).collect(),
            damaged: page.damaged.iter().map(ToString::to_string).collect(),
            next_cursor: page.next.as_ref().map(|id| cursor_after(id.as_str())),
        }
    }
}

/// One piece of evidence.
#[derive(Serialize, ToSchema)]
pub struct EvidenceBody {
    /// Its id.
    pub id: String,
    /// What kind it is.
    #[serde(rename = "type")]
    pub evidence_type: &'static str,
    /// Its title.
    pub title: String,
    /// What it shows.
    pub description: String,
    /// The evidence itself.
    #[schema(value_type = Object)]
    pub content: Value,
    /// The system it comes from.
    pub source_system: String,
    /// A keyed hash of whoever collected it.
    pub collector: String,
    /// The controls it is for.
    pub control_objectives: Vec<String>,
    /// SHA-256 of the content as compact JSON, hexadecimal.
    pub sha256: String,
    /// The organisation it is about.
    pub organization_id: Option<String>,
    /// When it was collected.
    pub collected_at: String,
    /// Until when it is locked.
    pub retain_until: String,
}

impl EvidenceBody {
    /// Evidence as it is shown.
    #[must_use]
    pub fn of(opened: &OpenedEvidence) -> Self {
        let OpenedEvidence { evidence, words } = opened;
        Self {
            id: evidence.id.to_string(),
            evidence_type: evidence.evidence_type.as_str(),
            title: words.title.expose().clone(),
            description: words.description.expose().clone(),
            content: serde_json::from_str(words.content.expose()).unwrap_or(Value::Null),
            source_system: evidence.source_system.clone(),
            collector: evidence.collector.as_str().to_owned(),
            control_objectives: evidence.control_objectives.clone(),
            sha256: evidence.sha256.clone(),
            organization_id: evidence.organization_id.clone(),
            collected_at: evidence.collected_at.to_string(),
            retain_until: evidence.retain_until.to_string(),
        }
    }
}

/// One entry of a chain of custody.
#[derive(Serialize, ToSchema)]
pub struct CustodyBody {
    /// Its place in the chain, from 1.
    pub number: u32,
    /// When.
    pub at: String,
    /// A keyed hash of whoever did it.
    pub actor: String,
    /// What was done: `collected` or `verified`.
    pub act: &'static str,
    /// SHA-256 of the content before; null where it began.
    pub sha256_before: Option<String>,
    /// SHA-256 of the content after.
    pub sha256_after: String,
    /// SHA-256 of the entry before, as it is stored.
    pub previous: Option<String>,
}

impl CustodyBody {
    /// An entry as it is shown.
    #[must_use]
    pub fn of(entry: &CustodyEntry) -> Self {
        Self {
            number: entry.number,
            at: entry.at.to_string(),
            actor: entry.actor.as_str().to_owned(),
            act: entry.act.as_str(),
            sha256_before: entry.sha256_before.clone(),
            sha256_after: entry.sha256_after.clone(),
            previous: entry.previous.clone(),
        }
    }
}

/// Whether a piece of evidence holds.
#[derive(Serialize, ToSchema)]
pub struct EvidenceCheckBody {
    /// Whether it does.
    pub ok: bool,
    /// When it was checked: at most 24 hours ago.
    pub verified_at: String,
    /// The first thing that doesn't hold, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<String>,
}

impl EvidenceCheckBody {
    /// A check as it is shown.
    #[must_use]
    pub fn of(check: &EvidenceCheck) -> Self {
        Self { ok: check.broken_at.is_none(), verified_at: check.at.to_string(), broken_at: check.broken_at.clone() }
    }
}
