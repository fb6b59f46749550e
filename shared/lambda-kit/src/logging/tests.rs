//! Claims about log lines.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt;

use super::{Redaction, log_layer, log_panic};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn logged(redaction: Redaction, act: impl FnOnce()) -> String {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(log_layer(redaction, lines.clone()));
    tracing::subscriber::with_default(subscriber, act);
    lines.text()
}

#[test]
fn an_event_is_one_line_with_the_fields_of_its_spans() {
    let text = logged(Redaction::On, || {
        let span = tracing::info_span!("step", job.id = "job_1", attempt = 2);
        let _entered = span.enter();
        tracing::info!(rows = 7, "collected");
    });
    let line: Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(
        (&line["message"], &line["job.id"], &line["attempt"], &line["rows"]),
        (&"collected".into(), &"job_1".into(), &2.into(), &7.into())
    );
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn no_canary_reaches_a_line() {
    let text = logged(Redaction::On, || {
        let span = tracing::info_span!("s", access_token = "canary1", who = "canary2@example.com");
        let _entered = span.enter();
        tracing::error!(user.password = "canary3", error = ?Some("token=canary4"), "secret: canary5");
    });
    assert!(!text.contains("canary"), "{text}");
    let readable = logged(Redaction::Off, || tracing::error!("secret: canary5"));
    assert!(readable.contains("canary5"));
}

#[test]
fn a_panic_is_logged_without_what_it_quotes() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(log_panic));
    let text = logged(Redaction::On, || {
        let broken: Result<u8, _> = "canary".parse().map_err(|_: std::num::ParseIntError| "canary");
        let caught = std::panic::catch_unwind(|| broken.expect("a promise"));
        assert!(caught.is_err());
    });
    std::panic::set_hook(previous);
    assert!(text.contains("a promise") && !text.contains("canary"), "{text}");
}
