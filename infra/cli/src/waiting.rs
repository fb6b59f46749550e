//! Waiting for something outside this process: the one place that sleeps and reads the clock.

use std::time::Duration;

/// Lets other work run for a while.
pub(crate) async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

/// Seconds since the epoch, for the claims of a token.
pub(crate) fn epoch_seconds() -> i64 {
    jiff::Timestamp::now().as_second()
}
