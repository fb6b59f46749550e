//! Schemas of wire enums, made from the lists of the domain so that they can't differ.

use domain::hold::HoldStatus;
use domain::job::{JobStatus, WaitingFor};
use domain::notice::{Language, NoticeName};
use domain::request::{ExportFormat, IdentityKind, Purpose, Regime, RequestType};
use domain::retention::RetentionClass;
use domain::risk::{RiskGap, RiskLevel, RiskReason};
use domain::step::StepKind;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};

fn one_of(names: impl Iterator<Item = &'static str>) -> Schema {
    Schema::Object(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build())
}

pub(super) fn request_type() -> Schema {
    one_of(RequestType::ALL.iter().map(|it| it.as_str()))
}

pub(super) fn corrected_value() -> Schema {
    let types = SchemaType::from_iter([Type::String, Type::Number, Type::Boolean]);
    Schema::Object(ObjectBuilder::new().schema_type(types).build())
}

pub(super) fn purpose() -> Schema {
    one_of(Purpose::ALL.iter().map(|it| it.as_str()))
}

pub(super) fn regime() -> Schema {
    one_of(Regime::ALL.iter().map(|it| it.as_str()))
}

pub(super) fn format() -> Schema {
    one_of(ExportFormat::ALL.iter().map(|it| it.as_str()))
}

pub(super) fn status() -> Schema {
    one_of(JobStatus::ALL.iter().map(|it| it.as_str()))
}

pub(super) fn hold_status() -> Schema {
    one_of(HoldStatus::ALL.iter().map(|it| it.as_str()))
}

pub(super) fn step_kind() -> Schema {
    one_of(StepKind::ALL.iter().filter(|it| it.erases()).map(|it| it.as_str()))
}

pub(super) fn identity_kind() -> Schema {
    one_of(IdentityKind::ALL.iter().filter(|it| **it != IdentityKind::OrganizationId).map(|it| it.as_str()))
}

pub(super) fn waiting_for() -> Schema {
    one_of(WaitingFor::ALL.iter().map(|it| it.as_str()))
}

pub(super) fn retention_class() -> Schema {
    one_of(RetentionClass::ALL.iter().map(|it| it.as_str()))
}

pub(super) fn retention_classes() -> Schema {
    list_of(retention_class())
}

pub(super) fn risk_level() -> Schema {
    one_of(RiskLevel::ALL.iter().map(|it| it.as_str()))
}

pub(super) fn risk_reasons() -> Schema {
    list_of(one_of(RiskReason::ALL.iter().map(|it| it.as_str())))
}

pub(super) fn risk_gaps() -> Schema {
    list_of(one_of(RiskGap::ALL.iter().map(|it| it.as_str())))
}

fn list_of(names: Schema) -> Schema {
    Schema::Array(ArrayBuilder::new().items(utoipa::openapi::RefOr::T(names)).build())
}

pub(super) fn language() -> Schema {
    one_of(Language::ALL.iter().map(|it| it.as_str()))
}

pub(super) fn notice_name() -> Schema {
    one_of(NoticeName::ALL.iter().map(|it| it.as_str()))
}

pub(super) fn notice_names() -> Schema {
    Schema::Array(ArrayBuilder::new().items(utoipa::openapi::RefOr::T(notice_name())).build())
}
