//! Audit events as rows: the one list of members and columns that answers and archives of exports have. Nothing sealed is opened.

use archive::CsvColumns;
use domain::datum::Datum;
use domain::event::{Actor, AuditEvent};
use domain::request::ExportFormat;

/// The columns of an exported event; members of JSON have the same names but for `event_id`, which is `id` there.
pub const EVENT_COLUMNS: [&str; 20] = [
    "at",
    "event_id",
    "event_type",
    "action",
    "level",
    "outcome",
    "actor",
    "role",
    "resource_type",
    "resource_id",
    "item",
    "version",
    "from",
    "to",
    "reason",
    "request_id",
    "counts",
    "ip_hash",
    "user_agent_family",
    "control_id",
];

/// One event as a row with a value for each column.
#[must_use]
pub fn event_row(event: &AuditEvent, format: ExportFormat) -> Datum {
    let role = match &event.actor {
        Actor::Person { role, .. } => role.map(|role| role.as_str()),
        Actor::Holder | Actor::Worker | Actor::Operator => None,
    };
    let number = |count: u64| Datum::Number(count.to_string());
    let item = event.item.as_ref();
    let values = [
        Datum::Text(event.at.to_string()),
        text(event.id.as_str()),
        text(event.event_type.as_str()),
        text(event.action.as_str()),
        text(event.level.as_str()),
        text(event.outcome.as_str()),
        text(event.actor.name()),
        optional(role),
        text(&event.resource_type),
        optional(event.resource_id().as_deref()),
        optional(item.map(|item| item.item.as_str())),
        item.map_or(Datum::Null, |item| number(item.version)),
        optional(event.from.as_deref()),
        optional(event.to.as_deref()),
        optional(event.reason.as_deref()),
        optional(event.request_id.as_deref()),
        Datum::Map(event.counts.iter().map(|(name, count)| (name.clone(), number(*count))).collect()),
        optional(event.ip_hash.as_deref()),
        optional(event.user_agent_family.as_deref()),
        optional(event.control_id.as_deref()),
    ];
    let name = |name: &&str| match (*name, format) {
        ("event_id", ExportFormat::Json) => "id".to_owned(),
        (name, _) => name.to_owned(),
    };
    Datum::Map(EVENT_COLUMNS.iter().map(name).zip(values).collect())
}

/// The names of the columns as a writer of CSV takes them.
pub(crate) fn columns() -> Vec<String> {
    EVENT_COLUMNS.iter().map(|name| (*name).to_owned()).collect()
}

/// Events as one file, in the order they are given: CSV with a head as archives have it, or one JSON array.
#[derive(Debug)]
pub struct EventFile {
    form: Form,
    bytes: Vec<u8>,
}

#[derive(Debug)]
enum Form {
    Csv(Box<CsvColumns>),
    Json,
}

impl EventFile {
    /// A file without events.
    #[must_use]
    pub fn new(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Csv => {
                let columns = CsvColumns::new(&columns());
                let bytes = columns.header().to_vec();
                Self { form: Form::Csv(Box::new(columns)), bytes }
            }
            ExportFormat::Json | ExportFormat::Both => Self { form: Form::Json, bytes: vec![b'['] },
        }
    }

    /// Adds an event; the file's length so far.
    pub fn push(&mut self, event: &AuditEvent) -> usize {
        match &self.form {
            Form::Csv(columns) => columns.put_row(&event_row(event, ExportFormat::Csv), &mut self.bytes),
            Form::Json => {
                self.bytes.extend_from_slice(if self.bytes.len() == 1 { b"\n" } else { b",\n" });
                event_row(event, ExportFormat::Json).write_json(&mut self.bytes);
            }
        }
        self.bytes.len()
    }

    /// The whole file.
    #[must_use]
    pub fn into_bytes(mut self) -> Vec<u8> {
        match self.form {
            Form::Csv(_) => {}
            Form::Json => self.bytes.extend_from_slice(b"\n]\n"),
        }
        self.bytes
    }
}

fn text(value: &str) -> Datum {
    Datum::Text(value.to_owned())
}

fn optional(value: Option<&str>) -> Datum {
    value.map_or(Datum::Null, text)
}
