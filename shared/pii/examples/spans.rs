//! Reads NDJSON with a `text` each, prints the spans found in it: `[[start, end, type, confidence], …]` in characters.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::io::{BufRead as _, stdin};

use pii::detect::{Confidence, Scanner};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scanner = Scanner::new().with_threshold(Confidence::percent(40)).with_people();
    for line in stdin().lock().lines() {
        let record: Value = serde_json::from_str(&line?)?;
        let matches = scanner.scan_text(record["text"].as_str().unwrap_or_default());
        let spans = matches.iter().map(|found| json!([found.char_start, found.char_end, found.kind, found.confidence]));
        println!("{}", Value::from_iter(spans));
    }
    Ok(())
}
