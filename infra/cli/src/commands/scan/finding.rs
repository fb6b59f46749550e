//! One find as it is printed: an object per line, or a line for a human; never the value itself.

use std::io::{self, Write};

use pii::classify::Class;
use pii::detect::{Confidence, Hit, Match, PiiType};
use serde::Serialize;

/// What was found where; offsets are bytes of the line, or of the value where there is a field.
#[derive(Debug)]
pub(super) struct Finding<'f> {
    pub(super) field: Option<&'f str>,
    pub(super) kind: PiiType,
    country: Option<&'static str>,
    start: usize,
    end: usize,
    confidence: Confidence,
}

#[derive(Serialize)]
struct Printed<'f> {
    source: &'f str,
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'f str>,
    r#type: PiiType,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'static str>,
    start: usize,
    end: usize,
    confidence: Confidence,
    classification: Class,
}

impl<'f> Finding<'f> {
    pub(super) const fn of_hit(hit: &Hit, field: Option<&'f str>) -> Self {
        let Hit { kind, country, start, end, confidence, .. } = *hit;
        Self { field, kind, country, start, end, confidence }
    }

    pub(super) fn of_match(found: &'f Match) -> Self {
        let Match { kind, country, start, end, confidence, .. } = *found;
        Self { field: found.field.as_deref(), kind, country, start, end, confidence }
    }

    pub(super) fn write(&self, out: &mut impl Write, source: &str, line: u64, json: bool) -> io::Result<()> {
        let classification = Class::of_type(self.kind).max(self.field.map_or(Class::Public, Class::of_field));
        if json {
            let Self { field, kind, country, start, end, confidence } = *self;
            let printed =
                Printed { source, line, field, r#type: kind, country, start, end, confidence, classification };
            serde_json::to_writer(&mut *out, &printed)?;
            return out.write_all(b"\n");
        }
        let field = self.field.map_or_else(String::new, |field| format!(" {field}"));
        let percent = self.confidence.as_f64() * 100.0;
        writeln!(out, "{source}:{line}{field} {}..{} {} {percent:.0} %", self.start, self.end, self.kind)
    }
}
