//! Waiting for something outside this process: the one place that sleeps and reads the clock.

use std::time::Duration;

#[expect(clippy::disallowed_methods, reason = "the program waits for other programs, which announce nothing")]
/// Lets other work run for a while.
pub(crate) async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

/// Seconds since the epoch, for the claims of a token.
pub(crate) fn epoch_seconds() -> i64 {
    now().as_second()
}

/// Milliseconds since the epoch, for names that must differ from one run to the next.
pub(crate) fn epoch_milliseconds() -> i64 {
    now().as_millisecond()
}

#[expect(clippy::disallowed_methods, reason = "the program is the edge: here the time comes in")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
