//! When rows of a collection have lived long enough, and what becomes of them then (R-RET-1, R-RET-3).

use domain::datum::Datum;
use domain::retention::RetentionClass;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::TimeIndex;

/// What a sweep knows of a collection whose rows expire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// The class whose length counts.
    pub class: RetentionClass,
    /// The dotted path of the field that the time is counted from.
    pub time_field: String,
    /// How that field is written.
    pub time_unit: TimeUnit,
    /// What becomes of an expired row.
    pub act: RetentionAct,
    /// The field that names the organisation whose policy counts; the defaults count where there is none.
    pub organization_field: Option<String>,
    /// Whether rows are archived first.
    pub archive: bool,
    /// Whether whole objects expire, by what their keys or S3 say, and not the rows in them. Media always do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_objects: bool,
    /// The index that finds what expired; without one the whole is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<TimeIndex>,
}

/// The `time_field` of whole objects that are counted from when they were written.
pub const LAST_MODIFIED: &str = "last_modified";

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// RFC 3339 text, or a date.
    Rfc3339,
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
}

/// What becomes of an expired row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionAct {
    /// It goes.
    Delete,
    /// What says something about people goes; the row stays.
    Anonymize,
}

impl RetentionAct {
    /// As the map says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Anonymize => "anonymize",
        }
    }
}

impl Retention {
    /// From when the time of a row is counted; `None` where its field holds no time, so that it never expires.
    #[must_use]
    pub fn counted_from(&self, row: &Datum) -> Option<Timestamp> {
        let values = row.values_at(&self.time_field);
        let [value] = values.as_slice() else { return None };
        let (Datum::Text(text) | Datum::Number(text)) = value else { return None };
        match self.time_unit {
            TimeUnit::Rfc3339 => instant(text),
            TimeUnit::Seconds => Timestamp::from_second(text.parse().ok()?).ok(),
            TimeUnit::Milliseconds => Timestamp::from_millisecond(text.parse().ok()?).ok(),
        }
    }

    /// The organisation that a row names.
    #[must_use]
    pub fn organization<'a>(&self, row: &'a Datum) -> Option<&'a str> {
        let field = self.organization_field.as_deref()?;
        row.values_at(field).into_iter().find_map(Datum::as_text)
    }
}

/// A date counts to its end, so that nothing goes a day too early.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let end = text.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
        end.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|end| end.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(unit: TimeUnit, json: &str) -> Option<String> {
        let retention = Retention {
            class: RetentionClass::Messages,
            time_field: "at".to_owned(),
            time_unit: unit,
            act: RetentionAct::Delete,
            organization_field: None,
            archive: false,
            whole_objects: false,
            index: None,
        };
        let row = Datum::parse_json(json.as_bytes()).unwrap();
        retention.counted_from(&row).map(|at| at.to_string())
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        let noon = Some("2026-01-02T12:00:00Z".to_owned());
        assert_eq!(counted(TimeUnit::Rfc3339, r#"{"at":"2026-01-02T13:00:00+01:00"}"#), noon);
        assert_eq!(counted(TimeUnit::Seconds, r#"{"at":1767355200}"#), noon);
        assert_eq!(counted(TimeUnit::Milliseconds, r#"{"at":1767355200000}"#), noon);
        assert_eq!(counted(TimeUnit::Rfc3339, r#"{"at":"2026-01-02"}"#), Some("2026-01-03T00:00:00Z".to_owned()));
    }

    #[test]
    fn what_is_no_time_never_expires() {
        for json in [r#"{"at":"soon"}"#, "{}", r#"{"at":null}"#, r#"{"at":[1,2]}"#, r#"{"at":1.5}"#, r#"{"at":{}}"#] {
            assert_eq!(counted(TimeUnit::Seconds, json), None, "{json}");
            assert_eq!(counted(TimeUnit::Rfc3339, json), None, "{json}");
        }
    }
}
