//! `habeas demo` as a newcomer runs it: the object it prints, and what it says of itself.

use std::time::Instant;

use serde_json::Value;

use crate::chinook::Chinook;
use crate::harness::{Stack, habeas, succeeded, up_arguments};

pub(crate) fn run(more: &[&str]) -> (Value, f64) {
    let mut arguments = vec!["demo".to_owned(), "--json".to_owned()];
    arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
    arguments.extend(up_arguments(&[]));
    let started = Instant::now();
    let output = habeas(&arguments);
    let seconds = started.elapsed().as_secs_f64();
    succeeded(&output, "habeas demo");
    let told = serde_json::from_slice(&output.stdout);
    (told.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout))), seconds)
}

fn assert_complete(told: &Value) {
    assert!(told["job_id"].as_str().unwrap().starts_with("job_"));
    assert_eq!(told["status"], "completed");
    let steps = told["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["name"].is_string() && step["ms"].is_u64()) && steps.len() >= 5);
    let archive = &told["archive"];
    let length = std::fs::metadata(archive["path"].as_str().unwrap()).unwrap().len();
    assert_eq!(archive["bytes"].as_u64(), Some(length));
    let files = archive["files"].as_array().unwrap();
    for file in files {
        assert_eq!(file["verified"], true, "{file}");
        assert_eq!(file["sha256"].as_str().unwrap().len(), 64, "{file}");
        assert!(file["name"].is_string() && file["rows"].is_u64(), "{file}");
    }
    let rows = told["rows"].as_object().unwrap();
    assert!(!rows.is_empty() && rows.values().all(Value::is_u64), "{rows:?}");
    let audit = told["audit"].as_array().unwrap();
    assert!(audit.iter().all(|event| event["at"].is_string() && event["action"].is_string()));
    assert!(audit.iter().any(|event| event["action"].as_str().unwrap().contains("completed")), "{audit:?}");
}

/// Rows of the sources: our own records about the person grow with each request.
fn of_sources(told: &Value) -> serde_json::Map<String, Value> {
    let rows = told["rows"].as_object().unwrap();
    assert!(rows["habeas.requests"].as_u64() >= Some(1) && rows["habeas.audit_events"].as_u64() >= Some(1), "{rows:?}");
    rows.iter().filter(|(source, _)| !source.starts_with("habeas.")).map(|(s, n)| (s.clone(), n.clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_ends_with_a_verified_archive() {
    let Some(_stack) = Stack::plain().await else { return };
    let (first, _) = run(&[]);
    assert_complete(&first);
    let (second, seconds) = run(&[]);
    assert_complete(&second);
    assert_ne!(first["job_id"], second["job_id"]);
    assert_eq!(of_sources(&first), of_sources(&second));
    println!("the second demo took {seconds:.1} s");
    assert!(seconds < 120.0, "{seconds} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_runs_on_ones_own_data() {
    let Some(_stack) = Stack::plain().await else { return };
    let chinook = Chinook::prepare("demo");
    let customer = chinook.customer("luisg@embraer.com.br");
    let (told, _) = run(&["--data", &chinook.dir.to_string_lossy(), "--subject", "luisg@embraer.com.br"]);
    assert_complete(&told);
    let expected = chinook.rows_of(&customer);
    let counts = expected.iter().map(|(source, rows)| (source.clone(), Value::from(rows.len()))).collect();
    assert_eq!(of_sources(&told), counts);
}
