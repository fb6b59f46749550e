//! Query parameters of the lists: every one is read, or the call is refused and the parameter named.

use domain::event::{Action, EventOutcome, Level};
use domain::job::Period;
use domain::request::ExportFormat;
use jiff::Timestamp;
use lambda_kit::Problem;
use lambda_kit::http::QueryPairs;
use workflow::read_audit::EventFilter;

const TIME: &str = "must be a time as in RFC 3339, such as 2026-01-31T00:00:00Z";
const ACTOR: &str = "must be worker, holder, operator or a reference of 32 hexadecimal digits, as shown in events";

fn time(query: &mut QueryPairs, name: &str) -> Result<Option<Timestamp>, Problem> {
    query.read(name, TIME, |text| text.parse().ok())
}

fn actor(text: &str) -> Option<String> {
    let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let is_hash = text.len() == 32 && text.bytes().all(hexadecimal);
    (is_hash || ["worker", "holder", "operator"].contains(&text)).then(|| text.to_owned())
}

fn short(longest: usize) -> impl Fn(&str) -> Option<String> {
    let visible = |text: &str| !text.chars().any(char::is_control);
    move |text| ((1..=longest).contains(&text.chars().count()) && visible(text)).then(|| text.to_owned())
}

/// The filters of the list.
pub(crate) fn filter(query: &mut QueryPairs) -> Result<EventFilter, Problem> {
    Ok(EventFilter {
        start: time(query, "start")?,
        end: time(query, "end")?,
        actor: query.read("actor", ACTOR, actor)?,
        action: query.read("action", "must be an action of events", Action::parse)?,
        resource_type: query.read("resource_type", "must have 1 to 50 characters", short(50))?,
        resource_id: query.read("resource_id", "must have 1 to 255 characters", short(255))?,
        level: query.read("level", "must be info, warning, error or critical", Level::parse)?,
        outcome: query.read("outcome", "must be success or failure", EventOutcome::parse)?,
    })
}

/// How many events a page has.
pub(crate) fn limit(query: &mut QueryPairs) -> Result<usize, Problem> {
    let read = |text: &str| text.parse().ok().filter(|limit| (1..=1_000).contains(limit));
    Ok(query.read("limit", "must be a whole number from 1 to 1000", read)?.unwrap_or(100))
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Comma-separated values with a head (RFC 4180).
    Csv,
    /// One JSON array.
    Json,
}

impl Format {
    /// The form of a job's archive: a file can be written line by line, so JSON is one event a line there.
    pub(crate) const fn of_job(self) -> ExportFormat {
        match self {
            Self::Csv => ExportFormat::Csv,
            Self::Json => ExportFormat::Json,
        }
    }
}

/// Period and form of an export; both ends are needed.
pub(crate) fn export(query: &mut QueryPairs) -> Result<(Period, Format), Problem> {
    let read = |text: &str| match text {
        "csv" => Some(Format::Csv),
        "json" => Some(Format::Json),
        _ => None,
    };
    let format = query.read("format", "must be csv or json", read)?.unwrap_or(Format::Csv);
    let (start, end) = (time(query, "start")?, time(query, "end")?);
    let missing = |name: &str| Problem::invalid(format!("?{name}"), "is needed");
    let period = Period { start: start.ok_or_else(|| missing("start"))?, end: end.ok_or_else(|| missing("end"))? };
    Ok((period, format))
}
