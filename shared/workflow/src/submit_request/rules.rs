//! What may be asked, by whom, in what form. Pure: nothing is read or written here.

use datamap::DataMap;
use domain::correction::{Corrected, Correction};
use domain::erasure::{DEFAULT_GRACE_DAYS, MAX_GRACE_DAYS};
use domain::job::Scope;
use domain::key::TenantKey;
use domain::request::{ExportFormat, Regime, RequestType};
use domain::role::{Permission, Role};
use jiff::{SignedDuration, Timestamp};

use super::NewRequest;
use crate::anonymization::BUDGET;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// How far back a receipt may lie.
const OLDEST_RECEIPT: SignedDuration = SignedDuration::from_hours(90 * 24);

pub(super) const fn default_format(request_type: RequestType) -> ExportFormat {
    match request_type {
        RequestType::Portability | RequestType::Anonymization => ExportFormat::Json,
        RequestType::Access
        | RequestType::Erasure
        | RequestType::Rectification
        | RequestType::Restriction
        | RequestType::Objection
        | RequestType::AutomatedDecisionReview
        | RequestType::OptOut
        | RequestType::LimitUse => ExportFormat::Both,
    }
}

/// Says whether the caller is the subject itself; refuses who may not ask at all.
pub(super) fn authorize(caller: &Caller, request: &NewRequest) -> Result<bool, Refusal> {
    if request.scope == Scope::Organization {
        let erases = request.request_type == RequestType::Erasure;
        let needed = if erases { Permission::OrgJobDelete } else { Permission::OrgJobExport };
        return if caller.principal.may(needed) { Ok(false) } else { Err(Refusal::Forbidden { needs: vec![needed] }) };
    }
    if request.scope == Scope::Collection {
        let needed = Permission::ResourceWrite;
        return if caller.principal.may(needed) { Ok(false) } else { Err(Refusal::Forbidden { needs: vec![needed] }) };
    }
    if caller.principal.may(Permission::JobCreate) {
        return Ok(false);
    }
    if !caller.principal.is(Role::DataSubject) {
        return Err(Refusal::Forbidden { needs: vec![Permission::JobCreate] });
    }
    if request.received_at.is_some() {
        return Err(Refusal::field("/received_at", "may only be given by staff"));
    }
    let own = caller.own_identity().ok_or(Refusal::Reserved { to: "sessions with a verified e-mail address" })?;
    match request.identities.iter().position(|identity| *identity != own) {
        Some(at) => {
            let pointer = format!("/subject/identities/{at}/value");
            Err(Refusal::field(pointer, "is not the verified address of your session"))
        }
        None => Ok(true),
    }
}

pub(super) fn check_request(request: &NewRequest, now: Timestamp) -> Result<(), Refusal> {
    let is_order = request.scope == Scope::Collection && request.order.is_some();
    if !is_order && !RequestType::SUPPORTED.contains(&request.request_type) {
        return Err(Refusal::field("/type", unsupported_type()));
    }
    let knows_no = match request.request_type {
        RequestType::Restriction => matches!(request.regime, Some(Regime::Ccpa)),
        RequestType::Objection => matches!(request.regime, Some(Regime::Ccpa | Regime::Hipaa)),
        RequestType::Access
        | RequestType::Portability
        | RequestType::Erasure
        | RequestType::Rectification
        | RequestType::AutomatedDecisionReview
        | RequestType::OptOut
        | RequestType::LimitUse
        | RequestType::Anonymization => false,
    };
    if knows_no {
        return Err(Refusal::field("/regime", "knows no such right"));
    }
    if request.grace_days.is_some() && request.request_type != RequestType::Erasure {
        return Err(Refusal::field("/grace_period_days", "is for erasure only"));
    }
    if request.grace_days.is_some_and(|days| days > MAX_GRACE_DAYS) {
        return Err(Refusal::field("/grace_period_days", format!("is at most {MAX_GRACE_DAYS}")));
    }
    if request.purpose.is_some() && request.request_type != RequestType::Objection {
        return Err(Refusal::field("/purpose", "is for objection only"));
    }
    let corrects = request.request_type == RequestType::Rectification;
    if corrects == request.corrections.is_empty() {
        let what = if corrects { "says nothing to correct" } else { "is for rectification only" };
        return Err(Refusal::field("/corrections", what));
    }
    if let Some(received_at) = request.received_at {
        if received_at > now {
            return Err(Refusal::field("/received_at", "lies in the future"));
        }
        if received_at < now - OLDEST_RECEIPT {
            return Err(Refusal::field("/received_at", "lies more than 90 days back"));
        }
    }
    if request.scope == Scope::Subject && request.identities.is_empty() {
        return Err(Refusal::field("/subject/identities", "names nobody"));
    }
    if request.request_type == RequestType::Portability && request.format == Some(ExportFormat::Both) {
        return Err(Refusal::field("/format", "a portability request names one format, json or csv"));
    }
    Ok(())
}

/// Each correction must be possible somewhere, by the map the job will follow.
pub(super) fn check_corrections(map: &DataMap, corrections: &[Correction]) -> Result<(), Refusal> {
    if corrections.len() > 1 && corrections.iter().any(|it| it.renames().is_some()) {
        return Err(Refusal::field("/corrections", "an identity is corrected by itself, in a request of its own"));
    }
    for (at, correction) in corrections.iter().enumerate() {
        let place = match &correction.of {
            Corrected::Field(_) => "field",
            Corrected::Category(_) => "category",
            Corrected::Identity { .. } => "identity",
        };
        if correction.renames().is_some_and(|it| it.was == it.right) {
            return Err(Refusal::field(format!("/corrections/{at}/value"), "is the value that is to be corrected"));
        }
        let pointer = format!("/corrections/{at}/{place}");
        if corrections.iter().take(at).any(|earlier| earlier.of == correction.of) {
            return Err(Refusal::field(pointer, "is named twice"));
        }
        map.check_correction(correction).map_err(|why| Refusal::field(pointer, why))?;
    }
    Ok(())
}

/// A correction waits for nothing once it is approved.
pub(super) fn grace_days(request: &NewRequest) -> u16 {
    match request.request_type {
        RequestType::Rectification => 0,
        RequestType::Access
        | RequestType::Portability
        | RequestType::Erasure
        | RequestType::Restriction
        | RequestType::Objection
        | RequestType::AutomatedDecisionReview
        | RequestType::OptOut
        | RequestType::LimitUse
        | RequestType::Anonymization => request.grace_days.unwrap_or(DEFAULT_GRACE_DAYS),
    }
}

/// The sentence that names what this version fulfils.
#[must_use]
pub fn unsupported_type() -> String {
    let names: Vec<&str> = RequestType::SUPPORTED.iter().map(|kind| kind.as_str()).collect();
    format!("is not supported yet; supported are {}", names.join(", "))
}

pub(super) fn organization_of(caller: &Caller, request: &NewRequest) -> Result<Option<String>, Refusal> {
    match request.scope {
        Scope::Subject | Scope::Collection | Scope::AuditLog => return Ok(None),
        Scope::Organization => {}
    }
    let own = caller.principal.organization_id.as_ref();
    let own = own.ok_or(Refusal::Reserved { to: "owners whose token names an organisation" })?;
    match &request.organization_id {
        Some(asked) if asked != own => return Err(Refusal::NotFound),
        Some(_) | None => {}
    }
    if request.request_type == RequestType::Erasure {
        let name = caller.principal.organization_name.as_ref();
        let name = name.ok_or(Refusal::Reserved { to: "owners whose token says the name of the organisation" })?;
        // To the letter: who deletes an organisation by mistake has typed something else.
        if request.confirmed_name.as_ref() != Some(name.expose()) {
            return Err(Refusal::field("/confirm_org_name", "is not the name of the organisation"));
        }
    }
    Ok(Some(own.clone()))
}

pub(crate) fn quota_refusal(key: &TenantKey, limit: i64, now: Timestamp) -> Refusal {
    if key.sort() == "counter#open_jobs" {
        return Refusal::QuotaReached { quota: "max_open_jobs", limit, resets_at: None };
    }
    if key.sort() == "counter#privacy_spent" {
        return Refusal::QuotaReached { quota: BUDGET, limit, resets_at: None };
    }
    let zoned = now.to_zoned(jiff::tz::TimeZone::UTC);
    let next =
        zoned.first_of_month().and_then(|day| day.start_of_day()).ok().map(|day| day + jiff::Span::new().months(1));
    Refusal::QuotaReached { quota: "max_jobs_per_month", limit, resets_at: next.map(|day| day.timestamp()) }
}
