//! What the program says: results on standard output, everything else on standard error.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Writes one line of result to standard output.
pub(crate) fn line(text: &str) {
    // A closed pipe is the reader's wish, not a failure of ours.
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}

/// Writes one line for a human to standard error.
pub(crate) fn note(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// A spinner on standard error that says what is being waited for; a plain line where that is no terminal.
pub(crate) fn spinner(text: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        note(text);
    }
    let bar = ProgressBar::new_spinner().with_message(text.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// A bar on standard error for work whose length is known.
pub(crate) fn bar(length: u64, text: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:32} {bar:30} {human_pos}/{human_len} {elapsed}")
        .expect("the template is a constant that parses");
    ProgressBar::new(length).with_style(style).with_message(text.to_owned())
}

/// A bar on standard error for bytes that are read, out of so many.
pub(crate) fn bytes_bar(length: u64, text: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:32} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
        .expect("the template is a constant that parses");
    ProgressBar::new(length).with_style(style).with_message(text.to_owned())
}
