//! The controller and the erasure rules: manifests of ours.

use crate::finding::{Located, Report};
use crate::model::{Controller, ErasureRule, Strategy};
use crate::object::Object;

/// Reads the controller.
pub(crate) fn read(object: Object<'_>, report: &mut Report) -> Option<Located<Controller>> {
    let known = [
        "name",
        "address",
        "contact",
        "dpo_contact",
        "complaint_authority",
        "rights",
        "automated_decisions",
        "retention",
        "transfers",
    ];
    object.expect_only(&known, report);
    let name = object.required("name", report);
    for key in ["contact", "complaint_authority"] {
        if object.node(key).is_none() {
            let message = format!("the controller has no `{key}`");
            report.warning("missing-art-15", object.place, message, "an answer to an access request must tell it");
        }
    }
    let controller = Controller {
        address: object.plain("address", report),
        contact: object.plain("contact", report),
        dpo_contact: object.plain("dpo_contact", report),
        complaint_authority: object.plain("complaint_authority", report),
        rights: object.plain("rights", report),
        automated_decisions: object.plain("automated_decisions", report),
        retention: object.plain("retention", report),
        transfers: object.plain("transfers", report),
        name: name?.value,
    };
    Some(Located { value: controller, place: object.place })
}

/// Reads one erasure rule.
pub(crate) fn read_rule(object: Object<'_>, report: &mut Report) -> Option<ErasureRule> {
    object.expect_only(&["data_categories", "strategy", "configuration", "exemption", "reason"], report);
    object.require("data_categories", report);
    let categories = object.texts("data_categories", report);
    for category in &categories {
        crate::lint::category(category, &[], report);
    }
    let exemption = object.plain("exemption", report);
    let reason = object.plain("reason", report);
    let masking = super::masking(object, report)?;
    if masking.strategy == Strategy::Preserve && exemption.is_none() {
        let message = "a rule that keeps data needs `exemption`".to_owned();
        report.error("missing-required", object.place, message, "name it, such as Art. 17(3)(b)");
    }
    Some(ErasureRule { data_categories: super::values(&categories), masking, exemption, reason })
}
