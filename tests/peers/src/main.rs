//! Detection beside other programs over the same bytes: `spans PEER` and `speed FILE MB [PROGRAM …]`.
//!
//! `spans` reads NDJSON with a `text` each and prints one list of spans in characters for each line.
//! `speed` asks everyone in turns, five times, and prints the median of the processor's time.

mod peers;
mod speed;

use std::error::Error;
use std::io::{BufRead as _, stdin};

use peers::Peers;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["spans", peer] => {
            let peers = Peers::new()?;
            for line in stdin().lock().lines() {
                let record: Value = serde_json::from_str(&line?)?;
                println!("{}", Value::from(peers.spans(peer, record["text"].as_str().unwrap_or_default())?));
            }
            Ok(())
        }
        ["speed", path, megabytes, ref program @ ..] => speed::compare(path, megabytes.parse()?, program),
        _ => Err("usage: spans habeas|redact-core|datafog-core | speed FILE MB [PROGRAM ARGUMENT …]".into()),
    }
}
