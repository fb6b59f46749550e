//! Writes an export page by page; nothing is kept but the bytes of the answer, which are bounded.

use domain::event::AuditEvent;
use workflow::read_audit::EventExport;
use workflow::refusal::Refusal;

use crate::body::AuditEventBody;
use crate::query::Format;

const HEAD: [&str; 16] = [
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
];

/// The whole export; `None` if it is too large for an answer.
pub(crate) async fn write(mut export: EventExport, format: Format, most: usize) -> Result<Option<Vec<u8>>, Refusal> {
    let mut bytes = Vec::new();
    let mut is_first = true;
    start(&mut bytes, format);
    while let Some(events) = export.next().await? {
        for event in &events {
            append(&mut bytes, event, format, is_first);
            is_first = false;
            if bytes.len() > most {
                return Ok(None);
            }
        }
    }
    if format == Format::Json {
        bytes.extend_from_slice(b"\n]\n");
    }
    Ok(Some(bytes))
}

fn start(bytes: &mut Vec<u8>, format: Format) {
    match format {
        Format::Csv => row(bytes, &HEAD),
        Format::Json => bytes.push(b'['),
    }
}

fn append(bytes: &mut Vec<u8>, event: &AuditEvent, format: Format, is_first: bool) {
    let body = AuditEventBody::of(event);
    match format {
        Format::Json => {
            bytes.extend_from_slice(if is_first { b"\n" } else { b",\n" });
            serde_json::to_writer(bytes, &body).expect("texts and numbers always serialise");
        }
        Format::Csv => {
            let version = body.version.map(|version| version.to_string());
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let values = [
                body.at.clone(),
                body.id.clone(),
                body.event_type.to_owned(),
                body.action.to_owned(),
                body.level.to_owned(),
                body.outcome.to_owned(),
                body.actor.clone(),
                text(&body.role),
                body.resource_type.clone(),
                text(&body.resource_id),
                text(&body.item),
                text(&version),
                text(&body.from),
                text(&body.to),
                text(&body.reason),
                text(&body.request_id),
            ];
            row(bytes, &values.each_ref().map(|value| shown(value)));
        }
    }
}

fn row<T: AsRef<[u8]>>(bytes: &mut Vec<u8>, values: &[T]) {
    let mut writer = csv::WriterBuilder::new().from_writer(bytes);
    writer.write_record(values).and_then(|()| writer.flush().map_err(Into::into)).expect("memory takes every byte");
}

/// A value that a spreadsheet would take for a formula is shown with an apostrophe before it.
fn shown(value: &str) -> String {
    if value.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{value}") } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{row, shown};

    #[test]
    fn values_with_commas_quotes_and_formulas_stay_one_value() {
        let mut bytes = Vec::new();
        row(&mut bytes, &["a,b", "say \"no\"", &shown("=1+1")]);
        assert_eq!(String::from_utf8(bytes).unwrap(), "\"a,b\",\"say \"\"no\"\"\",'=1+1\n");
    }
}
