//! `connection` manifests: how a dataset is reached, and why its data is held.

mod retention;
mod source;

use crate::finding::{Located, Place, Report};
use crate::model::{Connection, ConnectorKind, ConsentRecords, Processing, Quarantine, Retention, Revocation, Source};
use crate::object::Object;

/// A connection as written.
#[derive(Debug)]
pub(crate) struct RawConnection {
    pub(crate) place: Place,
    pub(crate) key: Located<String>,
    pub(crate) datasets: Vec<Located<String>>,
    pub(crate) tenant_field: Option<Located<String>>,
    pub(crate) connection: Connection,
    pub(crate) collections: Vec<RawEntry>,
}

/// How one collection of the connection is reached.
#[derive(Debug)]
pub(crate) struct RawEntry {
    pub(crate) name: Located<String>,
    /// None if what was written is not usable; the finding is in the report.
    pub(crate) source: Option<Source>,
    /// Places of the fields that `indexes` and `key_template` name.
    pub(crate) fields: Vec<Located<String>>,
    pub(crate) processing: Processing,
    pub(crate) retention: Option<Retention>,
    pub(crate) retention_place: Option<Place>,
    /// Where the tokens in its rows are revoked.
    pub(crate) revoke: Option<RawRevocation>,
    /// How its rows are taken out of use while their erasure may be taken back.
    pub(crate) quarantine: Option<Quarantine>,
    /// Which fields say what people agreed to.
    pub(crate) consent: Option<RawConsent>,
}

/// Fields of consent as written.
#[derive(Debug)]
pub(crate) struct RawConsent {
    pub(crate) person: Located<String>,
    pub(crate) records: ConsentRecords,
}

/// A revocation endpoint as written.
#[derive(Debug)]
pub(crate) struct RawRevocation {
    pub(crate) url: Located<String>,
    pub(crate) secret: Located<String>,
    pub(crate) revocation: Revocation,
}

const PROCESSING: &[&str] = &["purpose", "lawful_basis", "recipients", "transfers", "retention_class", "source"];

const CONNECTION: &[&str] = &[
    "fides_key",
    "datasets",
    "connector",
    "region",
    "role_arn",
    "external_id",
    "max_read_units_per_second",
    "max_requests_per_second",
    "tenant_field",
    "collections",
    "purpose",
    "lawful_basis",
    "recipients",
    "transfers",
    "retention_class",
    "source",
];

/// Reads one connection.
pub(crate) fn read(object: Object<'_>, report: &mut Report) -> Option<RawConnection> {
    object.expect_only(CONNECTION, report);
    for key in ["datasets", "collections"] {
        object.require(key, report);
    }
    let key = object.required("fides_key", report);
    let connector = connector(object, report);
    let datasets = object.texts("datasets", report);
    refuse_other_accounts(object, report);
    let tenant_field = object.text("tenant_field", report);
    let processing = processing(object, &Processing::default(), report);
    warn_of_silence(object, &processing, report);
    let (key, connector) = (key?, connector?);
    let entries = object.object("collections", "collections", report);
    let collections = entries.map(|entries| read_entries(entries, connector, &processing, report)).unwrap_or_default();
    let connection = Connection {
        fides_key: key.value.clone(),
        datasets: super::values(&datasets),
        connector,
        region: object.plain("region", report),
        role_arn: object.plain("role_arn", report),
        external_id: object.plain("external_id", report),
        max_read_units_per_second: object.count("max_read_units_per_second", report).unwrap_or(100),
        max_requests_per_second: object.count("max_requests_per_second", report).unwrap_or(100),
        tenant_field: tenant_field.as_ref().map(|field| field.value.clone()),
        assumed: false,
    };
    Some(RawConnection { place: object.place, key, datasets, tenant_field, connection, collections })
}

/// Read, so that the form stays; refused, so that nobody waits for an export that can't come.
fn refuse_other_accounts(object: Object<'_>, report: &mut Report) {
    for key in ["role_arn", "external_id"] {
        if let Some(node) = object.node(key) {
            let message = format!("`{key}` names another account, which is not supported yet");
            report.error("other-account", node.place, message, "copy or share the data into the stack's own account");
        }
    }
}

fn connector(object: Object<'_>, report: &mut Report) -> Option<ConnectorKind> {
    let name = object.required("connector", report)?;
    match name.value.as_str() {
        "dynamodb" => Some(ConnectorKind::DynamoDb),
        "s3" => Some(ConnectorKind::S3),
        other => {
            report.error(
                "unknown-connector",
                name.place,
                format!("unknown connector `{other}`"),
                "known: dynamodb, s3",
            );
            None
        }
    }
}

fn processing(object: Object<'_>, outer: &Processing, report: &mut Report) -> Processing {
    let texts = |key, outer: &Vec<String>, report: &mut Report| match object.node(key) {
        Some(_) => super::values(&object.texts(key, report)),
        None => outer.clone(),
    };
    Processing {
        recipients: texts("recipients", &outer.recipients, report),
        transfers: texts("transfers", &outer.transfers, report),
        purpose: object.plain("purpose", report).or_else(|| outer.purpose.clone()),
        lawful_basis: object.plain("lawful_basis", report).or_else(|| outer.lawful_basis.clone()),
        retention_class: object.plain("retention_class", report).or_else(|| outer.retention_class.clone()),
        source: object.plain("source", report).or_else(|| outer.source.clone()),
    }
}

fn warn_of_silence(object: Object<'_>, processing: &Processing, report: &mut Report) {
    let told = [
        ("purpose", processing.purpose.is_some()),
        ("lawful_basis", processing.lawful_basis.is_some()),
        ("recipients", object.node("recipients").is_some()),
        ("retention_class", processing.retention_class.is_some()),
        ("source", processing.source.is_some()),
    ];
    for (key, _) in told.into_iter().filter(|(_, told)| !told) {
        let message = format!("connection has no `{key}`");
        report.warning("missing-art-15", object.place, message, "an answer to an access request must tell it");
    }
}

fn read_entries(
    entries: Object<'_>,
    connector: ConnectorKind,
    outer: &Processing,
    report: &mut Report,
) -> Vec<RawEntry> {
    let mut read = Vec::new();
    for (name, node) in entries.entries() {
        let Some(object) = Object::of(node, "collection", report) else {
            continue;
        };
        let mut fields = Vec::new();
        let source = match connector {
            ConnectorKind::DynamoDb => source::dynamodb(object, &mut fields, report),
            ConnectorKind::S3 => source::s3(object, &mut fields, report),
        };
        let processing = processing(object, outer, report);
        let revoke = revocation(object, &mut fields, report);
        let consent = consent(object, &mut fields, report);
        let name = Located { value: name.text.clone(), place: name.place };
        let retention_place = object.node("retention").map(|node| node.place);
        let retention = retention::read(object, source.as_ref(), &mut fields, report);
        let quarantine = quarantine(object, report);
        read.push(RawEntry {
            name,
            source,
            fields,
            processing,
            retention,
            retention_place,
            revoke,
            quarantine,
            consent,
        });
    }
    read
}

/// The flag of an entry. It need not be declared as a field: it is the application's own, and says nothing of people.
fn quarantine(object: Object<'_>, report: &mut Report) -> Option<Quarantine> {
    let object = object.object("quarantine", "quarantine", report)?;
    object.expect_only(&["field", "value"], report);
    let (field, value) = (object.required("field", report), object.required("value", report));
    Some(Quarantine { field: field?.value, value: value?.value })
}

/// The revocation endpoint of an entry; its token field is checked with the others that the entry names.
fn revocation(object: Object<'_>, fields: &mut Vec<Located<String>>, report: &mut Report) -> Option<RawRevocation> {
    let object = object.object("revoke", "revoke", report)?;
    object.expect_only(&["url", "token", "token_type_hint", "client_id", "secret"], report);
    let url = object.required("url", report);
    let token = object.required("token", report);
    let client_id = object.required("client_id", report);
    let secret = object.required("secret", report);
    fields.extend(token.clone());
    let (url, token, client_id, secret) = (url?, token?, client_id?, secret?);
    let revocation = Revocation {
        url: url.value.clone(),
        token: token.value,
        token_type_hint: object.plain("token_type_hint", report),
        client_id: client_id.value,
        secret: secret.value.clone(),
    };
    Some(RawRevocation { url, secret, revocation })
}

/// The fields of consent of an entry, checked with the others that it names.
fn consent(object: Object<'_>, fields: &mut Vec<Located<String>>, report: &mut Report) -> Option<RawConsent> {
    let object = object.object("consent", "consent", report)?;
    object.expect_only(&["person", "purpose", "status", "expires_at"], report);
    let person = object.required("person", report);
    let purpose = object.required("purpose", report);
    let status = object.required("status", report);
    let expires_at = object.text("expires_at", report);
    fields.extend([&person, &purpose, &status, &expires_at].into_iter().flatten().cloned());
    let (person, purpose, status) = (person?, purpose?, status?);
    let records = ConsentRecords {
        person: person.value.clone(),
        purpose: purpose.value,
        status: status.value,
        expires_at: expires_at.map(|field| field.value),
    };
    Some(RawConsent { person, records })
}
