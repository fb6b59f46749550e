//! The words a data map may use: top levels of the Fideslang taxonomy, kinds of identity.

/// The kind of identity that names an organisation instead of a person.
pub const ORGANIZATION: &str = "organization_id";

/// Second levels of `user.` and `system.` (Fideslang 3.2, with the deprecated ones that older files still use).
const USER: &[&str] = &[
    "account",
    "authorization",
    "behavior",
    "biometric",
    "biometrics",
    "childrens",
    "children",
    "contact",
    "content",
    "criminal_history",
    "credentials",
    "demographic",
    "device",
    "financial",
    "government_id",
    "health",
    "health_and_medical",
    "job_title",
    "location",
    "name",
    "payment",
    "privacy_preferences",
    "professional_information",
    "sensor",
    "settings",
    "social",
    "social_activity",
    "telemetry",
    "unique_id",
    "user_sensor",
    "workplace",
];
const SYSTEM: &[&str] = &["authentication", "operations"];

const IDENTITIES: &[&str] = &[
    "account_id",
    "customer_id",
    "device_id",
    "email",
    "external_id",
    "fides_user_device_id",
    "ga_client_id",
    "ljt_readerID",
    ORGANIZATION,
    "phone_number",
    "user_id",
    "username",
];

/// Whether a kind of identity names an organisation.
#[must_use]
pub fn is_organization(kind: &str) -> bool {
    kind == ORGANIZATION
}

/// Whether a kind of identity is one we know.
pub(crate) fn knows_identity(kind: &str) -> bool {
    IDENTITIES.contains(&kind)
}

/// The known kinds in one line.
pub(crate) fn identities() -> String {
    IDENTITIES.join(", ")
}

/// Whether a dotted category stands under a known second level of the taxonomy.
pub(crate) fn knows_category(category: &str) -> bool {
    let mut parts = category.split('.');
    let seconds = match parts.next() {
        Some("user") => USER,
        Some("system") => SYSTEM,
        _unknown_root => return false,
    };
    let second_is_known = parts.next().is_none_or(|second| seconds.contains(&second));
    second_is_known && parts.all(|part| !part.is_empty())
}
